import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of Node objects. */
export const nodeTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Node
  metadata: meta.ObjectMeta=
  spec: NodeSpec=
  status: NodeStatus=

type AttachedVolume
  devicePath!: string=
  name!: string=

type ConfigMapNodeConfigSource
  kubeletConfigKey!: string=
  name!: string=
  namespace!: string=
  resourceVersion: string
  uid: string

type ContainerImage
  names: [string] atomic
  sizeBytes: int64

type DaemonEndpoint
  Port!: int32=

type NodeAddress
  address!: string=
  type!: string=

type NodeCondition
  lastHeartbeatTime: meta.Time
  lastTransitionTime: meta.Time
  message: string
  reason: string
  status!: string=
  type!: string=

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
  architecture!: string=
  bootID!: string=
  containerRuntimeVersion!: string=
  kernelVersion!: string=
  kubeProxyVersion!: string=
  kubeletVersion!: string=
  machineID!: string=
  operatingSystem!: string=
  osImage!: string=
  swap: NodeSwapStatus
  systemUUID!: string=

type Taint
  effect!: string= enum(NoExecute, NoSchedule, PreferNoSchedule)
  key!: string=
  timeAdded: meta.Time
  value: string
`,
};

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
};
