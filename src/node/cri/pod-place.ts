import type { PodSandbox } from './runtime.ts';

/** Where something is sent. */
export interface NetworkTarget {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** A port of a sandbox. */
export interface PodPlace {
  readonly sandboxId: string;
  readonly port: number;
}

/**
 * The port of a sandbox that an address leads to: a pod's own, or on the node's address a host port or a pod of the
 * host's network.
 * @param hostIP an address of the node
 */
export function findPlace(
  sandboxes: readonly PodSandbox[],
  { address, port, protocol }: NetworkTarget,
  hostIP: string,
): PodPlace | undefined {
  const ready = sandboxes.filter(({ state }) => state === 'SANDBOX_READY');
  const own = ready.find(({ ips }) => ips.includes(address));
  if (own !== undefined) return { sandboxId: own.id, port };
  if (address !== hostIP) return undefined;
  for (const { id, hostNetwork, portMappings } of ready) {
    const mapping = portMappings.find(
      (candidate) =>
        candidate.protocol === protocol &&
        (hostNetwork ? candidate.containerPort : candidate.hostPort) === port &&
        ['', '0.0.0.0', address].includes(candidate.hostIp),
    );
    if (mapping !== undefined) return { sandboxId: id, port: mapping.containerPort };
  }
  return undefined;
}
