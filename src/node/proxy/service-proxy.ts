import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts';
import type { Service, ServicePort } from '../../api/types/core-v1.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import type { Clock } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';

/** Where a connection goes. */
export interface ProxyTarget {
  readonly address: string;
  readonly port: number;
}

/** Finds the pods behind the addresses of services, as kube-proxy does. */
export interface ServiceProxy {
  /**
   * @param from the address of who connects, for session affinity
   * @returns undefined when the address is no service's
   * @throws Error in the words of Go's net when nothing is behind it
   */
  targetOf(address: string, port: number, from: string): ProxyTarget | undefined;
  /** The addresses of a name of the cluster's DNS, seen from a namespace; none when there is no such name. */
  lookUp(name: string, namespace: string): readonly string[];
}

export interface ServiceProxyOptions {
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether an address is a node's, where node ports are open. */
  readonly isNode: (address: string) => boolean;
}

const serviceNameLabel = 'kubernetes.io/service-name';
const clusterDomain = 'cluster.local';
const defaultAffinitySeconds = 10_800;
const mostAliases = 5;

/** A proxy over the services and endpoint slices of the cluster; the informers are started by the caller. */
export function createServiceProxy(options: ServiceProxyOptions): ServiceProxy {
  return new InformedServiceProxy(options);
}

class InformedServiceProxy implements ServiceProxy {
  readonly #options: ServiceProxyOptions;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  /** Who was sent where, by service port and client. */
  readonly #affinities = new Map<string, { readonly target: ProxyTarget; readonly until: number }>();

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    this.#services = options.informers.informer<Service>({ group: '', version: 'v1', resource: 'services' });
    this.#slices = options.informers.informer<EndpointSlice>({
      group: 'discovery.k8s.io',
      version: 'v1',
      resource: 'endpointslices',
    });
  }

  targetOf(address: string, port: number, from: string): ProxyTarget | undefined {
    const isNode = this.#options.isNode(address);
    for (const service of this.#services.list()) {
      const found = (service.spec?.ports ?? []).find((candidate) => {
        if ((candidate.protocol ?? 'TCP') !== 'TCP') return false;
        return isNode ? candidate.nodePort === port : candidate.port === port;
      });
      if (isNode ? found !== undefined : addressesOf(service).includes(address)) {
        const target = found === undefined ? undefined : this.#choose(service, found, from);
        if (target !== undefined) return target;
        throw new Error(`dial tcp ${address}:${port}: connect: connection refused`);
      }
    }
    return undefined;
  }

  #choose(service: Service, port: ServicePort, from: string): ProxyTarget | undefined {
    const targets = this.#targets(service, port);
    const { sessionAffinity, sessionAffinityConfig } = service.spec ?? {};
    const chosen = targets[Math.floor(this.#options.random.next() * targets.length)];
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

  #targets(service: Service, port: ServicePort): ProxyTarget[] {
    return this.#slicesOf(service).flatMap(({ endpoints, ports }) => {
      const own = (ports ?? []).find(({ name = '' }) => name === (port.name ?? ''))?.port;
      if (own === undefined) return [];
      return (endpoints ?? []).filter(isServing).map(({ addresses }) => ({ address: addresses[0] ?? '', port: own }));
    });
  }

  #slicesOf({ metadata }: Service): EndpointSlice[] {
    const { name, namespace } = metadata;
    return this.#slices
      .list(namespace)
      .filter((slice) => slice.metadata.labels?.[serviceNameLabel] === name && slice.addressType !== 'FQDN');
  }

  lookUp(name: string, namespace: string): readonly string[] {
    const isWhole = name.endsWith('.');
    const bare = isWhole ? name.slice(0, -1) : name;
    const searched = [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
    const names = isWhole ? [bare] : [...searched.map((domain) => `${bare}.${domain}`), bare];
    for (const candidate of names) {
      const addresses = this.#record(candidate, 0);
      if (addresses.length > 0) return addresses;
    }
    return [];
  }

  #record(name: string, depth: number): readonly string[] {
    const suffix = `.svc.${clusterDomain}`;
    if (!name.endsWith(suffix) || depth > mostAliases) return [];
    const labels = name.slice(0, -suffix.length).split('.');
    const [namespace = '', serviceName = '', hostname] = labels.toReversed();
    const service = this.#services.get(namespace, serviceName);
    if (service === undefined || labels.length < 2 || labels.length > 3) return [];
    const { clusterIP, externalName, type } = service.spec ?? {};
    if (type === 'ExternalName') return this.#record(externalName ?? '', depth + 1);
    const endpoints = this.#slicesOf(service).flatMap((slice) => slice.endpoints ?? []);
    const wanted = service.spec?.publishNotReadyAddresses === true ? endpoints : endpoints.filter(isServing);
    if (hostname !== undefined) {
      return wanted.filter((endpoint) => endpoint.hostname === hostname).flatMap(({ addresses }) => addresses);
    }
    if (clusterIP === 'None') return wanted.flatMap(({ addresses }) => addresses);
    return clusterIP === undefined || clusterIP === '' ? [] : [clusterIP];
  }
}

function isServing({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false;
}

function addressesOf({ spec, status }: Service): string[] {
  const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
  return [...(spec?.clusterIPs ?? [spec?.clusterIP ?? '']), ...(spec?.externalIPs ?? []), ...balanced];
}
