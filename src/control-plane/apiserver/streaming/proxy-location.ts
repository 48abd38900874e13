import type { EndpointAddress, Endpoints, Node, Pod, Service } from '../../../api/types/core-v1.ts';
import type { KubeObject } from '../../../apimachinery/object-meta.ts';
import { badRequest, hasReason, notFound, StatusError } from '../../../apimachinery/status.ts';
import type { Transport } from '../../../apimachinery/http.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { KubeletConnections } from './kubelet-connections.ts';

/** Where a proxied request goes. */
export interface ProxyLocation {
  readonly scheme: 'http' | 'https';
  /** `host:port`. */
  readonly host: string;
  readonly transport: Transport;
}

/** `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`; undefined for anything else. */
export function splitProxyName(
  id: string,
): { readonly scheme: 'http' | 'https'; readonly name: string; readonly port: string } | undefined {
  const parts = id.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme)) return undefined;
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

/** A pod's address, and the port named or the first that it declares. @throws StatusError */
export async function podLocation(endpoint: Endpoint, kubelets: KubeletConnections): Promise<ProxyLocation> {
  const split = splitProxyName(endpoint.name);
  if (split === undefined) throw badRequest(`invalid pod request ${JSON.stringify(endpoint.name)}`);
  const pod: Pod = await endpoint.store.get(endpoint.namespace, split.name);
  const declared = (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const port = split.port === '' ? String(declared ?? (split.scheme === 'https' ? 443 : 80)) : split.port;
  const address = pod.status?.podIPs?.[0]?.ip ?? '';
  if (!isPublicAddress(address)) throw badRequest('address not allowed');
  return located(split.scheme, address, port, kubelets);
}

/** An address behind a service. @throws StatusError 503 when there is none */
export async function serviceLocation(endpoint: Endpoint, kubelets: KubeletConnections): Promise<ProxyLocation> {
  const { name: id, namespace, server } = endpoint;
  const split = splitProxyName(id);
  if (split === undefined) throw badRequest(`invalid service request ${JSON.stringify(id)}`);
  let portName = split.port;
  if (/^\d+$/.test(split.port)) {
    const service: Service = await endpoint.store.get(namespace, split.name);
    const found = (service.spec?.ports ?? []).find(({ port }) => port === Number(split.port));
    if (found === undefined) {
      throw unavailable(`no service port ${split.port} found for service ${JSON.stringify(split.name)}`);
    }
    portName = found.name ?? '';
  }
  const endpoints = await coreObject<Endpoints>(endpoint, 'endpoints', namespace, split.name).catch(
    (error: unknown) => {
      // Of what stands behind a service its clients need not know.
      throw hasReason(error, 'NotFound') ? notFound(endpoint.resource.groupResource, split.name) : error;
    },
  );
  const subsets = endpoints.subsets ?? [];
  if (subsets.length === 0) throw unavailable(`no endpoints available for service ${JSON.stringify(split.name)}`);
  const candidates = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.filter(({ name = '' }) => name === portName).flatMap(({ port }) => addresses.map((of) => ({ of, port }))),
  );
  const first = Math.floor(server.random.next() * candidates.length);
  const chosen = await firstOfPods(endpoint, [...candidates.slice(first), ...candidates.slice(0, first)]);
  if (chosen === undefined) throw unavailable(`no endpoints available for service ${JSON.stringify(id)}`);
  return located(split.scheme, chosen.of.ip, String(chosen.port), kubelets);
}

/** The first address that is a pod's, of the same namespace: others would lead anywhere. */
async function firstOfPods<T extends { readonly of: EndpointAddress }>(
  endpoint: Endpoint,
  candidates: readonly T[],
): Promise<T | undefined> {
  for (const candidate of candidates) {
    const { targetRef, ip } = candidate.of;
    if (targetRef?.name === undefined || targetRef.namespace !== endpoint.namespace) continue;
    const pod = await coreObject<Pod>(endpoint, 'pods', endpoint.namespace, targetRef.name).catch(() => undefined);
    if (pod?.status?.podIPs?.some((own) => own.ip === ip) === true) return candidate;
  }
  return undefined;
}

/** A node's kubelet, or another port of the node. @throws StatusError */
export async function nodeLocation(endpoint: Endpoint, kubelets: KubeletConnections): Promise<ProxyLocation> {
  const split = splitProxyName(endpoint.name);
  if (split === undefined) throw badRequest(`invalid node request ${JSON.stringify(endpoint.name)}`);
  const node: Node = await endpoint.store.get('', split.name);
  const { addresses = [], daemonEndpoints } = node.status ?? {};
  const address = addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
  if (!isPublicAddress(address)) throw badRequest('address not allowed');
  const kubeletPort = daemonEndpoints?.kubeletEndpoint?.Port ?? 10_250;
  if (split.port === '' || Number(split.port) === kubeletPort) {
    const transport = await kubelets.connectionTo(split.name);
    return { scheme: 'https', host: hostPort(address, kubeletPort), transport };
  }
  return located(split.scheme, address, split.port, kubelets);
}

async function coreObject<T extends KubeObject>(
  { server }: Endpoint,
  resource: string,
  namespace: string,
  name: string,
): Promise<T> {
  const found = server.registry.find('', 'v1', resource);
  if (found === undefined) throw new Error(`${resource} are not served`);
  return (await server.storeOf(found).get(namespace, name)) as KubeObject as T;
}

function located(scheme: 'http' | 'https', host: string, text: string, kubelets: KubeletConnections): ProxyLocation {
  const port = Number(text);
  const unreachable = (problem: string): StatusError =>
    unavailable(`error trying to reach service: dial tcp${problem}`);
  if (!/^\d+$/.test(text)) throw unreachable(`: lookup tcp/${text}: unknown port`);
  if (port > 0xffff) throw unreachable(`: address ${text}: invalid port`);
  if (port === 0) throw unreachable(` ${hostPort(host, port)}: connect: connection refused`);
  return { scheme, host: hostPort(host, port), transport: kubelets.networkTo(scheme, host, port) };
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether an address may be one of others: none of this machine itself, no multicast. */
function isPublicAddress(address: string): boolean {
  if (address === '') return false;
  if (address.includes(':')) return !/^(::1?$|fe[89ab]|ff)/i.test(address);
  const first = Number(address.split('.')[0]);
  return first !== 0 && first !== 127 && first < 224 && !address.startsWith('169.254.');
}

function unavailable(message: string): StatusError {
  return new StatusError({ message, reason: 'ServiceUnavailable', code: 503 });
}
