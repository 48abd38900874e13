import type { Node, Pod, Service } from '../../api/types/core-v1.ts';
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../../api/types/discovery-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { controllerReference } from '../../client/controller-references.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { isNamespaceGoing, podsResource } from './pod-control.ts';
import { isPodReady } from './pod-facts.ts';
import {
  endpointLabels,
  hostnameIn,
  podAddress,
  type ResolvedPort,
  resolvePort,
  selectedPods,
  selectsPods,
  servicesResource,
  watchServices,
} from './service-endpoints.ts';
import { ServiceTopology } from './service-topology.ts';
import { hasSameProcessors, wantsTopologyHints } from './topology-hints.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

const slicesResource = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;
const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const serviceLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const manager = 'endpointslice-controller.k8s.io';
const zoneLabel = 'topology.kubernetes.io/zone';
/** --max-endpoints-per-slice */
const maxEndpoints = 100;

/** Endpoints that have the same ports. */
interface EndpointGroup {
  readonly addressType: string;
  readonly ports: readonly ResolvedPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Keeps the endpoints of services in slices (KEP-752): one set of ports and one address family a slice. */
export function createEndpointSliceController(context: ControllerContext): Controller {
  const services = context.informers.informer<Service>(servicesResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const nodes = context.informers.informer<Node>(nodesResource);
  const slices = context.informers.informer<EndpointSlice>(slicesResource);
  const triggerTimes = new TriggerTimes();
  const topology = new ServiceTopology(context.events);
  return createKeyedController({
    name: 'endpointslice-controller',
    context,
    register(queue) {
      watchServices(queue, services, pods);
      const enqueueOwner = ({ metadata: { namespace = '', labels = {} } }: EndpointSlice): void => {
        const name = labels[serviceLabel];
        if (name !== undefined && labels[managedByLabel] === manager) queue.add(`${namespace}/${name}`);
      };
      slices.addHandler({ updated: enqueueOwner, deleted: enqueueOwner });
      const nodesChanged = (): void => {
        for (const service of services.list()) if (wantsTopologyHints(service)) queue.add(keyOf(service));
      };
      nodes.addHandler({
        added: nodesChanged,
        updated(node, old) {
          if (!hasSameProcessors(node, old)) nodesChanged();
        },
        deleted: nodesChanged,
      });
    },
    async sync(key) {
      const { namespace, name } = splitKey(key);
      const service = services.get(namespace, name);
      // Slices of a service that is gone go with it: it owns them.
      if (service === undefined) {
        triggerTimes.forget(key);
        topology.forget(key);
      }
      if (service === undefined || !selectsPods(service) || service.metadata.deletionTimestamp !== undefined) return;
      const selected = selectedPods(service, pods);
      const plain = endpointGroups(service, selected, nodes.get.bind(nodes, ''));
      const groups = topology.apply(service, plain, nodes.list());
      const changed = triggerTimes.changeOf(service, selected);
      try {
        await reconcile(context, service, groups, changed);
      } catch (error) {
        if (!isNamespaceGoing(error)) throw error;
      }
    },
  });
}

function endpointGroups(
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
): EndpointGroup[] {
  return (service.spec?.ipFamilies ?? ['IPv4']).flatMap((addressType) => {
    const groups = new Map<string, EndpointGroup & { readonly endpoints: Endpoint[] }>();
    for (const pod of pods) {
      const endpoint = endpointOf(service, pod, addressType, nodeOf);
      if (endpoint === undefined) continue;
      const ports = (service.spec?.ports ?? []).flatMap((port) => resolvePort(port, pod) ?? []);
      const key = portsKey(ports);
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
      groups.set(key, group);
      group.endpoints.push(endpoint);
    }
    // A service without endpoints has one empty slice.
    return groups.size === 0 ? [{ addressType, ports: [], endpoints: [] }] : [...groups.values()];
  });
}

function endpointOf(
  service: Service,
  pod: Pod,
  addressType: string,
  nodeOf: (name: string) => Node | undefined,
): Endpoint | undefined {
  const address = podAddress(pod, addressType);
  if (address === undefined) return undefined;
  const { name, namespace, uid, deletionTimestamp } = pod.metadata;
  const serving = isPodReady(pod);
  const terminating = deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const nodeName = pod.spec?.nodeName ?? '';
  const zone = nodeOf(nodeName)?.metadata.labels?.[zoneLabel];
  const hostname = hostnameIn(service, pod);
  const hints = ready ? hintsFor(service, nodeName, zone) : undefined;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hints === undefined ? {} : { hints }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === '' ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace: namespace ?? '', name: name ?? '', uid: uid ?? '' },
    ...(zone === undefined ? {} : { zone }),
  };
}

