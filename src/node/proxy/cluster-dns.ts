import { isIP } from 'node:net';
import type { Service } from '../../api/types/core-v1.ts';
import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts';
import type { DnsRecord, DnsType } from '../../apimachinery/dns-record.ts';
import type { Informer } from '../../client/informer.ts';

/** What the names are made of. */
export interface ClusterDnsOptions {
  readonly services: Informer<Service>;
  /** The slices of a service. */
  readonly slicesOf: (service: Service) => readonly EndpointSlice[];
}

/** How a pod looks names up: what /etc/resolv.conf says. */
export interface ResolverSettings {
  /** Domains that are tried behind a name. */
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

const clusterDomain = 'cluster.local';
const serviceDomain = `svc.${clusterDomain}`;
const mostAliases = 5;

/** The names of services and their pods, by the specification of Kubernetes' DNS-based service discovery. */
export class ClusterDns {
  readonly #services: Informer<Service>;
  readonly #slicesOf: (service: Service) => readonly EndpointSlice[];

  constructor({ services, slicesOf }: ClusterDnsOptions) {
    this.#services = services;
    this.#slicesOf = slicesOf;
  }

  /** The records of a name as a resolver with these settings finds them: of the first name that has any. */
  resolve(name: string, type: DnsType, settings: ResolverSettings): readonly DnsRecord[] {
    const bare = name.replace(/\.$/, '');
    if (type === 'PTR') return this.#reverse(bare);
    const searched = settings.searches.map((domain) => `${bare}.${domain.replace(/\.$/, '')}`);
    const isWhole = bare.split('.').length - 1 >= dotsOf(settings);
    const names = name.endsWith('.') ? [bare] : isWhole ? [bare, ...searched] : [...searched, bare];
    for (const candidate of names) {
      const records = this.#records(candidate, type, 0);
      if (records.length > 0) return records;
    }
    return [];
  }

  #records(name: string, type: DnsType, depth: number): readonly DnsRecord[] {
    if (!name.endsWith(`.${serviceDomain}`) || depth > mostAliases) return [];
    const labels = name.slice(0, -serviceDomain.length - 1).split('.');
    const [namespace = '', serviceName = '', ...rest] = labels.toReversed();
    const service = labels.length < 2 ? undefined : this.#services.get(namespace, serviceName);
    if (service === undefined) return [];
    if (type === 'SRV') return this.#ports(service, name, rest.toReversed());
    if (service.spec?.type === 'ExternalName') {
      const target = service.spec.externalName ?? '';
      const alias: DnsRecord = { name: `${name}.`, type: 'CNAME', data: `${target.replace(/\.$/, '')}.` };
      return rest.length > 0 ? [] : [alias, ...(type === 'CNAME' ? [] : this.#records(target, type, depth + 1))];
    }
    if (type === 'CNAME' || rest.length > 1) return [];
    return this.#addresses(service, rest[0])
      .filter((address) => isIP(address) === (type === 'AAAA' ? 6 : 4))
      .map((data) => ({ name: `${name}.`, type, data }));
  }

  #addresses(service: Service, hostname: string | undefined): readonly string[] {
    if (hostname !== undefined) {
      return this.#endpoints(service).flatMap((endpoint) =>
        hostnameOf(endpoint) === hostname ? endpoint.addresses : [],
      );
    }
    if (service.spec?.clusterIP === 'None') return this.#endpoints(service).flatMap(({ addresses }) => addresses);
    return clusterIPs(service);
  }

  /** `_port._protocol.service`: a record for each place where the port is. */
  #ports(service: Service, name: string, labels: readonly string[]): readonly DnsRecord[] {
    const [, wanted, protocol] = /^_([^.]+)\._(tcp|udp|sctp)$/.exec(labels.join('.')) ?? [];
    if (wanted === undefined || protocol === undefined) return [];
    const domain = `${service.metadata.name ?? ''}.${service.metadata.namespace ?? ''}.${serviceDomain}.`;
    const isWanted = (port: { readonly name?: string; readonly protocol?: string }): boolean =>
      port.name === wanted && (port.protocol ?? 'TCP').toLowerCase() === protocol;
    const record = (port: number, target: string): DnsRecord => {
      return { name: `${name}.`, type: 'SRV', data: `0 100 ${port} ${target}` };
    };
    if (service.spec?.clusterIP !== 'None') {
      return (service.spec?.ports ?? []).filter(isWanted).map(({ port }) => record(port, domain));
    }
    return this.#slicesOf(service).flatMap(({ endpoints, ports }) => {
      const port = (ports ?? []).find(isWanted)?.port;
      if (port === undefined) return [];
      return (endpoints ?? []).filter(isServing).map((endpoint) => record(port, `${hostnameOf(endpoint)}.${domain}`));
    });
  }

  /** `2.0.96.10.in-addr.arpa` leads to the service or the pod behind one that has the address. */
  #reverse(name: string): readonly DnsRecord[] {
    const address = addressOfReverse(name);
    if (address === undefined) return [];
    return this.#services.list().flatMap((service): DnsRecord[] => {
      const { name: own = '', namespace = '' } = service.metadata;
      const domain = `${own}.${namespace}.${serviceDomain}.`;
      const record = (data: string): DnsRecord => ({ name: `${name}.`, type: 'PTR', data });
      if (clusterIPs(service).includes(address)) return [record(domain)];
      if (service.spec?.clusterIP !== 'None') return [];
      return this.#endpoints(service)
        .filter(({ addresses }) => addresses.includes(address))
        .map((endpoint) => record(`${hostnameOf(endpoint)}.${domain}`));
    });
  }

  #endpoints(service: Service): readonly Endpoint[] {
    const endpoints = this.#slicesOf(service).flatMap((slice) => slice.endpoints ?? []);
    return service.spec?.publishNotReadyAddresses === true ? endpoints : endpoints.filter(isServing);
  }
}

/** Whether an endpoint is there for all. */
export function isServing({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false;
}

/** Its own name, or one made of its address. */
function hostnameOf({ hostname, addresses }: Endpoint): string {
  return hostname ?? (addresses[0] ?? '').replaceAll(/[.:]/g, '-');
}

function clusterIPs({ spec }: Service): string[] {
  const addresses = spec?.clusterIPs ?? [spec?.clusterIP ?? ''];
  return addresses.filter((address) => address !== '' && address !== 'None');
}

function addressOfReverse(name: string): string | undefined {
  const [, v4] = /^((?:\d+\.){4})in-addr\.arpa$/.exec(name) ?? [];
  if (v4 !== undefined) return v4.split('.').filter(Boolean).toReversed().join('.');
  return undefined;
}

/** A name with so many dots is tried as it is first. */
function dotsOf({ options }: ResolverSettings): number {
  const option = options.find((one) => one.startsWith('ndots:'));
  return option === undefined ? 1 : Number(option.slice('ndots:'.length)) || 0;
}
