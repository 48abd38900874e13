import { startDeadline } from '../system/deadline.ts';
import { formatGroupVersion } from '../apimachinery/gvk.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { hasReason, StatusError } from '../apimachinery/status.ts';
import type { ResourceClient } from '../client/client.ts';
import { type CommandContext, CommandError, defineCommand } from '../cli/command.ts';
import { throwFailures } from '../cli/exit.ts';
import {
  allNamespacesFlag,
  fieldSelectorFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
  standardFormats,
} from '../cli/flags.ts';
import { type ManifestInput, readInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { loadTargets, nothingNamed, notLocal, type ResourceTarget, resolveTargets } from '../cli/resource-targets.ts';
import { NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { resourceOf } from '../resource/resource-access.ts';
import { parseWaitCondition, type WaitCondition } from '../cli/wait-condition.ts';
import { sleep } from '../system/clock.ts';

interface WaitOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly conditions: readonly WaitCondition[];
  readonly all: boolean;
  readonly allNamespaces: boolean;
  readonly selector: string;
  readonly fieldSelector: string;
  readonly local: boolean;
  readonly timeoutMillis: number;
  readonly printer: ObjectPrinter | undefined;
}

const weekMillis = 7 * 24 * 3_600_000;

/** `wait`: waits until objects are as asked. */
export const waitCommand = defineCommand<WaitOptions>({
  path: ['wait'],
  interruptedExitCode: 1,
  usage:
    "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
  short: 'Wait for a specific condition on one or many resources',
  long: 'Wait until objects have a condition, are there, are gone or have a value at a JSONPath. Several --for are waited for one after the other.',
  examples:
    "  # Until a pod is ready\n  kubectl wait --for=condition=Ready pod/web\n\n  # Until it runs\n  kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web\n\n  # Until it is gone, a minute at most\n  kubectl wait --for=delete pod/web --timeout=60s",
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to wait for')
      .filter(({ name }) => name !== 'kustomize')
      .map((flag) => (flag.name === 'recursive' ? { ...flag, default: 'true' } : flag)),
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    { name: 'all', type: 'bool', default: 'false', description: 'All objects of the kinds, in the namespace' },
    {
      name: 'for',
      type: 'stringArray',
      default: '[]',
      description:
        'What to wait for: create, delete, condition=NAME[=VALUE] or jsonpath=EXPRESSION[=VALUE]; VALUE of a condition is true',
    },
    { name: 'local', type: 'bool', default: 'false', description: 'Look at the manifests; do not ask the server' },
    {
      name: 'timeout',
      type: 'duration',
      default: '30s',
      description: 'How long to wait; 0 looks once, a negative one waits a week',
    },
  ],
  async toOptions(args, flags, context) {
    const asked = flags.list('for');
    if (asked.length === 0) throw new CommandError('unrecognized condition: []');
    const timeout = flags.duration('timeout');
    return {
      args,
      input: { filenames: flags.list('filename'), recursive: flags.bool('recursive') },
      conditions: asked.map(parseWaitCondition),
      all: flags.bool('all'),
      allNamespaces: flags.bool('all-namespaces'),
      selector: flags.string('selector'),
      fieldSelector: flags.string('field-selector'),
      local: flags.bool('local'),
      timeoutMillis: timeout < 0 ? weekMillis : timeout,
      printer: await printerOf(flags, context),
    };
  },
  async run(options, context) {
    if (options.args.length === 0 && options.input.filenames.length === 0) {
      throw new CommandError(nothingNamed);
    }
    const deadline = context.clock.now() + options.timeoutMillis;
    for (const condition of options.conditions) await waitForAll(condition, options, deadline, context);
  },
});

function show(object: Unstructured, options: WaitOptions): string {
  return options.printer?.print(object) ?? new NamePrinter({ operation: 'condition met' }).print(object);
}

async function waitForAll(
  condition: WaitCondition,
  options: WaitOptions,
  deadline: number,
  context: CommandContext,
): Promise<void> {
  if (options.local) {
    if (options.args.length > 0) throw new CommandError(notLocal);
    const read = await readInput(options.input, context);
    for (const { object } of read.objects) {
      if (!condition.holds(object)) {
        throw new CommandError(`condition not met for ${object.kind.toLowerCase()}/${object.metadata.name ?? ''}`);
      }
      context.streams.out.write(show(object, options));
    }
    throwFailures(read.failures);
    return;
  }
  const targets = await resolveTargets({ ...options, namespaceCheck: 'loaded' }, context);
  const loaded = await loadWhenThere(targets, condition, options, deadline, context);
  const failures = loaded.errors.filter((error) => condition.kind !== 'delete' || !hasReason(error, 'NotFound'));
  if (loaded.objects.length === 0 && failures.length === 0) {
    if (condition.kind === 'delete') return;
    throw new CommandError('no matching resources found');
  }
  for (const target of loaded.objects) {
    try {
      if (target.name === '') throw new CommandError('resource name must be provided');
      if (condition.kind !== 'create') await waitForOne(target, condition, options, deadline, context);
      context.streams.out.write(show(target.object, options));
    } catch (error) {
      failures.push(error);
    }
  }
  throwFailures(failures);
}

