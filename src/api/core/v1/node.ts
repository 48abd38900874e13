import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { nodeStrategy, setNodeDefaults } from './node-strategy.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../../columns.ts';
import type { Node } from '../../types/core-v1.ts';

/** The types of Node objects. */
export const nodeTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Node
  metadata: meta.ObjectMeta=
  spec: NodeSpec=
  status: NodeStatus=

type AttachedVolume
  name!: string=
  devicePath!: string=

type ConfigMapNodeConfigSource
  namespace!: string=
  name!: string=
  kubeletConfigKey!: string=
  resourceVersion: string
  uid: string

type ContainerImage
  names: [string] atomic null
  sizeBytes: int64

type DaemonEndpoint
  Port!: int32=

type NodeAddress
  type!: string=
  address!: string=

type NodeCondition
  lastHeartbeatTime: meta.Time
  lastTransitionTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type NodeConfigSource
  configMap: ConfigMapNodeConfigSource

type NodeConfigStatus
  active: NodeConfigSource
  assigned: NodeConfigSource
  error: string
  lastKnownGood: NodeConfigSource

type NodeDaemonEndpoints
  kubeletEndpoint: DaemonEndpoint=

type NodeFeatures
  supplementalGroupsPolicy: bool

type NodeRuntimeHandler
  features: NodeRuntimeHandlerFeatures
  name: string=

type NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts: bool
  userNamespaces: bool

type NodeSpec
  configSource: NodeConfigSource
  externalID: string
  podCIDR: string
  podCIDRs: [string] set strategy(merge)
  providerID: string
  taints: [Taint] atomic
  unschedulable: bool

type NodeStatus
  addresses: [NodeAddress] map(type) merge(type)
  allocatable: {resource.Quantity}
  capacity: {resource.Quantity}
  conditions: [NodeCondition] map(type) merge(type)
  config: NodeConfigStatus
  daemonEndpoints: NodeDaemonEndpoints=
  declaredFeatures: [string] atomic
  features: NodeFeatures
  images: [ContainerImage] atomic
  nodeInfo: NodeSystemInfo=
  phase: string enum(Pending, Running, Terminated)
  runtimeHandlers: [NodeRuntimeHandler] atomic
  volumesAttached: [AttachedVolume] atomic
  volumesInUse: [string] atomic

type NodeSwapStatus
  capacity: int64

type NodeSystemInfo
  machineID!: string=
  systemUUID!: string=
  bootID!: string=
  kernelVersion!: string=
  osImage!: string=
  containerRuntimeVersion!: string=
  kubeletVersion!: string=
  kubeProxyVersion!: string=
  operatingSystem!: string=
  swap: NodeSwapStatus
  architecture!: string=

type Taint
  key!: string=
  effect!: string= enum(NoExecute, NoSchedule, PreferNoSchedule)
  timeAdded: meta.Time
  value: string
`,
};

function statusCell(node: Node): string {
  const ready = node.status?.conditions?.findLast((condition) => condition.type === 'Ready');
  const status = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable === true ? `${status},SchedulingDisabled` : status;
}

/** Roles stand in labels: `node-role.kubernetes.io/ROLE` or `kubernetes.io/role=ROLE`. */
function rolesCell(node: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(prefix) && key.length > prefix.length) roles.add(key.slice(prefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return roles.size === 0 ? '<none>' : [...roles].toSorted().join(',');
}

function addressCell(node: Node, type: string): string {
  return node.status?.addresses?.find((address) => address.type === type)?.address ?? '<none>';
}

function kernelCell(node: Node): string {
  const { kernelVersion = '', architecture = '' } = node.status?.nodeInfo ?? {};
  return `${kernelVersion || '<unknown>'}${architecture === '' ? '' : ` (${architecture})`}`;
}

const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'string', 'The status of the node', statusCell),
  column('Roles', 'string', 'The roles of the node', rolesCell),
  ageColumn,
  column(
    'Version',
    'string',
    '@core.v1.NodeSystemInfo.kubeletVersion',
    (object: Node) => object.status?.nodeInfo?.kubeletVersion ?? '',
  ),
  wideColumn('Internal-IP', 'string', '@core.v1.NodeStatus.addresses', (object: Node) =>
    addressCell(object, 'InternalIP'),
  ),
  wideColumn('External-IP', 'string', '@core.v1.NodeStatus.addresses', (object: Node) =>
    addressCell(object, 'ExternalIP'),
  ),
  wideColumn(
    'OS-Image',
    'string',
    '@core.v1.NodeSystemInfo.osImage',
    (object: Node) => object.status?.nodeInfo?.osImage || '<unknown>',
  ),
  wideColumn('Kernel-Version', 'string', '@core.v1.NodeSystemInfo.kernelVersion', kernelCell),
  wideColumn(
    'Container-Runtime',
    'string',
    '@core.v1.NodeSystemInfo.containerRuntimeVersion',
    (object: Node) => object.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
  ),
];

/** The nodes resource. */
export const nodeResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [
    {
      name: 'proxy',
      kind: { group: '', version: '', kind: 'NodeProxyOptions' },
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
    },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.core.v1.Node',
  columns,
  setDefaults: setNodeDefaults,
  strategy: nodeStrategy,
  selectableFields: fieldReaders(['spec.unschedulable']),
};
