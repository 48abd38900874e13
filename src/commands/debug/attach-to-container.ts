import type { ContainerStatus, Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { type CommandContext, SilentExit } from '../../cli/command.ts';
import { attachToPod, printLog } from '../../cli/pods/attach.ts';
import { waitForObject } from '../../resource/wait-for-object.ts';

/** How the container is attached to. */
export interface DebugSession {
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
}

/** Waits until a container runs and attaches to it; of one that has ended already the log is shown. */
export async function attachToDebugContainer(
  pod: Pod,
  container: string,
  session: DebugSession,
  context: CommandContext,
): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata;
  const { clock, signal, streams } = context;
  const client = await context.cluster.client();
  const pods = client.resource({ group: '', version: 'v1', resource: 'pods' }, namespace);
  const told = new Set<string>();
  const begun = (seen: Unstructured): boolean => {
    const { state } = statusOf(seen, container) ?? {};
    const waiting = state?.waiting?.message ?? '';
    if (waiting !== '' && !session.quiet && !told.has(waiting)) {
      told.add(waiting);
      streams.err.write(`Warning: container ${container}: ${waiting}\n`);
    }
    return state?.running !== undefined || state?.terminated !== undefined;
  };
  const running: Pod = await waitForObject(pods, name, begun, { clock, signal, timeoutMillis: 0 });
  if (statusOf(running, container)?.state?.terminated !== undefined) {
    await printLog(running, container, context);
    return;
  }
  try {
    await attachToPod(running, { ...session, container, detachKeys: 'ctrl-p,ctrl-q' }, context);
  } catch (error) {
    if (signal.aborted || error instanceof SilentExit) throw error;
    const reason = messageOf(error);
    streams.err.write(`warning: couldn't attach to pod/${name}, falling back to streaming logs: ${reason}\n`);
    await printLog(running, container, context);
  }
}

function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(
    ({ name }) => name === container,
  );
}