/** Loads the targets; for `create` again and again until every one is there. */
async function loadWhenThere(
  targets: Awaited<ReturnType<typeof resolveTargets>>,
  condition: WaitCondition,
  options: WaitOptions,
  deadline: number,
  context: CommandContext,
): ReturnType<typeof loadTargets> {
  for (;;) {
    const loaded = await loadTargets(targets, context, { nameless: 'as-given' });
    if (condition.kind !== 'create') return loaded;
    const isThere = loaded.objects.length > 0 && loaded.errors.length === 0;
    const failure = loaded.errors.find((error) => !hasReason(error, 'NotFound'));
    if (isThere || failure !== undefined) return loaded;
    const left = deadline - context.clock.now();
    if (options.timeoutMillis === 0 || left <= 0) throw new CommandError('timed out waiting for the condition');
    if (!(await sleep(context.clock, Math.min(500, left), context.signal))) {
      throw new CommandError('timed out waiting for the condition');
    }
  }
}

interface NamedTarget extends ResourceTarget {
  readonly name: string;
  readonly object: Unstructured;
}

async function waitForOne(
  target: NamedTarget,
  condition: WaitCondition,
  options: WaitOptions,
  deadline: number,
  context: CommandContext,
): Promise<void> {
  const place = `${target.mapping.gvr.resource}/${target.name}`;
  const resource = resourceOf(await context.cluster.client(), target.mapping, target.namespace);
  if (options.timeoutMillis === 0) {
    const { met } = await look(resource, target, condition);
    if (!met) throw new CommandError(`condition not met for ${place}`);
    return;
  }
  if (context.clock.now() >= deadline) {
    // The time is that of all objects together: one that took it leaves none to those behind it, whatever they are like.
    throw new CommandError(
      condition.kind === 'delete'
        ? 'client rate limiter Wait returned an error: context deadline exceeded'
        : `timed out waiting for the condition on ${place}`,
    );
  }
  const time = startDeadline(context.clock, deadline - context.clock.now(), context.signal);
  const { log } = context;
  const followed = log === undefined ? undefined : (await import('../cli/reflector-log.ts')).reflectorLog(log);
  try {
    while (!time.signal.aborted) {
      followed?.started();
      const { met, resourceVersion } = await look(resource, target, condition);
      followed?.populated();
      if (met || (await watchUntil(resource, target, condition, resourceVersion, time.signal))) return;
    }
  } catch (error) {
    if (!time.hasPassed) throw error;
  } finally {
    time.stop();
    followed?.stopped();
  }
  throw new CommandError(`timed out waiting for the condition on ${place}`);
}

/** Looks at the object as it is now. */
async function look(
  resource: ResourceClient,
  target: NamedTarget,
  condition: WaitCondition,
): Promise<{ readonly met: boolean; readonly resourceVersion: string }> {
  const list = await resource.list({ fieldSelector: `metadata.name=${target.name}` });
  const resourceVersion = list.metadata.resourceVersion ?? '';
  const current = typedItem(list.items[0], target);
  if (condition.kind === 'delete') {
    return { met: current === undefined || current.metadata.uid !== target.object.metadata.uid, resourceVersion };
  }
  return { met: current !== undefined && condition.holds(current), resourceVersion };
}

/** An item of a list, which need not say what it is, with its kind. */
function typedItem(item: Unstructured | undefined, { mapping }: NamedTarget): Unstructured | undefined {
  return item === undefined
    ? undefined
    : { ...item, apiVersion: formatGroupVersion(mapping.gvk), kind: mapping.gvk.kind };
}

/** Follows the object until the condition holds. @returns false when the watch ended before */
async function watchUntil(
  resource: ResourceClient,
  target: NamedTarget,
  condition: WaitCondition,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<boolean> {
  const events = resource.watch({ fieldSelector: `metadata.name=${target.name}`, resourceVersion, signal });
  for await (const event of events) {
    if (event.type === 'ERROR') {
      if (event.object.code === 410) return false;
      throw new StatusError(event.object);
    }
    if (event.type === 'BOOKMARK') continue;
    if (event.type === 'DELETED') {
      if (condition.kind === 'delete') return true;
      continue;
    }
    if (
      condition.kind === 'delete'
        ? event.object.metadata.uid !== target.object.metadata.uid
        : condition.holds(typedItem(event.object, target) ?? event.object)
    ) {
      return true;
    }
  }
  return false;
}
