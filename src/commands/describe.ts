import type { Unstructured } from '../apimachinery/object-meta.ts';
import { formatGroupVersion } from '../apimachinery/gvk.ts';
import { hasReason } from '../apimachinery/status.ts';
import { CommandError, defineCommand } from '../cli/command.ts';
import { throwFailures } from '../cli/exit.ts';
import { allNamespacesFlag, chunkSizeFlag, filenameFlags, selectorFlag } from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { loadTargets, resolveTargets, type LoadedTarget } from '../cli/resource-targets.ts';
import { describeObject } from '../describe/describe.ts';
import { resourceOf } from '../resource/resource-access.ts';
import { parseResourceArguments } from '../resource/resource-arguments.ts';
import type { CommandContext } from '../cli/command.ts';

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
  ],
  toOptions(args, flags) {
    const input = manifestInput(flags);
    if (args.length === 0 && input.filenames.length === 0) {
      throw new CommandError(
        'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
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
    const loaded = await loadTargets(
      await resolveTargets({ ...options, all: true, selector: options.selector, fieldSelector: '' }, context),
      context,
    );
    const { objects, errors } = loaded;
    const onlyError = errors.length === 1 ? errors[0] : undefined;
    if (objects.length === 0 && hasReason(onlyError, 'NotFound') && options.args.length === 2) {
      if (await describeByPrefix(options, context)) return;
    }
    await describeAll(objects, options, context);
    throwFailures(errors);
    if (objects.length === 0) {
      const { name } = await context.cluster.namespace();
      context.streams.err.write(
        options.allNamespaces ? 'No resources found\n' : `No resources found in ${name} namespace.\n`,
      );
    }
  },
});

/** Describes the objects of `TYPE PREFIX` whose names begin with it. @returns whether there were any */
async function describeByPrefix(options: DescribeOptions, context: CommandContext): Promise<boolean> {
  const [type = '', prefix = ''] = options.args;
  if (type.includes('/') || prefix.includes('/')) return false;
  const discovery = await context.cluster.discovery();
  const client = await context.cluster.client();
  const namespace = options.allNamespaces ? '' : (await context.cluster.namespace()).name;
  const found: LoadedTarget[] = [];
  let total = 0;
  for (const { mapping } of await discovery.withMapper((mapper) => parseResourceArguments([type], mapper))) {
    const list = await resourceOf(client, mapping, namespace).list();
    total += list.items.length;
    for (const object of list.items) {
      const name = object.metadata.name ?? '';
      if (!name.startsWith(prefix)) continue;
      found.push({ mapping, namespace: object.metadata.namespace ?? '', name, source: '', object });
    }
  }
  const showEvents = options.showEvents && (options.showEventsAsked || total === 1);
  for (const target of found) context.streams.out.write(`${await describeTarget(target, showEvents, context)}\n`);
  return found.length > 0;
}

async function describeTarget(target: LoadedTarget, showEvents: boolean, context: CommandContext): Promise<string> {
  const { gvk } = target.mapping;
  const typed: Unstructured = { ...target.object, apiVersion: formatGroupVersion(gvk), kind: gvk.kind };
  const client = await context.cluster.client();
  return describeObject(typed, { client, showEvents, now: context.clock.now() });
}

async function describeAll(
  targets: readonly LoadedTarget[],
  options: DescribeOptions,
  context: CommandContext,
): Promise<void> {
  const showEvents = options.showEvents && (options.showEventsAsked || targets.length === 1);
  for (const [index, target] of targets.entries()) {
    const text = await describeTarget(target, showEvents, context);
    context.streams.out.write(index === 0 ? text : `\n\n${text}`);
  }
}