/** From where an endpoint is to be reached, as the service wants its traffic distributed (KEP-4444, KEP-3015). */
function hintsFor(service: Service, nodeName: string, zone: string | undefined): EndpointHints | undefined {
  const { trafficDistribution = '' } = service.spec ?? {};
  if (wantsTopologyHints(service)) return undefined;
  if (!['PreferClose', 'PreferSameZone', 'PreferSameNode'].includes(trafficDistribution)) return undefined;
  const forNodes = trafficDistribution === 'PreferSameNode' && nodeName !== '' ? [{ name: nodeName }] : undefined;
  if (zone === undefined && forNodes === undefined) return undefined;
  return {
    ...(zone === undefined ? {} : { forZones: [{ name: zone }] }),
    ...(forNodes === undefined ? {} : { forNodes }),
  };
}

function portsKey(ports: readonly EndpointPort[] = []): string {
  return ports
    .map(({ name = '', port = 0, protocol = '', appProtocol = '' }) => `${name}/${port}/${protocol}/${appProtocol}`)
    .toSorted()
    .join(',');
}

/** Changes as few slices as it takes. What is there is asked of the server, so that nothing is made twice. */
async function reconcile(
  context: ControllerContext,
  service: Service,
  groups: readonly EndpointGroup[],
  changed: string | undefined,
): Promise<void> {
  const { namespace = '', name = '' } = service.metadata;
  const client = context.client.resource<EndpointSlice>(slicesResource, namespace);
  const labelSelector = `${serviceLabel}=${name},${managedByLabel}=${manager}`;
  const { items } = await client.list({ labelSelector });
  const left = new Set(items.filter(({ metadata }) => metadata.deletionTimestamp === undefined));
  for (const group of groups) {
    const existing = [...left].filter(
      (slice) => slice.addressType === group.addressType && portsKey(slice.ports ?? []) === portsKey(group.ports),
    );
    for (const wanted of distribute(service, group, existing)) {
      const current = existing.find((slice) => slice.metadata.name === wanted.metadata.name);
      const written = withoutEmptyLists(withTriggerTime(wanted, changed));
      if (current === undefined) await client.create(written);
      else {
        left.delete(current);
        // A slice without endpoints is read back with null for them.
        if (!equalJson({ ...current, endpoints: current.endpoints ?? [] }, wanted)) await client.update(written);
      }
    }
  }
  for (const slice of left) await remove(client.delete(slice.metadata.name ?? ''));
}

/** The real controller writes protobuf, which has no empty lists: nobody owns the fields then. */
function withoutEmptyLists({ endpoints, ports, ...slice }: EndpointSlice): EndpointSlice {
  return {
    ...slice,
    endpoints: endpoints?.length === 0 ? null : (endpoints ?? null),
    ports: ports?.length === 0 ? null : (ports ?? null),
  };
}

async function remove(deletion: Promise<unknown>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}

/** The slices of a group: endpoints stay where they are, new ones fill what has room, then new slices. */
function distribute(service: Service, group: EndpointGroup, existing: readonly EndpointSlice[]): EndpointSlice[] {
  const pending = new Map(group.endpoints.map((endpoint) => [targetOf(endpoint), endpoint]));
  const kept = existing.map((slice) => {
    const endpoints = (slice.endpoints ?? []).flatMap((endpoint) => {
      const wanted = pending.get(targetOf(endpoint));
      pending.delete(targetOf(endpoint));
      return wanted ?? [];
    });
    return { slice, endpoints };
  });
  const added = [...pending.values()];
  for (const { endpoints } of kept) endpoints.push(...added.splice(0, Math.max(0, maxEndpoints - endpoints.length)));
  const labels = endpointLabels(service, { [serviceLabel]: service.metadata.name ?? '', [managedByLabel]: manager });
  const result: EndpointSlice[] = kept
    .filter(({ endpoints }, index) => endpoints.length > 0 || (index === 0 && group.endpoints.length === 0))
    .map(({ slice, endpoints }) => ({ ...slice, metadata: { ...slice.metadata, labels }, endpoints }));
  while (added.length > 0 || result.length === 0) {
    result.push({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        generateName: `${service.metadata.name ?? ''}-`,
        namespace: service.metadata.namespace ?? '',
        labels,
        ownerReferences: [controllerReference(service)],
      },
      addressType: group.addressType,
      endpoints: added.splice(0, maxEndpoints),
      ports: [...group.ports],
    });
  }
  return result;
}

function targetOf(endpoint: Endpoint): string {
  return endpoint.targetRef?.uid ?? endpoint.addresses.join(',');
}
