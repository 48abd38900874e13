import type { Duplex } from 'node:stream';
import { connectionPair } from '../cri/connection-pair.ts';
import { findPlace } from '../cri/pod-place.ts';
import type { RuntimeService } from '../cri/runtime.ts';

/**
 * Connects to a port of a pod by its address, where the pods' network is the runtime's own and no route leads to it.
 * @param hostIP the node's own address, where host ports and pods of the host's network are
 * @returns undefined when no pod of this runtime has the address. @throws Error in the words of Go's net when refused
 */
export async function dialPod(
  runtime: RuntimeService,
  address: string,
  port: number,
  hostIP = '',
): Promise<Duplex | undefined> {
  const place = findPlace(await runtime.listPodSandbox(), { address, port, protocol: 'TCP' }, hostIP);
  if (place === undefined) return undefined;
  const [near, far] = connectionPair();
  const refused = runtime.portForward(place.sandboxId, place.port, far).then(
    () => undefined,
    () => new Error(`dial tcp ${address}:${port}: connect: connection refused`),
  );
  // A refusal comes at once; what serves goes on.
  const outcome = await Promise.race([refused, new Promise<void>((resolve) => setImmediate(() => resolve()))]);
  if (outcome instanceof Error) throw outcome;
  void refused.then((failure) => failure && near.destroy(failure));
  return near;
}

/** Sends a datagram to a port of a pod. @returns what comes back; undefined when no pod is there or says anything */
export async function sendDatagram(
  runtime: RuntimeService,
  target: { readonly address: string; readonly port: number },
  payload: Uint8Array,
  hostIP = '',
): Promise<Uint8Array | undefined> {
  const place = findPlace(await runtime.listPodSandbox(), { ...target, protocol: 'UDP' }, hostIP);
  return place === undefined ? undefined : runtime.datagram(place.sandboxId, place.port, payload);
}
