import { messageOf } from '../apimachinery/error-message.ts';
import { JsonSyntaxError } from '../apimachinery/json-codec.ts';
import { klogText } from '../apimachinery/klog-text.ts';
import { StatusError } from '../apimachinery/status.ts';
import { requestFailure } from '../client/transport-reason.ts';
import { TransportError } from '../client/transport-error.ts';
import { UnrecognizedObjectError } from '../resource/resource-access.ts';
import { klogLine } from '../system/klog.ts';
import { type CommandContext, CommandError, type FlagValues } from './command.ts';
import { AggregateCommandError } from './exit.ts';

/** A command line that failed. */
export interface FailedCommand {
  /** Words of the command's path: `['rollout', 'status']`. */
  readonly path: readonly string[];
  readonly args: readonly string[];
  readonly flags: FlagValues;
  readonly context: CommandContext;
}

/** How often commands ask for the server's kinds that do not find them by their arguments. */
const fixedTries: Readonly<Record<string, number>> = {
  'api-resources': 1,
  'api-versions': 1,
  'cluster-info': 5,
  explain: 2,
  run: 1,
  taint: 2,
  attach: 4,
  debug: 4,
  exec: 4,
  logs: 4,
  'port-forward': 4,
  cordon: 4,
  drain: 4,
  uncordon: 4,
  'certificate approve': 4,
  'certificate deny': 4,
};

const byArguments = new Set(
  'annotate autoscale delete describe edit expose get label patch rollout scale set wait'.split(' '),
);
const byArgumentsBelowApply = new Set(['edit-last-applied', 'view-last-applied']);

/**
 * The real program says each time that it asks for the server's kinds and gets no answer, and it asks several times
 * before it gives up. Says the same of a command that ended so, where the kinds are not kept on the disk.
 * @returns the error that the command ends with
 */
export async function complainOfDiscovery(error: unknown, command: FailedCommand): Promise<unknown> {
  const unrecognized = unrecognizedIn(error);
  if (unrecognized !== undefined) {
    complain(unrecognized.cause, 1, command.context);
    return error;
  }
  // What a command says in words of its own has the failure behind it.
  const failed = error instanceof CommandError ? error.cause : error;
  const isOfRequest =
    failed instanceof TransportError || failed instanceof StatusError || failed instanceof JsonSyntaxError;
  const tries = isOfRequest ? triesOf(command) : 0;
  if (tries === 0) return error;
  const discovery = await command.context.cluster.discovery();
  if (failed === discovery.failure) {
    complain(failed, tries, command.context);
    return error;
  }
  // Commands that need no kinds here ask for them all the same there.
  const isRefused = failed instanceof StatusError && (failed.code === 401 || failed.code >= 500);
  const isUnanswered = failed instanceof TransportError || isRefused;
  if (!isUnanswered) return error;
  try {
    await discovery.mapper();
    return error;
  } catch (failure) {
    complain(failure, tries, command.context);
    return failure;
  }
}

function unrecognizedIn(error: unknown): UnrecognizedObjectError | undefined {
  if (error instanceof UnrecognizedObjectError) return error;
  return error instanceof AggregateCommandError ? unrecognizedIn(error.errors[0]) : undefined;
}

function reasonOf(error: unknown): string {
  if (error instanceof TransportError) return requestFailure(error);
  return messageOf(error);
}

/** Says that the server does not tell its kinds. @param times how often the real program asks for them */
export function complain(error: unknown, times: number, { clock, streams, log }: CommandContext): void {
  const reason = reasonOf(error);
  const text = `"Unhandled Error" err=${klogText(`couldn't get current server API group list: ${reason}`)}`;
  // Short names of kinds are looked for before the last tries, which look for the kind.
  const shortNamesAfter = times === 2 ? 1 : times - 3;
  for (let count = 1; count <= times; count++) {
    streams.err.write(klogLine('E', clock.now(), 'memcache.go:265', text));
    log?.(3, 'cached_discovery.go:120', `skipped caching discovery info due to ${reason}`);
    if (count === shortNamesAfter) log?.(1, 'shortcut.go:103', `Error loading discovery information: ${reason}`);
  }
}

function triesOf({ path, args, flags }: FailedCommand): number {
  const [first = '', second = ''] = path;
  const fixed = fixedTries[path.join(' ')];
  if (fixed !== undefined) return fixed;
  if (first === 'events') return flags.string('for') === '' ? 0 : 2;
  const isByArguments = byArguments.has(first) || (first === 'apply' && byArgumentsBelowApply.has(second));
  const [type] = args;
  if (!isByArguments || type === undefined || (first === 'get' && flags.string('raw') !== '')) return 0;
  if (type.includes('/')) return 4;
  const kinds = type.split(',');
  // `deployments.v1.apps` is looked up as a version and a group, and as a group alone.
  const isVersioned = kinds.some((kind) => kind.split('.').length > 2);
  return 4 + kinds.length + (isVersioned ? 2 : 0);
}
