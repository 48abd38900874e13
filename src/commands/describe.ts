import { messageOf } from '../apimachinery/error-message.ts';
import { formatGroupVersion } from '../apimachinery/gvk.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import { type CommandContext, CommandError, defineCommand } from '../cli/command.ts';
import { asOneLine } from '../cli/exit.ts';
import { allNamespacesFlag, chunkSizeFlag, filenameFlags, selectorFlag } from '../cli/flags.ts';
import { type ManifestInput, manifestInput, throwCollected } from '../cli/manifest-input.ts';
import {
  type FailedTarget,
  type LoadedTarget,
  type LoadedTargets,
  loadTargets,
  type ResourceTarget,
  resolveTargets,
} from '../cli/resource-targets.ts';
import { describeObject } from '../describe/describe.ts';
import { includeUninitializedFlag } from '../cli/uninitialized-choice.ts';

interface DescribeOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly selector: string;
  readonly allNamespaces: boolean;
  readonly chunkSize: number;
  readonly showEvents: boolean;
  readonly showEventsAsked: boolean;
}

/** `describe`: shows objects in words, with what belongs to them. */
export const describeCommand = defineCommand<DescribeOptions>({
  path: ['describe'],
  usage: '(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)',
  short: 'Show details of a specific resource or group of resources',
  long: 'Show objects in words, with what belongs to them: events, pods, endpoints.\n\nWhere nothing has exactly the name, everything whose name begins with it is shown.',
  examples:
    '  # A pod\n  kubectl describe pods/web\n\n  # All pods whose names begin with web\n  kubectl describe pods web',
  flags: [
    ...filenameFlags('that name what to describe'),
    selectorFlag,
    allNamespacesFlag,
    chunkSizeFlag,
    { name: 'show-events', type: 'bool', default: 'true', description: 'Show the events about each object' },
    includeUninitializedFlag,
  ],
  wantsUninitialized: () => true,
  toOptions(args, flags) {
    const input = manifestInput(flags);
    if (args.length === 0 && input.filenames.length === 0) {
      throw new CommandError(
        'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.\n',
      );
    }
    return {
      args,
      input,
      selector: flags.string('selector'),
      allNamespaces: flags.bool('all-namespaces'),
      chunkSize: flags.int('chunk-size'),
      showEvents: flags.bool('show-events'),
      showEventsAsked: flags.changed('show-events'),
    };
  },
  async run(options, context) {
    const { objects, errors } = await load(options, options.args, context);
    const isOne = errors.length === 0 && objects.length < 2;
    const showEvents = options.showEvents && (options.showEventsAsked || isOne);
    const onlyError = errors.length === 1 ? errors[0] : undefined;
    if (hasReason(onlyError, 'NotFound') && options.args.length === 2) {
      if (!(await describeByPrefix({ ...options, showEvents }, context))) throw onlyError;
      return;
    }
    const failures = [...errors, ...(await describeAll(objects, { ...options, showEvents }, context))];
    if (objects.length === 0 && failures.length === 0) {
      const { name } = await context.cluster.namespace();
      context.streams.err.write(
        options.allNamespaces ? 'No resources found\n' : `No resources found in ${name} namespace.\n`,
      );
    }
    throwCollected(failures);
  },
});

async function load(
  options: DescribeOptions,
  args: readonly string[],
  context: CommandContext,
): Promise<LoadedTargets> {
  const targets = await resolveTargets({ ...options, args, all: true, isServed: true, fieldSelector: '' }, context);
  const isFailed = (target: ResourceTarget | FailedTarget): target is FailedTarget => 'error' in target;
  const failures = targets.filter(isFailed).map(({ error }) => error);
  const found = targets.filter((target) => !isFailed(target));
  const { objects, errors } = await loadTargets(found, context, {
    chunkSize: options.chunkSize,
    manifestsAlone: true,
  });
  // What is wrong with files is one error beside others; what is told of objects is told once.
  const isInput = options.input.filenames.length > 0;
  const told = isInput ? [...new Map(errors.map((error) => [messageOf(error), error])).values()] : errors;
  const isOneLine = failures.length > 1 && told.length > 0;
  return { objects, errors: isOneLine ? [asOneLine(failures), ...told] : [...failures, ...told] };
}

/** Describes the objects of `TYPE PREFIX` whose names begin with it. @returns whether there were any */
async function describeByPrefix(options: DescribeOptions, context: CommandContext): Promise<boolean> {
  const [types = '', prefix = ''] = options.args;
  if (types.includes(',')) throw new CommandError('you may only specify a single resource type');
  const { objects, errors } = await load({ ...options, allNamespaces: false, selector: '' }, [types], context);
  throwCollected(errors);
  const found = objects.filter(({ name }) => name.startsWith(prefix));
  for (const text of startAll(found, options, context)) context.streams.out.write(`${await text()}\n`);
  return found.length > 0;
}

/** Describes objects in their order. @returns what went wrong with some of them, each only once */
async function describeAll(
  targets: readonly LoadedTarget[],
  options: DescribeOptions,
  context: CommandContext,
): Promise<unknown[]> {
  const failures = new Map<string, unknown>();
  let isFirst = true;
  for (const text of startAll(targets, options, context)) {
    try {
      const shown = await text();
      context.streams.out.write(isFirst ? shown : `\n\n${shown}`);
      isFirst = false;
    } catch (error) {
      const message = messageOf(error);
      if (!failures.has(message)) failures.set(message, error);
    }
  }
  return [...failures.values()];
}

/** How many objects are described ahead of the one that is printed. */
const ahead = 16;

/** The descriptions of objects, a few of them under way at a time; each throws when it is asked for. */
function* startAll(
  targets: readonly LoadedTarget[],
  options: DescribeOptions,
  context: CommandContext,
): Generator<() => Promise<string>> {
  const started: Promise<{ readonly text: string } | { readonly error: unknown }>[] = [];
  for (const index of targets.keys()) {
    for (const target of targets.slice(started.length, index + ahead)) {
      started.push(
        describeTarget(target, options, context).then(
          (text) => ({ text }),
          (error: unknown) => ({ error }),
        ),
      );
    }
    yield async () => {
      const outcome = await started[index];
      if (outcome === undefined) return '';
      if ('error' in outcome) throw outcome.error;
      return outcome.text;
    };
  }
}

async function describeTarget(
  { mapping, object }: LoadedTarget,
  { showEvents, chunkSize }: DescribeOptions,
  context: CommandContext,
): Promise<string> {
  const { gvk } = mapping;
  const typed: Unstructured = { ...object, apiVersion: formatGroupVersion(gvk), kind: gvk.kind };
  const client = await context.cluster.client();
  return describeObject(typed, { client, showEvents, chunkSize, now: context.clock.now() });
}
