import type { Duplex } from 'node:stream';
import { connectionPair } from '../cri/connection-pair.ts';
import { findPlaces, type MessageProtocol, type PodPlace } from '../cri/pod-place.ts';
import type { RuntimeService } from '../cri/runtime.ts';
import { nextTurn } from '../../system/next-turn.ts';

/** How pods are reached from elsewhere. */
export interface PodRoute {
  /** The node's own address, where host ports and pods of the host's network are. */
  readonly hostIP?: string;
  /** The address of who sends. */
  readonly from?: string;
}

/** What is sent to. */
interface Destination {
  readonly address: string;
  readonly port: number;
}

/**
 * Connects to a port of a pod by its address, where the pods' network is the runtime's own and no route leads to it.
 * @returns undefined when no pod of this runtime has the address. @throws Error in the words of Go's net when refused
 */
export async function dialPod(
  runtime: RuntimeService,
  { address, port }: Destination,
  { hostIP = '', from = '' }: PodRoute = {},
): Promise<Duplex | undefined> {
  const sandboxes = await runtime.listPodSandbox();
  const places = findPlaces(sandboxes, { address, port, protocol: 'TCP' }, hostIP);
  for (const place of places) {
    const connection = await connect(runtime, place, from);
    if (connection !== undefined) return connection;
  }
  if (places.length === 0 || address === hostIP) return undefined;
  throw new Error(`dial tcp ${address}:${port}: connect: connection refused`);
}

/** @returns undefined when it is refused: that comes at once; what serves goes on */
async function connect(runtime: RuntimeService, place: PodPlace, from: string): Promise<Duplex | undefined> {
  const [near, far] = connectionPair(from);
  const refused = runtime.portForward(place.sandboxId, place.port, far).then(
    () => undefined,
    (error: unknown) => error,
  );
  const outcome = await Promise.race([refused, nextTurn()]);
  if (outcome !== undefined) return undefined;
  void refused.then((failure) => failure instanceof Error && near.destroy(failure));
  return near;
}

/**
 * Sends a datagram, or a message over an association of SCTP, to a port of a pod.
 * @returns what comes back; undefined when no pod is there or says anything
 * @throws Error in the words of Go's net when all that may be asked refuse an association
 */
export async function sendDatagram(
  runtime: Pick<RuntimeService, 'listPodSandbox' | 'datagram'>,
  target: Destination,
  payload: Uint8Array,
  { hostIP = '', from = '' }: PodRoute = {},
  protocol: MessageProtocol = 'UDP',
): Promise<Uint8Array | undefined> {
  let isRefused = false;
  for (const place of findPlaces(await runtime.listPodSandbox(), { ...target, protocol }, hostIP)) {
    try {
      const answer = await runtime.datagram(place.sandboxId, place.port, payload, from, protocol);
      if (answer !== undefined) return answer;
      if (protocol === 'SCTP') return undefined;
    } catch (error) {
      // Datagrams are not refused: that is another trouble.
      if (protocol !== 'SCTP') throw error;
      isRefused = true;
    }
  }
  if (!isRefused) return undefined;
  const { address, port } = target;
  throw new Error(`dial ${protocol.toLowerCase()} ${address}:${port}: connect: connection refused`);
}
