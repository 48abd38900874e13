import type { EndpointHints, EndpointSlice } from '../../api/types/discovery-v1.ts';
import type { Node, Service, ServicePort } from '../../api/types/core-v1.ts';
import type { DnsAnswer, DnsQuestion } from '../../apimachinery/dns-message.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import type { Clock } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';
import { ClusterDns, isServing, slicesOf } from './cluster-dns.ts';

/** Where a connection goes. */
export interface ProxyTarget {
  readonly address: string;
  readonly port: number;
}

/** A target, and how it sees who is sent there. */
export interface ProxiedTarget extends ProxyTarget {
  /** The address in the place of the sender's own: that of the node whose port was asked; absent when it is kept. */
  readonly masquerade?: string;
}

/** What the port for health checks of a service says on one node. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  /** How many endpoints on the node are ready. */
  readonly localEndpoints: number;
}

/** Finds the pods behind the addresses of services, as kube-proxy does. */
export interface ServiceProxy {
  /**
   * @param from the address of who connects, for session affinity and traffic that stays on its node
   * @param protocol TCP when absent
   * @returns undefined when the address is no service's
   * @throws Error in the words of Go's net when nothing is behind it
   */
  targetOf(address: string, port: number, from: string, protocol?: 'TCP' | 'UDP' | 'SCTP'): ProxiedTarget | undefined;
  /** Undefined when the port is no service's port for health checks (`spec.healthCheckNodePort`). */
  healthOf(port: number, nodeName: string): ServiceHealth | undefined;
  /** What the cluster's DNS answers. */
  answerDns(question: DnsQuestion): DnsAnswer;
}

export interface ServiceProxyOptions {
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether an address is a node's, where node ports are open. */
  readonly isNode: (address: string) => boolean;
  /** The node that an address is of, its own or one of its pods'; undefined for all else. */
  readonly nodeOf: (address: string) => string | undefined;
}

/** An endpoint that may be chosen. */
interface Candidate extends ProxyTarget {
  readonly nodeName: string | undefined;
  readonly isReady: boolean;
  readonly hints: EndpointHints;
}

const zoneLabel = 'topology.kubernetes.io/zone';
const otherProxyLabel = 'service.kubernetes.io/service-proxy-name';
const headlessLabel = 'service.kubernetes.io/headless';
const defaultAffinitySeconds = 10_800;

/** A proxy over the services and endpoint slices of the cluster; the informers are started by the caller. */
export function createServiceProxy(options: ServiceProxyOptions): ServiceProxy {
  return new InformedServiceProxy(options);
}

