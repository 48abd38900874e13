import type { Container, EphemeralContainer, Pod } from '../../api/types/core-v1.ts';
import { type CommandContext, CommandError, SilentExit } from '../command.ts';
import { chooseContainerFor, findContainer } from './container-choice.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { canUseTerminal, runSession } from './remote-session.ts';
import { messageOf } from '../../apimachinery/error-message.ts';

/** How the streams of this program are joined to those of a container. */
export interface AttachOptions {
  /** Empty for the pod's default one. */
  readonly container: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
  /** `ctrl-p,ctrl-q`. */
  readonly detachKeys: string;
}

const recordedNotice =
  'All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\n';

/**
 * Attaches to a container that runs, until it ends or the user detaches: for `attach`, `run` and `debug`.
 * @throws CommandError; Error with what the server says
 */
export async function attachToPod(pod: Pod, options: AttachOptions, context: CommandContext): Promise<void> {
  const { streams } = context;
  const container = containerToAttach(pod, options, context);
  const hasTerminal = container.tty === true;
  if (options.tty && !hasTerminal && !options.quiet) {
    streams.err.write(`error: Unable to use a TTY - container ${container.name} did not allocate one\n`);
  }
  const raw = canUseTerminal({ ...options, tty: hasTerminal }, context);
  if (!options.quiet) {
    streams.err.write(recordedNotice);
    streams.err.write("If you don't see a command prompt, try pressing enter.\n");
  }
  await runSession(
    {
      subresource: 'attach',
      pod,
      container: container.name,
      stdin: options.stdin,
      raw,
      ...(raw ? { detachKeys: parseDetachKeys(options.detachKeys) } : {}),
    },
    context,
  );
  if (raw && !options.quiet) streams.out.write(sessionEnded(pod, container.name));
}

function containerToAttach(pod: Pod, options: AttachOptions, context: CommandContext): Container | EphemeralContainer {
  try {
    return chooseContainerFor(pod, options, context);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`cannot attach to the container: ${error.message}`);
  }
}

function sessionEnded(pod: Pod, container: string): string {
  const { name = '', namespace = '' } = pod.metadata;
  const again = `'kubectl attach ${name} -c ${container} -n ${namespace} -i -t'`;
  if (findContainer(pod, container)?.list !== 'ephemeralContainers') {
    return `Session ended, resume using ${again} command\n`;
  }
  return `Session ended, the ephemeral container will not be restarted but may be reattached using ${again} if it is still running\n`;
}

/** Prints what a container has written so far. @throws StatusError */
export async function printLog(pod: Pod, container: string, context: CommandContext): Promise<void> {
  const { showLogs } = await import('./show-logs.ts');
  const { name = '', namespace = '' } = pod.metadata;
  const target = { namespace, pod: name, container, query: { container } };
  const display = { query: { follow: false }, prefix: false, ignoreErrors: false, timeoutMillis: 0 };
  await showLogs([target], display, { ...context, client: await context.cluster.client() });
}

/**
 * Attaches to a pod that has just been made: what was written before is shown first, and of a pod that has ended the
 * log is all. Where attaching fails, the log is shown instead, with a warning.
 */
export async function attachOrShowLog(pod: Pod, options: AttachOptions, context: CommandContext): Promise<void> {
  const { err } = context.streams;
  const name = containerToAttach(pod, { ...options, quiet: true }, context).name;
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    await printLog(pod, name, context);
    return;
  }
  try {
    await printLog(pod, name, context);
  } catch (error) {
    err.write(`warning: couldn't fetch pre-attach logs: ${messageOf(error)}\n`);
  }
  try {
    await attachToPod(pod, options, context);
  } catch (error) {
    if (context.signal.aborted || error instanceof SilentExit) throw error;
    const reason = messageOf(error);
    err.write(
      `warning: couldn't attach to pod/${pod.metadata.name ?? ''}, falling back to streaming logs: ${reason}\n`,
    );
    await printLog(pod, name, context);
  }
}
