import type { PodSandbox } from './runtime.ts';

/** What is sent as messages: datagrams, or over associations of SCTP that are made for one message each. */
export type MessageProtocol = 'UDP' | 'SCTP';

/** Where something is sent. */
export interface NetworkTarget {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'TCP' | MessageProtocol;
}

/** A port of a sandbox. */
export interface PodPlace {
  readonly sandboxId: string;
  readonly port: number;
}

/**
 * The ports of sandboxes that an address may lead to, the likeliest first: a pod's own, or on the node's address a host
 * port or a pod of the host's network, of which it is not known here on what it listens.
 * @param hostIP an address of the node
 */
export function findPlaces(
  sandboxes: readonly PodSandbox[],
  { address, port, protocol }: NetworkTarget,
  hostIP: string,
): PodPlace[] {
  const ready = sandboxes.filter(({ state }) => state === 'SANDBOX_READY');
  const own = ready.find(({ ips }) => ips.includes(address));
  if (own !== undefined) return [{ sandboxId: own.id, port }];
  if (address !== hostIP) return [];
  const mapped = ready.flatMap(({ id, hostNetwork, portMappings }) => {
    const mapping = portMappings.find(
      (candidate) =>
        candidate.protocol === protocol &&
        (hostNetwork ? candidate.containerPort : candidate.hostPort) === port &&
        ['', '0.0.0.0', address].includes(candidate.hostIp),
    );
    return mapping === undefined ? [] : [{ sandboxId: id, port: mapping.containerPort }];
  });
  const others = ready.filter(
    ({ id, hostNetwork }) => hostNetwork && !mapped.some(({ sandboxId }) => sandboxId === id),
  );
  return [...mapped, ...others.map(({ id }) => ({ sandboxId: id, port }))];
}
