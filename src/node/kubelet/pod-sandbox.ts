import type { Pod } from '../../api/types/core-v1.ts';
import type { PodSandboxConfig, PortMapping } from '../cri/runtime.ts';
import { type NodeDns, podDns } from './pod-dns.ts';
import { kernelHostname } from './pod-hostname.ts';
import { podSysctls } from './pod-sysctls.ts';

/**
 * What the runtime is asked for: a place for a pod.
 * @param attempt how many there were before
 * @throws HostnameError when the pod's name cannot be
 */
export function sandboxConfig(pod: Pod, attempt: number, dns: NodeDns): PodSandboxConfig {
  const { uid = '', name = '', namespace = '', labels = {}, annotations = {} } = pod.metadata;
  return {
    metadata: { name, namespace, uid, attempt },
    hostname: kernelHostname(pod, dns.clusterDomain),
    labels,
    annotations,
    hostNetwork: pod.spec?.hostNetwork === true,
    portMappings: portMappings(pod),
    dnsConfig: podDns(pod, dns),
    sysctls: podSysctls(pod),
  };
}

/** Every port that a container declares. */
function portMappings({ spec }: Pod): PortMapping[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(({ ports = [] }) =>
    ports.map(({ containerPort, protocol = 'TCP', hostPort = 0, hostIP: hostIp = '' }) => ({
      containerPort,
      protocol,
      hostPort,
      hostIp,
    })),
  );
}
