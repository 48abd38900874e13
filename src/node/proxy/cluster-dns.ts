import { isIP } from 'node:net';
import type { Service } from '../../api/types/core-v1.ts';
import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts';
import type { DnsAnswer, DnsQuestion } from '../../apimachinery/dns-message.ts';
import { type DnsRecord, type DnsType, dnsTypes } from '../../apimachinery/dns-record.ts';
import type { Informer } from '../../client/informer.ts';

/** What the names are made of. */
export interface ClusterDnsOptions {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
}

const clusterDomain = 'cluster.local';
const serviceDomain = `svc.${clusterDomain}`;
const serviceNameLabel = 'kubernetes.io/service-name';
const mostAliases = 5;

/** The names of services and their pods, by the specification of Kubernetes' DNS-based service discovery. */
export class ClusterDns {
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;

  constructor({ services, slices }: ClusterDnsOptions) {
    this.#services = services;
    this.#slices = slices;
  }

  /** Knows all names of the cluster's domain and those that lead back from addresses of services; of others nothing. */
  answer({ name, type }: DnsQuestion): DnsAnswer {
    const bare = name.replace(/\.$/, '').toLowerCase();
    const records = type === undefined ? [] : this.records(bare, type);
    const isKnown = records.length > 0 || dnsTypes.some((other) => this.records(bare, other).length > 0);
    const isAuthoritative = bare === clusterDomain || bare.endsWith(`.${clusterDomain}`);
    return { code: isKnown ? 'NOERROR' : 'NXDOMAIN', records, isAuthoritative };
  }

  /** The records of a whole name, in lower case and without the dot at its end. */
  records(name: string, type: DnsType): readonly DnsRecord[] {
    return type === 'PTR' ? this.#reverse(name) : this.#records(name, type, 0);
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
    return slicesOf(service, this.#slices).flatMap(({ endpoints, ports }) => {
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
    const endpoints = slicesOf(service, this.#slices).flatMap((slice) => slice.endpoints ?? []);
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

/** The slices of a service that has endpoints with addresses. */
export function slicesOf({ metadata }: Service, slices: Informer<EndpointSlice>): EndpointSlice[] {
  const { name, namespace } = metadata;
  return slices
    .list(namespace)
    .filter((slice) => slice.metadata.labels?.[serviceNameLabel] === name && slice.addressType !== 'FQDN');
}
