import type { Service } from '../api/types/core-v1.ts';
import type { EndpointSlice } from '../api/types/discovery-v1.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { hasReason, notFound, StatusError } from '../apimachinery/status.ts';
import type { Client } from '../client/client.ts';
import type { ResolveService } from '../client/webhook-client.ts';
import type { Random } from '../system/random.ts';

export interface ServiceResolverOptions {
  readonly client: Client;
  readonly random: Random;
  /** `host:port` of the server itself, which the service kubernetes leads to. */
  readonly serverAddress: () => string;
  /**
   * Whether to go straight to an endpoint (--enable-aggregator-routing) or to the cluster IP, which takes a proxy on
   * this machine.
   */
  readonly toEndpoints: boolean;
  /** Whether services of type ExternalName lead to their name, as they do unless endpoints are asked for. */
  readonly toExternalNames: boolean;
}

const servedTypes: readonly (string | undefined)[] = ['ClusterIP', 'LoadBalancer', 'NodePort'];

/** Finds the addresses of services as the API server does for webhooks and aggregation. */
export function createServiceResolver(options: ServiceResolverOptions): ResolveService {
  const { client, serverAddress, toEndpoints, toExternalNames, random } = options;
  return async (namespace, name, port) => {
    if (namespace === 'default' && name === 'kubernetes' && port === 443) return splitAddress(serverAddress());
    const service = await client
      .resource<Service>({ group: '', version: 'v1', resource: 'services' }, namespace)
      .get(name)
      .catch((error: unknown) => {
        // The real one asks its local copy, which names the kind so.
        throw hasReason(error, 'NotFound') ? notFound({ group: '', resource: 'service' }, name) : error;
      });
    const { type, clusterIP = '', externalName = '', ports = [] } = service.spec ?? {};
    if (type === 'ExternalName' && toExternalNames) return { host: externalName, port };
    if (!servedTypes.includes(type)) throw new Error(`unsupported service type ${goQuote(type ?? '')}`);
    if (!toEndpoints && clusterIP === 'None') throw new Error('cannot route to service with ClusterIP "None"');
    const found = ports.find((candidate) => candidate.port === port);
    if (found === undefined) throw unavailable(`no service port ${port} found for service ${goQuote(name)}`);
    if (!toEndpoints) return { host: clusterIP, port };
    const slices = await client
      .resource<EndpointSlice>({ group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' }, namespace)
      .list({ labelSelector: `kubernetes.io/service-name=${name}` });
    const family = service.spec?.ipFamilies?.[0];
    const preferred = slices.items.toSorted(
      (left, right) => Number(right.addressType === family) - Number(left.addressType === family),
    );
    for (const slice of preferred) {
      const address = pick(slice, found.name ?? '', random);
      if (address !== undefined) return address;
    }
    throw unavailable(`no endpoints available for service ${goQuote(name)}`);
  };
}

/** One of the ready endpoints of a slice that has the port. */
function pick(
  { endpoints, ports }: EndpointSlice,
  portName: string,
  random: Random,
): { readonly host: string; readonly port: number } | undefined {
  const port = (ports ?? []).find(({ name }) => (name ?? '') === portName)?.port;
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  const host = ready[Math.floor(random.next() * ready.length)]?.addresses[0];
  return host === undefined || port === undefined ? undefined : { host, port };
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

function unavailable(message: string): StatusError {
  return new StatusError({ message, reason: 'ServiceUnavailable', code: 503 });
}
