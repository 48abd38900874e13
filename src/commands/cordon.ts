import { messageOf } from '../apimachinery/error-message.ts';
import { isJsonObject } from '../apimachinery/json.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import {
  type CommandContext,
  type CommandDefinition,
  CommandError,
  defineCommand,
  UsageError,
} from '../cli/command.ts';
import { dryRunFlag, selectorFlag } from '../cli/flags.ts';
import { type LoadedTarget, loadTargets, nothingNamed, resolveTargets } from '../cli/resource-targets.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { resourceOf } from '../resource/resource-access.ts';

interface CordonOptions {
  readonly args: readonly string[];
  readonly selector: string;
  readonly dryRun: DryRun;
}

/** `cordon`: no new pods on a node. */
export const cordonCommand = cordoning('cordon', 'Mark node as unschedulable', true);

/** A command that sets whether nodes take new pods. */
export function cordoning(
  word: 'cordon' | 'uncordon',
  short: string,
  unschedulable: boolean,
): CommandDefinition<CordonOptions> {
  return defineCommand<CordonOptions>({
    path: [word],
    usage: 'NODE',
    short,
    long: `${short}. ${unschedulable ? 'No new pods come onto it; those that run there stay.' : 'New pods come onto it again.'}`,
    examples: `  # One node\n  kubectl ${word} worker-1`,
    flags: [selectorFlag, dryRunFlag],
    toOptions(args, flags, context) {
      const selector = flags.string('selector');
      if (args.length === 0 && !flags.changed('selector')) throw new UsageError(`USAGE: ${word} NODE [flags]`);
      if (args.length > 0 && selector !== '') {
        throw new UsageError('error: cannot specify both a node name and a --selector option');
      }
      const dryRun = dryRunOf(flags, context);
      return { args, selector, dryRun };
    },
    async run({ args, selector, dryRun }, context) {
      await cordonNodes(await loadNodes(args, selector, context), { word, unschedulable, dryRun }, context);
    },
  });
}

/** Sets whether nodes take new pods, says so of each, and goes on after errors, which are told only. */
export async function cordonNodes(
  nodes: readonly LoadedTarget[],
  { word, unschedulable, dryRun }: { readonly word: string; readonly unschedulable: boolean; readonly dryRun: DryRun },
  context: CommandContext,
): Promise<void> {
  for (const node of nodes) {
    const spec = isJsonObject(node.object['spec']) ? node.object['spec'] : {};
    const isAlready = (spec['unschedulable'] === true) === unschedulable;
    try {
      if (!isAlready && dryRun !== 'client') {
        const resource = resourceOf(await context.cluster.client(), node.mapping, node.namespace);
        const patch = { spec: { unschedulable: unschedulable ? true : null } };
        const write = dryRun === 'server' ? { dryRun: 'All' as const } : {};
        await resource.patch(node.name, 'application/strategic-merge-patch+json', patch, write);
      }
    } catch (error) {
      const reason = messageOf(error);
      context.streams.err.write(`error: unable to ${word} node ${goQuote(node.name)}: ${reason}\n`);
      continue;
    }
    const operation = `${isAlready ? 'already ' : ''}${word}ed${dryRunSuffix[dryRun]}`;
    context.streams.out.write(new NamePrinter({ operation }).print(node.object));
  }
}

/** The nodes that names or a selector stand for. @throws CommandError for other kinds, StatusError */
export async function loadNodes(
  args: readonly string[],
  selector: string,
  context: CommandContext,
  chunkSize = 500,
): Promise<readonly LoadedTarget[]> {
  // An empty selector selects nothing: nobody means all nodes by it.
  if (args.length === 0 && selector === '') throw new CommandError(nothingNamed);
  const names = args.map((name) => (name.includes('/') ? name : `nodes/${name}`));
  const targets = await resolveTargets(
    {
      args: args.length === 0 ? ['nodes'] : names,
      input: { filenames: [], recursive: false },
      all: false,
      selector,
      fieldSelector: '',
      allNamespaces: false,
      isTyped: true,
    },
    context,
  );
  const { objects, errors } = await loadTargets(targets, context, { chunkSize });
  if (errors.length > 0) throw errors[0];
  for (const { mapping } of objects) {
    const { group, version, resource } = mapping.gvr;
    if (group !== '' || resource !== 'nodes') {
      throw new CommandError(
        `error: expected resource of type node, got ${goQuote(`${group}/${version}, Resource=${resource}`)}`,
      );
    }
  }
  return objects;
}