class InformedServiceProxy implements ServiceProxy {
  readonly #options: ServiceProxyOptions;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #nodes: Informer<Node>;
  readonly #dns: ClusterDns;
  /** Who was sent where, by service port and client. */
  readonly #affinities = new Map<string, { readonly target: ProxyTarget; readonly until: number }>();

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    this.#services = options.informers.informer<Service>({ group: '', version: 'v1', resource: 'services' });
    this.#nodes = options.informers.informer<Node>({ group: '', version: 'v1', resource: 'nodes' });
    this.#slices = options.informers.informer<EndpointSlice>({
      group: 'discovery.k8s.io',
      version: 'v1',
      resource: 'endpointslices',
    });
    this.#dns = new ClusterDns({ services: this.#services, slices: this.#slices });
  }

  targetOf(address: string, port: number, from: string, protocol = 'TCP'): ProxiedTarget | undefined {
    const isNode = this.#options.isNode(address);
    for (const service of this.#services.list()) {
      if (isForOthers(service)) continue;
      const found = (service.spec?.ports ?? []).find((candidate) => {
        if ((candidate.protocol ?? 'TCP') !== protocol) return false;
        return isNode ? candidate.nodePort === port : candidate.port === port;
      });
      if (isNode ? found !== undefined : addressesOf(service).includes(address)) {
        const family = address.includes(':') ? 'IPv6' : 'IPv4';
        const targets = found === undefined ? [] : this.#targets(service, found, family);
        const node = this.#onlyNode(service, address, from);
        const near = targets.filter(({ nodeName }) => node === undefined || nodeName === node);
        const ready = near.filter(({ isReady }) => isReady);
        const preferred = node === undefined ? this.#closeTo(isNode ? address : from, ready) : ready;
        // Those that end still serve while there is nobody else (KEP-1669).
        const usable = ready.length > 0 ? preferred : near;
        const target = found === undefined ? undefined : this.#choose(service, found, usable, from);
        if (target !== undefined) {
          return isNode && node === undefined ? { ...target, masquerade: address } : target;
        }
        // What must stay on a node that has nothing goes nowhere.
        const problem = targets.length > 0 ? 'i/o timeout' : 'connect: connection refused';
        throw new Error(`dial ${protocol.toLowerCase()} ${address}:${port}: ${problem}`);
      }
    }
    return undefined;
  }

  /** The node whose endpoints alone may be reached, by the traffic policies of a service. */
  #onlyNode({ spec = {} }: Service, address: string, from: string): string | undefined {
    const { internalTrafficPolicy, externalTrafficPolicy, clusterIP, clusterIPs = [clusterIP ?? ''] } = spec;
    const { isNode, nodeOf } = this.#options;
    if (isNode(address)) {
      // What comes from the node itself or its pods may go on to any.
      const isWithin = nodeOf(from) === nodeOf(address);
      return externalTrafficPolicy === 'Local' && !isWithin ? nodeOf(address) : undefined;
    }
    return internalTrafficPolicy === 'Local' && clusterIPs.includes(address) ? nodeOf(from) : undefined;
  }

  healthOf(port: number, nodeName: string): ServiceHealth | undefined {
    const service = this.#services
      .list()
      .find((candidate) => candidate.spec?.healthCheckNodePort === port && !isForOthers(candidate));
    if (service === undefined) return undefined;
    const { name = '', namespace = '' } = service.metadata;
    const local = (service.spec?.ports ?? [])
      .flatMap((each) => this.#targets(service, each))
      .filter((target) => target.isReady && target.nodeName === nodeName);
    return { namespace, name, localEndpoints: new Set(local.map(({ address }) => address)).size };
  }

  #choose(service: Service, port: ServicePort, targets: readonly ProxyTarget[], from: string): ProxyTarget | undefined {
    const { sessionAffinity, sessionAffinityConfig } = service.spec ?? {};
    const picked = targets[Math.floor(this.#options.random.next() * targets.length)];
    const chosen = picked === undefined ? undefined : { address: picked.address, port: picked.port };
    if (sessionAffinity !== 'ClientIP') return chosen;
    const now = this.#options.clock.now();
    const key = `${service.metadata.uid ?? ''}/${port.port}/${from}`;
    const known = this.#affinities.get(key);
    const isThere = (target: ProxyTarget): boolean =>
      targets.some((candidate) => candidate.address === target.address && candidate.port === target.port);
    const target = known !== undefined && known.until > now && isThere(known.target) ? known.target : chosen;
    if (target === undefined) return undefined;
    const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds;
    this.#affinities.set(key, { target, until: now + seconds * 1000 });
    return target;
  }

  /** Endpoints that are ready, and those that are ending but still serve; of one family of addresses, if it is named. */
  #targets(service: Service, port: ServicePort, family?: string): Candidate[] {
    return this.#slicesOf(service).flatMap(({ metadata, addressType, endpoints, ports }) => {
      // What says that it is of a headless service is nothing for proxies.
      if (metadata.labels?.[headlessLabel] !== undefined) return [];
      if (family !== undefined && addressType !== family) return [];
      const own = (ports ?? []).find(({ name = '' }) => name === (port.name ?? ''))?.port;
      if (own === undefined) return [];
      return (endpoints ?? []).flatMap((endpoint) => {
        const { addresses, nodeName, conditions } = endpoint;
        const isReady = isServing(endpoint);
        if (!isReady && !(conditions?.serving === true && conditions.terminating === true)) return [];
        return [{ address: addresses[0] ?? '', port: own, nodeName, isReady, hints: endpoint.hints ?? {} }];
      });
    });
  }

  /** Those that are meant for the node of an address, or else for its zone; all of them when hints leave one out. */
  #closeTo(address: string, ready: readonly Candidate[]): readonly Candidate[] {
    const node = this.#options.nodeOf(address);
    if (node === undefined) return ready;
    const zone = this.#nodes.get('', node)?.metadata.labels?.[zoneLabel];
    const chosen = (kind: keyof EndpointHints, name: string | undefined): readonly Candidate[] =>
      ready.every(({ hints }) => (hints[kind] ?? []).length > 0)
        ? ready.filter(({ hints }) => hints[kind]?.some((one) => one.name === name))
        : [];
    const onNode = chosen('forNodes', node);
    if (onNode.length > 0) return onNode;
    const inZone = chosen('forZones', zone);
    return inZone.length > 0 ? inZone : ready;
  }

  #slicesOf(service: Service): EndpointSlice[] {
    return slicesOf(service, this.#slices);
  }

  answerDns(question: DnsQuestion): DnsAnswer {
    return this.#dns.answer(question);
  }
}

/** Whether a service says that another proxy is to look after it. */
function isForOthers({ metadata }: Service): boolean {
  return metadata.labels?.[otherProxyLabel] !== undefined;
}

function addressesOf({ spec, status }: Service): string[] {
  const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
  return [...(spec?.clusterIPs ?? [spec?.clusterIP ?? '']), ...(spec?.externalIPs ?? []), ...balanced];
}
