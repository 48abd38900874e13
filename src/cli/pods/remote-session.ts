import type { Pod } from '../../api/types/core-v1.ts';
import { resourcePath } from '../../apimachinery/gvk.ts';
import type { Query } from '../../client/client.ts';
import { ExitCodeError } from '../../client/streams/exit-code-error.ts';
import type { CommandStreams, CommandWorld, TerminalSize } from '../../client/streams/remote-command.ts';
import { type CommandContext, SilentExit } from '../command.ts';
import { type DetachKeys, untilDetached } from './detach-keys.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/** An exec or attach with this program's streams. */
export interface RemoteSession {
  readonly subresource: 'exec' | 'attach';
  readonly pod: Pod;
  readonly container: string;
  readonly command?: readonly string[];
  readonly stdin: boolean;
  /** The terminal is the container's: each key goes there, and errors come with the output. */
  readonly raw: boolean;
  /** Keys that end the session, with `raw`. */
  readonly detachKeys?: DetachKeys;
}

/** Whether a terminal can be had as it is asked for; says so where not. */
export function canUseTerminal(
  wanted: { readonly stdin: boolean; readonly tty: boolean; readonly quiet: boolean },
  { streams }: CommandContext,
): boolean {
  if (!wanted.stdin || !wanted.tty) return false;
  if (streams.in.isTerminal) return true;
  if (!wanted.quiet) {
    streams.err.write('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  }
  return false;
}

/**
 * Runs a command in a container with streams of the caller's.
 * @throws ExitCodeError; Error with what the server says
 */
export async function runInContainer(
  pod: Pod,
  container: string,
  command: readonly string[],
  near: Omit<CommandStreams, 'tty' | 'resize'>,
  context: CommandContext,
): Promise<void> {
  const { runRemoteCommand } = await import('../../client/streams/remote-command.ts');
  const { name = '', namespace = '' } = pod.metadata;
  const path = resourcePath(podsResource, namespace, name, 'exec');
  const on = (stream: unknown): true | undefined => (stream === undefined ? undefined : true);
  const { stdin, stdout, stderr } = near;
  const query = { container, command, stdin: on(stdin), stdout: on(stdout), stderr: on(stderr) };
  const client = await context.cluster.client();
  await runRemoteCommand({ path, query }, { ...near, tty: false }, { client, ...worldOf(context) });
}

function worldOf({ clock, signal, env, log }: CommandContext): Omit<CommandWorld, 'client'> {
  const withoutWebSocket = env['KUBECTL_REMOTE_COMMAND_WEBSOCKETS']?.toLowerCase() === 'false';
  return { clock, signal, withoutWebSocket, ...(log === undefined ? {} : { log }) };
}

/**
 * Runs a session until the container ends it; the terminal is as before then.
 * @throws SilentExit with the exit code of the command, after it was told; Error with what the server says
 */
export async function runSession(session: RemoteSession, context: CommandContext): Promise<void> {
  const { subresource, pod, container, command, stdin, raw } = session;
  const { runRemoteCommand } = await import('../../client/streams/remote-command.ts');
  const { streams } = context;
  const { name = '', namespace = '' } = pod.metadata;
  const path = resourcePath(podsResource, namespace, name, subresource);
  const on = (isOn: boolean): true | undefined => (isOn ? true : undefined);
  const query: Query = {
    container,
    command,
    stdin: on(stdin),
    stdout: true,
    stderr: on(!raw),
    tty: on(raw),
  };
  const terminal = raw ? new TerminalMode(context, subresource === 'attach') : undefined;
  const write = (output: typeof streams.out) => (chunk: Uint8Array) => {
    output.write(chunk);
    return output.flush();
  };
  const keys = stdin ? streams.in.chunks() : undefined;
  const near: CommandStreams = {
    ...(keys === undefined
      ? {}
      : { stdin: session.detachKeys === undefined ? keys : untilDetached(keys, session.detachKeys) }),
    stdout: write(streams.out),
    ...(raw ? {} : { stderr: write(streams.err) }),
    tty: raw,
    ...(terminal === undefined ? {} : { resize: terminal.sizes() }),
  };
  let exitCode: number | undefined;
  try {
    const client = await context.cluster.client();
    await runRemoteCommand({ path, query }, near, { client, ...worldOf(context) });
  } catch (error) {
    if (!(error instanceof ExitCodeError)) throw error;
    exitCode = error.exitCode;
  } finally {
    terminal?.restore();
    if (stdin) streams.in.close();
  }
  if (exitCode === undefined) return;
  streams.err.write(`command terminated with exit code ${exitCode}\n`);
  throw new SilentExit(exitCode);
}

/** A terminal that gives every key away, and tells how large it is. */
class TerminalMode {
  readonly #context: CommandContext;
  readonly #sizes: TerminalSize[] = [];
  readonly #stopWatching: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #ended = false;

  /** @param redraws begins with another size, so that the program on the screen draws it anew */
  constructor(context: CommandContext, redraws: boolean) {
    this.#context = context;
    context.streams.in.setRawMode(true);
    let isFirst = redraws;
    this.#stopWatching = context.streams.out.watchSize?.((size) => {
      if (isFirst) this.#sizes.push({ width: size.width + 1, height: size.height + 1 });
      isFirst = false;
      this.#sizes.push(size);
      this.#wake?.();
    });
  }

  async *sizes(): AsyncGenerator<TerminalSize> {
    while (!this.#ended) {
      const size = this.#sizes.shift();
      if (size !== undefined) {
        yield size;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  restore(): void {
    this.#ended = true;
    this.#wake?.();
    this.#stopWatching?.();
    this.#context.streams.in.setRawMode(false);
  }
}
