import { messageOf } from '../../apimachinery/error-message.ts';
import { klogText } from '../../apimachinery/klog-text.ts';
import type { PortForward } from '../../client/streams/port-forward.ts';
import { type CommandContext, CommandError } from '../../cli/command.ts';
import { klogLine } from '../../system/klog.ts';
import { isCtrlC } from '../../system/signals.ts';
import { listenTcp, type TcpListener } from '../../system/tcp-listener.ts';
import type { ForwardedPort, ListenAddress } from './forwarded-ports.ts';

/**
 * Listens on the local ports and carries what comes, until the program is interrupted (which is no error).
 * @throws CommandError when no port can be listened on, or the way to the pod is lost
 */
export async function forwardPorts(
  way: PortForward,
  addresses: readonly ListenAddress[],
  ports: readonly ForwardedPort[],
  context: CommandContext,
): Promise<void> {
  const { streams, signal } = context;
  const listeners: TcpListener[] = [];
  try {
    let isListening = false;
    for (const port of ports) {
      const problems = await listenOnPort(way, addresses, port, listeners, context);
      if (problems === '') isListening = true;
      else streams.err.write(`Unable to listen on port ${port.local}: ${problems}\n`);
    }
    if (!isListening) {
      const asked = ports.map(({ local, remote }) => `{${local} ${remote}}`).join(' ');
      throw new CommandError(`unable to listen on any of the requested ports: [${asked}]`);
    }
    const interrupted = new Promise<boolean>((resolve) => {
      if (signal.aborted) resolve(true);
      signal.addEventListener('abort', () => resolve(true), { once: true });
    });
    const isInterrupted = await Promise.race([interrupted, way.closed.then(() => false)]);
    if (!isInterrupted) throw new CommandError('lost connection to pod');
    // Only Ctrl-C is waited for by the real program; what else ends it is no success.
    if (!isCtrlC(signal)) throw new CommandError('interrupted');
  } finally {
    for (const listener of listeners) listener.close();
    way.close();
  }
}

/** @returns what went wrong; empty when it is listened on. */
async function listenOnPort(
  way: PortForward,
  addresses: readonly ListenAddress[],
  port: ForwardedPort,
  listeners: TcpListener[],
  { streams, clock }: CommandContext,
): Promise<string> {
  const problems: string[] = [];
  const failed = { localhost: 0, others: 0 };
  let localhost = 0;
  let local = port.local;
  for (const { address, protocol, isLocalhost } of addresses) {
    const shown = protocol === 'tcp6' ? `[${address}]` : address;
    try {
      const listener = await listenTcp(address, local, (connection) => {
        streams.out.write(`Handling connection for ${local}\n`);
        way.carry(port.remote, connection).catch((error: unknown) => {
          const reason = messageOf(error);
          const text = klogText(`an error occurred forwarding ${local} -> ${port.remote}: ${reason}`);
          const line = `"Unhandled Error" err=${text}`;
          streams.err.write(klogLine('E', clock.now(), 'portforward.go:522', line));
          // The way may be of no use any more, so it is given up, as the real program does.
          way.close();
        });
      });
      listeners.push(listener);
      local = listener.port;
      streams.out.write(`Forwarding from ${shown}:${local} -> ${port.remote}\n`);
      if (isLocalhost) localhost++;
    } catch (error) {
      problems.push(`unable to create listener: Error listen ${protocol} ${shown}:${local}: ${bindProblem(error)}`);
      if (isLocalhost) failed.localhost++;
      else failed.others++;
    }
  }
  const isFailure = (localhost === 0 && failed.localhost > 0) || failed.others > 0;
  return isFailure ? `Listeners failed to create with the following errors: [${problems.join(' ')}]` : '';
}

const bindProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'bind: address already in use',
  EACCES: 'bind: permission denied',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EAFNOSUPPORT: 'socket: address family not supported by protocol',
};

/** In the words of Go's net. */
function bindProblem(error: unknown): string {
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  return bindProblems[code] ?? message;
}
