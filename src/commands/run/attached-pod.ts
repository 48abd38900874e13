import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { type CommandContext, CommandError, PlainError } from '../../cli/command.ts';
import type { PodAttacher, PodTerminal } from '../../cli/pod-attacher.ts';
import { waitForObject } from '../../resource/wait-for-object.ts';

/** How a pod that `run` made is followed. */
export interface FollowOptions {
  readonly terminal: PodTerminal;
  /** How long the pod may take to run, and to end after that; milliseconds. */
  readonly timeoutMillis: number;
  /** The restart policy as it was asked for. */
  readonly restartPolicy: string;
  readonly leaveStdinOpen: boolean;
}

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly containerStatuses?: readonly {
    readonly state?: {
      readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string };
    };
  }[];
}

/**
 * Waits until a pod runs, attaches to it and, where it will not start again, waits for its end.
 * @throws PlainError with the exit code of the container; CommandError, WaitTimeoutError
 */
export async function followPod(
  created: Unstructured,
  attach: PodAttacher,
  options: FollowOptions,
  context: CommandContext,
): Promise<void> {
  const { name = '', namespace = '' } = created.metadata;
  const client = await context.cluster.client();
  const pods = client.resource({ group: '', version: 'v1', resource: 'pods' }, namespace);
  const { clock, signal } = context;
  const wait = { clock, signal, timeoutMillis: options.timeoutMillis };
  const started = await waitForObject(pods, name, (pod) => hasEnded(pod) || isReady(pod), wait);
  await attach(started, options.terminal, context);
  const { restartPolicy, leaveStdinOpen } = options;
  if (leaveStdinOpen || (restartPolicy !== 'Never' && restartPolicy !== 'OnFailure')) return;
  const isDone = restartPolicy === 'Never' ? hasEnded : (pod: Unstructured) => statusOf(pod).phase === 'Succeeded';
  const ended = await waitForObject(pods, name, isDone, wait);
  endLike(ended, `pod ${namespace}/${name}`);
}

function statusOf(pod: Unstructured): PodStatus {
  return pod['status'] ?? {};
}

function hasEnded(pod: Unstructured): boolean {
  const { phase } = statusOf(pod);
  return phase === 'Succeeded' || phase === 'Failed';
}

function isReady(pod: Unstructured): boolean {
  const { phase, conditions = [] } = statusOf(pod);
  return phase === 'Running' && conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Ends this program as the container ended. */
function endLike(pod: Unstructured, what: string): void {
  const { phase, containerStatuses = [] } = statusOf(pod);
  if (phase === 'Succeeded') return;
  const terminated = containerStatuses[0]?.state?.terminated;
  const { exitCode = 0, reason = '', message = '' } = terminated ?? {};
  if (exitCode === 0) throw new CommandError(`${what} failed with unknown exit code`);
  throw new PlainError(`${what} terminated (${reason})\n${message}`, exitCode);
}
