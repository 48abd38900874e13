import type { Pod } from '../../api/types/core-v1.ts';
import type { DnsConfig } from '../cri/runtime.ts';

/** What a node's pods find names with. */
export interface NodeDns {
  /** The address of the cluster's DNS (--cluster-dns); pods have the node's settings when absent. */
  readonly clusterDns?: string;
  readonly clusterDomain: string;
}

/** The node of a simulated runtime has no resolver: what kubelet says with an empty --resolv-conf. */
const nodeConfig: DnsConfig = { servers: ['127.0.0.1'], searches: ['.'], options: [] };

/** The resolver's settings of a pod, by its dnsPolicy and dnsConfig. */
export function podDns({ metadata, spec }: Pod, { clusterDns, clusterDomain }: NodeDns): DnsConfig {
  const { dnsPolicy = 'ClusterFirst', dnsConfig, hostNetwork } = spec ?? {};
  const isCluster =
    clusterDns !== undefined &&
    (dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && hostNetwork !== true));
  let base = nodeConfig;
  if (dnsPolicy === 'None') base = { servers: [], searches: [], options: [] };
  else if (isCluster) {
    const services = `svc.${clusterDomain}`;
    const searches = [`${metadata.namespace ?? ''}.${services}`, services, clusterDomain];
    base = { servers: [clusterDns], searches, options: ['ndots:5'] };
  }
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  const merged = new Map(base.options.map((option) => [option.split(':')[0] ?? '', option]));
  for (const { name = '', value } of options) merged.set(name, value === undefined ? name : `${name}:${value}`);
  return {
    servers: [...new Set([...base.servers, ...nameservers])],
    searches: [...new Set([...base.searches, ...searches])],
    options: [...merged.values()],
  };
}
