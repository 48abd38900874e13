import type { Pod } from '../../api/types/core-v1.ts';

/** A pod's own name in the kernel that cannot be; the message is that of the event about its sandbox. */
export class HostnameError extends Error {}

/** What a pod is called, and the domain of its subdomain; empty without one. */
export interface PodHostname {
  readonly name: string;
  readonly domain: string;
}

/** The longest label of a name (RFC 1123). */
const longestName = 63;
/** What Linux has room for in a node's name. */
const longestKernelName = 64;

/** What a pod is called by what its spec says and by its name, cut to what a label has room for. */
export function podHostname({ metadata, spec }: Pod, clusterDomain: string): PodHostname {
  const { hostname = '', hostnameOverride, subdomain = '' } = spec ?? {};
  if (hostnameOverride !== undefined) return { name: cut(hostnameOverride), domain: '' };
  const domain = subdomain === '' ? '' : `${subdomain}.${metadata.namespace ?? ''}.svc.${clusterDomain}`;
  return { name: cut(hostname === '' ? (metadata.name ?? '') : hostname), domain };
}

/**
 * What `hostname` says in a pod: with the host's network what the node is called, else the pod's name, or with
 * `setHostnameAsFQDN` its whole one.
 * @throws HostnameError when the whole name is longer than a kernel has room for
 */
export function kernelHostname(pod: Pod, clusterDomain: string): string {
  const { hostNetwork, nodeName = '', setHostnameAsFQDN } = pod.spec ?? {};
  if (hostNetwork === true) return nodeName;
  const { name, domain } = podHostname(pod, clusterDomain);
  if (setHostnameAsFQDN !== true || domain === '') return name;
  const whole = `${name}.${domain}`;
  if (whole.length <= longestKernelName) return whole;
  throw new HostnameError(
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${whole} is too long (${longestKernelName} characters is the max, ${whole.length} characters requested)`,
  );
}

function cut(name: string): string {
  return name.length <= longestName ? name : name.slice(0, longestName).replace(/[-.]+$/, '');
}
