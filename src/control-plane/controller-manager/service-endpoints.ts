import type { Pod, Service, ServicePort } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import type { Informer } from '../../client/informer.ts';
import type { Workqueue } from '../../client/workqueue.ts';
import { keyOf } from './keyed-controller.ts';
import { isPodReady, isPodTerminal } from './pod-facts.ts';

export const servicesResource = { group: '', version: 'v1', resource: 'services' } as const;

const headlessLabel = 'service.kubernetes.io/headless';

/** A port as endpoints have it: of the pod, under the name that the service gives it. */
export interface ResolvedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** Whether a service's endpoints are made from the pods it selects. */
export function selectsPods(service: Service): boolean {
  return service.spec?.selector !== undefined && service.spec.type !== 'ExternalName';
}

/** The pods that a service selects and that have an address. */
export function selectedPods(service: Service, pods: Informer<Pod>): Pod[] {
  const { namespace } = service.metadata;
  return pods.list(namespace).filter((pod) => isSelected(service, pod) && hasAddress(pod));
}

/** The family of addresses that a service is usually reached by. */
export function familyOf({ spec }: Service): string {
  return spec?.ipFamilies?.[0] ?? (spec?.clusterIP?.includes(':') === true ? 'IPv6' : 'IPv4');
}

/** The address of a pod in a family. @returns undefined when it has none */
export function podAddress({ status }: Pod, family: string): string | undefined {
  const known = status?.podIPs?.map(({ ip }) => ip) ?? [];
  return [...known, status?.podIP ?? ''].find((ip) => ip !== '' && ip.includes(':') === (family === 'IPv6'));
}

/** Whether a pod can be reached for good: it is no pod that has ended. */
function hasAddress(pod: Pod): boolean {
  return !isPodTerminal(pod) && (pod.status?.podIP ?? '') !== '';
}

function isSelected(service: Service, pod: Pod): boolean {
  const labels = pod.metadata.labels ?? {};
  return (
    selectsPods(service) && Object.entries(service.spec?.selector ?? {}).every(([key, value]) => labels[key] === value)
  );
}

/** A port of a service at a pod; undefined when the pod has no port of that name. */
export function resolvePort(port: ServicePort, pod: Pod): ResolvedPort | undefined {
  const number = targetNumber(port, pod);
  if (number === undefined) return undefined;
  const { name = '', protocol = 'TCP', appProtocol } = port;
  return { name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) };
}

function targetNumber(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...(pod.spec?.containers ?? []), ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .find(({ name, protocol }) => name === target && (protocol ?? 'TCP') === (port.protocol ?? 'TCP'))?.containerPort;
}

/** Whether a service has no address of its own. */
export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None';
}

/** The labels that endpoints take over from their service, with the mark of headless ones. */
export function endpointLabels(service: Service, own: Readonly<Record<string, string>>): Record<string, string> {
  const { [headlessLabel]: _mark, ...labels } = service.metadata.labels ?? {};
  return { ...labels, ...own, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) };
}

/** The host name that a pod has within its service; undefined when it has none. */
export function hostnameIn(service: Service, pod: Pod): string | undefined {
  const { hostname = '', subdomain = '' } = pod.spec ?? {};
  return hostname !== '' && subdomain === service.metadata.name ? hostname : undefined;
}

/** Enqueues the services that a change of services or pods concerns. */
export function watchServices(queue: Workqueue<string>, services: Informer<Service>, pods: Informer<Pod>): void {
  const enqueue = (service: Service): void => queue.add(keyOf(service));
  services.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
  const touch = (pod: Pod): void => {
    for (const service of services.list(pod.metadata.namespace)) if (isSelected(service, pod)) enqueue(service);
  };
  pods.addHandler({
    added: touch,
    updated(pod, old) {
      if (equalJson(endpointFacts(pod), endpointFacts(old))) return;
      touch(pod);
      if (!equalJson(pod.metadata.labels, old.metadata.labels)) touch(old);
    },
    deleted: touch,
  });
}

/** What of a pod its services' endpoints show. */
function endpointFacts({ metadata, spec, status }: Pod): unknown {
  return [
    metadata.labels ?? {},
    metadata.deletionTimestamp ?? '',
    [spec?.nodeName, spec?.hostname, spec?.subdomain].map((text) => text ?? ''),
    status?.podIPs ?? [],
    status?.phase ?? '',
    isPodReady({ metadata, status } as Pod),
  ];
}
