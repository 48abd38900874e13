import type { Pod } from '../../api/types/core-v1.ts';
import type { RuntimeClass } from '../../api/types/node-v1.ts';
import type { Client } from '../../client/client.ts';
import { type PodSandboxConfig, type PortMapping, RuntimeError, type UserNamespace } from '../cri/runtime.ts';
import { type NodeDns, podDns } from './pod-dns.ts';
import { kernelHostname } from './pod-hostname.ts';
import { podSysctls } from './pod-sysctls.ts';

/**
 * What the runtime is asked for: a place for a pod.
 * @param attempt how many there were before
 * @param runtimeHandler what the pod's RuntimeClass names; empty without one
 * @param userNamespace the pod's users on the node; undefined when they are the node's own
 * @throws HostnameError when the pod's name cannot be
 */
export function sandboxConfig(
  pod: Pod,
  attempt: number,
  dns: NodeDns,
  runtimeHandler: string,
  userNamespace: UserNamespace | undefined,
): PodSandboxConfig {
  const { uid = '', name = '', namespace = '', labels = {}, annotations = {} } = pod.metadata;
  return {
    metadata: { name, namespace, uid, attempt },
    hostname: kernelHostname(pod, dns.clusterDomain),
    labels,
    annotations,
    hostNetwork: pod.spec?.hostNetwork === true,
    portMappings: portMappings(pod),
    dnsConfig: podDns(pod, dns),
    runtimeHandler,
    sysctls: podSysctls(pod),
    ...(userNamespace === undefined ? {} : { userNamespace }),
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

const classesResource = { group: 'node.k8s.io', version: 'v1', resource: 'runtimeclasses' } as const;

/** The runtime's handler of a pod's RuntimeClass (KEP-585); empty without one. */
export async function runtimeHandlerOf(client: Client, { spec }: Pod): Promise<string> {
  const { runtimeClassName = '' } = spec ?? {};
  if (runtimeClassName === '') return '';
  return (await client.resource<RuntimeClass>(classesResource).get(runtimeClassName)).handler;
}

/** What went wrong with a sandbox, as events tell it: errors of the runtime come over gRPC. */
export function failureText(error: Error): string {
  return error instanceof RuntimeError ? `rpc error: code = ${error.code} desc = ${error.message}` : error.message;
}
