import type { Pod } from '../../types/core-v1.ts';

/** Host ports a pod takes on its node: `protocol/ip/port`. */
export function hostPortsOf(pod: Pod): string[] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => port.hostPort !== undefined && port.hostPort > 0)
      .map((port) => `${port.protocol ?? 'TCP'}/${port.hostIP ?? '0.0.0.0'}/${port.hostPort ?? 0}`),
  );
}

/** Whether one of these ports is taken; a port of all addresses is one of each. */
export function isPortTaken(wanted: readonly string[], taken: Iterable<string>): boolean {
  const used = [...taken].map((port) => port.split('/'));
  return wanted
    .map((port) => port.split('/'))
    .some(([protocol, address, port]) =>
      used.some(
        ([usedProtocol, usedAddress, usedPort]) =>
          usedProtocol === protocol &&
          usedPort === port &&
          (usedAddress === address || usedAddress === '0.0.0.0' || address === '0.0.0.0'),
      ),
    );
}
