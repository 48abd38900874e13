import { isIP } from 'node:net';
import type { EndpointAddress, Endpoints, EndpointSubset, Service } from '../../api/types/core-v1.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/discovery-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { controllerReference } from '../../client/controller-references.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { isNamespaceGoing } from './pod-control.ts';
import { servicesResource } from './service-endpoints.ts';

const endpointsResource = { group: '', version: 'v1', resource: 'endpoints' } as const;
const slicesResource = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;
const serviceLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const manager = 'endpointslicemirroring-controller.k8s.io';
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
/** Annotations that are about the endpoints alone. */
const unmirrored = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]);
/** --mirroring-max-endpoints-per-subset */
const maxEndpoints = 1000;

/** Keeps slices of endpoints that somebody writes by hand for a service without a selector (KEP-752). */
export function createEndpointSliceMirroringController(context: ControllerContext): Controller {
  const endpoints = context.informers.informer<Endpoints>(endpointsResource);
  const services = context.informers.informer<Service>(servicesResource);
  const slices = context.informers.informer<EndpointSlice>(slicesResource);
  return createKeyedController({
    name: 'endpointslice-mirroring-controller',
    context,
    register(queue) {
      const look = (object: Endpoints | Service): void => queue.add(keyOf(object));
      endpoints.addHandler({ added: look, updated: look, deleted: look });
      services.addHandler({
        added: look,
        updated(service, old) {
          if ((service.spec?.selector === undefined) !== (old.spec?.selector === undefined)) look(service);
        },
        deleted: look,
      });
      const lookAtOwner = ({ metadata: { namespace = '', labels = {} } }: EndpointSlice): void => {
        const name = labels[serviceLabel];
        if (name !== undefined && labels[managedByLabel] === manager) queue.add(`${namespace}/${name}`);
      };
      slices.addHandler({ updated: lookAtOwner, deleted: lookAtOwner });
    },
    async sync(key) {
      const { namespace, name } = splitKey(key);
      const source = endpoints.get(namespace, name);
      const service = services.get(namespace, name);
      const isMirrored = source !== undefined && service !== undefined && service.spec?.selector === undefined;
      const wanted = isMirrored && mayMirror(source) ? wantedSlices(context, source) : [];
      try {
        await bringAbout(context, mirrored(slices, namespace, name), wanted, namespace);
      } catch (error) {
        if (!isNamespaceGoing(error)) throw error;
      }
    },
  });
}

function mayMirror({ metadata }: Endpoints): boolean {
  return metadata.labels?.[skipLabel] !== 'true' && metadata.annotations?.[leaderAnnotation] === undefined;
}

function mirrored(slices: Informer<EndpointSlice>, namespace: string, name: string): EndpointSlice[] {
  return slices
    .list(namespace)
    .filter(({ metadata: { labels = {} } }) => labels[serviceLabel] === name && labels[managedByLabel] === manager);
}

/** One slice for each set of ports and kind of address. */
function wantedSlices({ events }: ControllerContext, source: Endpoints): EndpointSlice[] {
  const byKey = new Map<string, EndpointSlice>();
  let invalid = 0;
  let skipped = 0;
  for (const subset of source.subsets ?? []) {
    const all = addressesOf(subset);
    const usable = all.filter(({ address }) => isIP(address.ip) !== 0);
    invalid += all.length - usable.length;
    skipped += all.length - Math.min(usable.length, maxEndpoints);
    for (const { address, ready } of usable.slice(0, maxEndpoints)) {
      const addressType = isIP(address.ip) === 6 ? 'IPv6' : 'IPv4';
      const ports = portsOf(subset);
      const key = `${addressType} ${JSON.stringify(ports)}`;
      const slice = byKey.get(key) ?? newSlice(source, addressType, ports);
      byKey.set(key, slice);
      slice.endpoints?.push(endpointOf(address, ready));
    }
  }
  if (invalid > 0) {
    const text = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
    events.event(source, 'Warning', 'InvalidIPAddress', text);
  }
  if (skipped > invalid) {
    const text = `A max of ${maxEndpoints} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;
    events.event(source, 'Warning', 'TooManyAddressesToMirror', text);
  }
  return [...byKey.values()];
}

function addressesOf({ addresses = [], notReadyAddresses = [] }: EndpointSubset) {
  return [
    ...addresses.map((address) => ({ address, ready: true })),
    ...notReadyAddresses.map((address) => ({ address, ready: false })),
  ];
}

function portsOf({ ports = [] }: EndpointSubset): EndpointPort[] {
  return ports
    .map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }))
    .toSorted((left, right) => (left.name < right.name ? -1 : Number(left.name > right.name)));
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}

function newSlice(source: Endpoints, addressType: string, ports: EndpointPort[]): EndpointSlice {
  const { name = '', namespace = '', labels = {}, annotations = {} } = source.metadata;
  const kept = Object.entries(annotations).filter(([annotation]) => !unmirrored.has(annotation));
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [serviceLabel]: name, [managedByLabel]: manager },
      ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
      ownerReferences: [controllerReference({ ...source, apiVersion: 'v1', kind: 'Endpoints' })],
    },
    addressType,
    endpoints: [],
    ports,
  };
}

/** What a slice says, without what the server adds. */
function essenceOf({ metadata, addressType, endpoints, ports }: EndpointSlice): unknown {
  const { labels, annotations = {}, ownerReferences } = metadata;
  return { labels, annotations, ownerReferences, addressType, endpoints, ports };
}

/** Slices that are not wanted as they are become those that are missing; what is left goes. */
async function bringAbout(
  { client }: ControllerContext,
  existing: readonly EndpointSlice[],
  wanted: readonly EndpointSlice[],
  namespace: string,
): Promise<void> {
  const resource = client.resource<EndpointSlice>(slicesResource, namespace);
  const left = new Set(existing);
  const missing = wanted.filter((slice) => {
    const same = [...left].find((other) => equalJson(essenceOf(other), essenceOf(slice)));
    if (same !== undefined) left.delete(same);
    return same === undefined;
  });
  for (const slice of missing) {
    const reused = [...left].find(({ addressType }) => addressType === slice.addressType);
    if (reused === undefined) {
      await resource.create(slice);
      continue;
    }
    left.delete(reused);
    const { name = '', resourceVersion = '' } = reused.metadata;
    const { generateName: _prefix, ...metadata } = slice.metadata;
    await resource.update({ ...slice, metadata: { ...metadata, name, resourceVersion } });
  }
  for (const { metadata } of left) {
    try {
      await resource.delete(metadata.name ?? '');
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  }
}
