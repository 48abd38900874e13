import { duplexPair, type Duplex } from 'node:stream';
import type { RuntimeService } from '../cri/runtime.ts';

/**
 * Connects to a port of a pod by its address, where the pods' network is the runtime's own and no route leads to it.
 * @returns undefined when no pod of this runtime has the address. @throws Error in the words of Go's net when refused
 */
export async function dialPod(runtime: RuntimeService, address: string, port: number): Promise<Duplex | undefined> {
  const sandboxes = await runtime.listPodSandbox();
  const sandbox = sandboxes.find(({ state, ips }) => state === 'SANDBOX_READY' && ips.includes(address));
  if (sandbox === undefined) return undefined;
  const [near, far] = duplexPair();
  far.on('error', () => undefined);
  near.on('error', () => undefined);
  const refused = runtime.portForward(sandbox.id, port, far).then(
    () => undefined,
    () => new Error(`dial tcp ${address}:${port}: connect: connection refused`),
  );
  // A refusal comes at once; what serves goes on.
  const outcome = await Promise.race([refused, new Promise<void>((resolve) => setImmediate(() => resolve()))]);
  if (outcome instanceof Error) throw outcome;
  void refused.then((failure) => failure && near.destroy(failure));
  return near;
}
