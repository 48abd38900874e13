import type { EndpointAddress, Endpoints, EndpointSubset, Pod, Service } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { isNamespaceGoing, podsResource } from './pod-control.ts';
import { isPodReady } from './pod-facts.ts';
import {
  endpointLabels,
  familyOf,
  hostnameIn,
  isHeadless,
  podAddress,
  type ResolvedPort,
  resolvePort,
  selectedPods,
  selectsPods,
  servicesResource,
  watchServices,
} from './service-endpoints.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

const endpointsResource = { group: '', version: 'v1', resource: 'endpoints' } as const;
const overCapacity = 'endpoints.kubernetes.io/over-capacity';
const maxAddresses = 1000;

/** Keeps the Endpoints object of each service, for clients from before endpoint slices. */
export function createEndpointsController(context: ControllerContext): Controller {
  const services = context.informers.informer<Service>(servicesResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const endpoints = context.informers.informer<Endpoints>(endpointsResource);
  const triggerTimes = new TriggerTimes();
  return createKeyedController({
    name: 'endpoints-controller',
    context,
    register(queue) {
      watchServices(queue, services, pods);
      endpoints.addHandler({ deleted: (object) => queue.add(keyOf(object)) });
    },
    async sync(key) {
      const { namespace, name } = splitKey(key);
      const client = context.client.resource<Endpoints>(endpointsResource, namespace);
      const service = services.get(namespace, name);
      try {
        if (service === undefined) {
          triggerTimes.forget(key);
          await client.delete(name);
        } else if (selectsPods(service)) {
          const selected = selectedPods(service, pods);
          const changed = triggerTimes.changeOf(service, selected);
          await write(context, service, endpointsOf(service, selected), changed);
        }
      } catch (error) {
        if (!hasReason(error, 'NotFound') && !hasReason(error, 'AlreadyExists') && !isNamespaceGoing(error))
          throw error;
      }
    },
  });
}

/** Asks the server for what is there: the local copy may not show yet what was written before. */
async function write(
  context: ControllerContext,
  service: Service,
  wanted: Endpoints,
  changed: string | undefined,
): Promise<void> {
  const { namespace = '', name = '' } = service.metadata;
  const client = context.client.resource<Endpoints>(endpointsResource, namespace);
  let current: Endpoints;
  try {
    current = await client.get(name);
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    await client.create(withTriggerTime(wanted, changed));
    return;
  }
  const { [overCapacity]: _mark, ...annotations } = current.metadata.annotations ?? {};
  const merged: Endpoints = {
    ...current,
    metadata: {
      ...current.metadata,
      labels: wanted.metadata.labels ?? {},
      annotations: { ...annotations, ...wanted.metadata.annotations },
    },
    subsets: wanted.subsets ?? [],
  };
  const facts = ({ metadata, subsets }: Endpoints): unknown => [
    metadata.labels ?? {},
    metadata.annotations ?? {},
    subsets ?? [],
  ];
  if (!equalJson(facts(current), facts(merged))) await client.update(withTriggerTime(merged, changed));
}

function endpointsOf(service: Service, pods: readonly Pod[]): Endpoints {
  const publishesAll = service.spec?.publishNotReadyAddresses === true;
  const family = familyOf(service);
  const usable = pods.filter(
    (pod) => (publishesAll || pod.metadata.deletionTimestamp === undefined) && podAddress(pod, family) !== undefined,
  );
  const isShown = (pod: Pod): boolean => publishesAll || isPodReady(pod);
  // Those that are ready come first when there is no room for all.
  const kept = usable.toSorted((left, right) => Number(isShown(right)) - Number(isShown(left))).slice(0, maxAddresses);
  const { namespace = '', name = '' } = service.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: endpointLabels(service, { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' }),
      ...(usable.length > maxAddresses ? { annotations: { [overCapacity]: 'truncated' } } : {}),
    },
    subsets: subsetsOf(service, kept, isShown),
  };
}

/** Ports that the same addresses have stand together, addresses in order. */
function subsetsOf(service: Service, pods: readonly Pod[], isShown: (pod: Pod) => boolean): EndpointSubset[] {
  const byPort = new Map<string, { readonly port: ResolvedPort | undefined; readonly pods: Pod[] }>();
  const add = (port: ResolvedPort | undefined, pod: Pod): void => {
    const key = JSON.stringify(port ?? null);
    const entry = byPort.get(key) ?? { port, pods: [] };
    byPort.set(key, entry);
    entry.pods.push(pod);
  };
  const ports = service.spec?.ports ?? [];
  for (const pod of pods) {
    if (ports.length === 0 && isHeadless(service)) add(undefined, pod);
    for (const port of ports) {
      const resolved = resolvePort(port, pod);
      if (resolved !== undefined) add(resolved, pod);
    }
  }
  const subsets = new Map<string, EndpointSubset>();
  for (const { port, pods: having } of byPort.values()) {
    const key = having.map(({ metadata }) => metadata.uid ?? '').join(',');
    const subset = subsets.get(key) ?? addressesOf(service, having, isShown);
    subsets.set(key, subset);
    if (port === undefined) continue;
    const { name, ...rest } = port;
    subset.ports = [...(subset.ports ?? []), { ...(name === '' ? {} : { name }), ...rest }];
  }
  return [...subsets.values()];
}

function addressesOf(service: Service, pods: readonly Pod[], isShown: (pod: Pod) => boolean): EndpointSubset {
  const ready = pods.filter(isShown).map((pod) => addressOf(service, pod));
  const others = pods.filter((pod) => !isShown(pod)).map((pod) => addressOf(service, pod));
  return {
    ...(ready.length === 0 ? {} : { addresses: ready.toSorted(byAddress) }),
    ...(others.length === 0 ? {} : { notReadyAddresses: others.toSorted(byAddress) }),
  };
}

function byAddress(left: EndpointAddress, right: EndpointAddress): number {
  return left.ip < right.ip ? -1 : Number(left.ip > right.ip);
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const hostname = hostnameIn(service, pod);
  const nodeName = pod.spec?.nodeName ?? '';
  return {
    ip: podAddress(pod, familyOf(service)) ?? '',
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === '' ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}
