import { isIP } from 'node:net';
import type { GroupVersionResource } from '../../../apimachinery/gvk.ts';
import { equalJson, isJsonObject } from '../../../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';
import type { Clock } from '../../../system/clock.ts';
import type { StartupStep } from '../health-checks.ts';
import { bootstrapPolicy } from './bootstrap-policy.ts';
import { type Create, createMissing } from './create-missing.ts';
import type { DefaultServiceCidr } from './default-service-cidr.ts';
import { ensureFlowControl } from './flow-control-objects.ts';
import type { PersistentWork } from './persistent-work.ts';
import { restoreBinding, restoreRole, splitBinding } from './restore-policy.ts';

export interface BootstrapOptions {
  /** A client that may do everything. */
  readonly client: Client;
  /** Address of the `kubernetes` service: the first of the service range. */
  readonly serviceAddress: string;
  /** Keeps the range that services get their addresses from. */
  readonly serviceCidr: Pick<DefaultServiceCidr, 'start'>;
  /** Where others are told that the server is reached. */
  readonly advertise: { readonly address: string; readonly port: number };
  /** Feature gates that are open though they are closed by default: the policy has more for them. */
  readonly openGates?: ReadonlySet<string>;
  readonly clock: Pick<Clock, 'now'>;
  /** Does what may have to wait until somebody puts admission right. */
  readonly work: PersistentWork;
  /** Told when a step is done. */
  readonly onStep?: (step: StartupStep) => void;
}

const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

const systemPriorityClasses: readonly Unstructured[] = [
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
  priorityClass(
    'system-node-critical',
    2_000_001_000,
    'Used for system critical pods that must not be moved from their current node.',
  ),
];

function priorityClass(name: string, value: number, description: string): Unstructured {
  return {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    description,
    preemptionPolicy: 'PreemptLowerPriority',
    value,
  };
}

/**
 * Makes what every cluster has from its first moment: system namespaces, default RBAC policy, priority classes, flow
 * control, and the `kubernetes` service. What is there already is left alone, but for missing rules and subjects of
 * the default policy, which are put back.
 */
export async function bootstrapCluster(options: BootstrapOptions): Promise<void> {
  const { client, onStep } = options;
  const create = createMissing(client);
  const step = async (name: StartupStep, writes: readonly Promise<void>[]): Promise<void> => {
    await Promise.all(writes);
    onStep?.(name);
  };
  const persistent = async (name: StartupStep, what: string, work: () => Promise<void>): Promise<void> => {
    await options.work.run(what, work);
    onStep?.(name);
  };
  const namespaces = systemNamespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  await persistent('poststarthook/start-system-namespaces-controller', 'making the system namespaces', () =>
    create({ group: '', version: 'v1', resource: 'namespaces' }, namespaces),
  );
  const policy = bootstrapPolicy(options.openGates);
  const rbac = (resource: string): GroupVersionResource => ({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    resource,
  });
  await Promise.all([
    step('poststarthook/rbac/bootstrap-roles', [
      create(rbac('clusterroles'), policy.clusterRoles, restoreRole),
      create(rbac('clusterrolebindings'), policy.clusterRoleBindings, restoreBinding, splitBinding),
      create(rbac('roles'), policy.roles, restoreRole),
      create(rbac('rolebindings'), policy.roleBindings, restoreBinding),
    ]),
    step('poststarthook/scheduling/bootstrap-system-priority-classes', [
      create({ group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' }, systemPriorityClasses),
    ]),
    persistent('poststarthook/priority-and-fairness-config-producer', 'making flow control', () =>
      ensureFlowControl(client),
    ),
    options.serviceCidr.start(() => onStep?.('poststarthook/start-kubernetes-service-cidr-controller')),
  ]);
  await persistent(
    'poststarthook/start-legacy-token-tracking-controller',
    'noting since when the use of tokens is noted',
    () => trackLegacyTokens(options),
  );
  await persistent('poststarthook/bootstrap-controller', 'telling where the server is reached', () =>
    publishServer(options, create),
  );
}

/** Writes down since when the use of tokens in secrets is noted: who cleans such tokens up reads it. */
async function trackLegacyTokens({ client, clock }: BootstrapOptions): Promise<void> {
  const [namespace, name] = ['kube-system', 'kube-apiserver-legacy-service-account-token-tracking'];
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: { since: formatTime(clock.now()).slice(0, 10) },
  } as Unstructured;
  const configMaps = client.resource({ group: '', version: 'v1', resource: 'configmaps' }, namespace);
  // Where it is there already, admission is not asked.
  await configMaps.get(name).catch(async (error: unknown) => {
    if (!hasReason(error, 'NotFound')) throw error;
    await configMaps.create(object);
  });
}

/** The `kubernetes` service and where it leads. */
async function publishServer(options: BootstrapOptions, create: Create): Promise<void> {
  const { client, serviceAddress } = options;
  const { address, port } = options.advertise;
  await create({ group: '', version: 'v1', resource: 'services' }, [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { component: 'apiserver', provider: 'kubernetes' },
      },
      spec: {
        type: 'ClusterIP',
        clusterIP: serviceAddress,
        ipFamilyPolicy: 'SingleStack',
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
      },
    } as Unstructured,
  ]);
  const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  await replace(
    client,
    { group: '', version: 'v1', resource: 'endpoints' },
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'kubernetes', namespace: 'default', labels },
      subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
    },
  );
  await replace(
    client,
    { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: isIP(address) === 6 ? 'IPv6' : 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    },
  );
}

/** Writes what differs, and nothing otherwise: admission is not asked then. */
async function replace(client: Client, gvr: GroupVersionResource, object: Unstructured): Promise<void> {
  const resource = client.resource(gvr, object.metadata.namespace);
  const { name = '' } = object.metadata;
  const current = await resource.get(name).catch((error: unknown) => {
    if (!hasReason(error, 'NotFound')) throw error;
    return undefined;
  });
  if (current === undefined) await resource.create(object);
  else if (current['addressType'] !== object['addressType']) {
    // The family of a slice never changes: another one takes its place.
    await resource.delete(name);
    await resource.create(object);
  } else if (!hasAll(current, object)) await resource.update(object);
}

/** Whether an object has what another one says, whatever else it has. */
function hasAll(current: unknown, wanted: unknown): boolean {
  if (!isJsonObject(wanted)) return equalJson(current, wanted);
  return isJsonObject(current) && Object.entries(wanted).every(([name, value]) => hasAll(current[name], value));
}
