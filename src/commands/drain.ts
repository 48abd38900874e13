import { LabelSelectorError, parseLabelSelector } from '../apimachinery/labels.ts';
import { CommandError, defineCommand, PlainError, UsageError } from '../cli/command.ts';
import { chunkSizeFlag, dryRunFlag, selectorFlag } from '../cli/flags.ts';
import type { LoadedTarget } from '../cli/resource-targets.ts';
import { printWarning } from '../cli/warnings.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { cordonNodes, loadNodes } from './cordon.ts';
import { aggregateText, DrainError, type Drainer, removePods } from './drain/remove-pods.ts';
import { podsToRemove } from './drain/pods-to-remove.ts';

interface DrainOptions extends Omit<Drainer, 'context' | 'client'> {
  readonly args: readonly string[];
  readonly selector: string;
  readonly dryRun: DryRun;
}

/** `drain`: takes the pods off nodes. */
export const drainCommand = defineCommand<DrainOptions>({
  path: ['drain'],
  usage: 'NODE',
  short: 'Drain node in preparation for maintenance',
  long:
    'Let no new pods onto nodes, and take off those that are there: they are evicted, which heeds disruption budgets, or deleted with --disable-eviction. The command ends when they are gone; kubectl uncordon takes the node back into use.\n\n' +
    'Pods of daemon sets stay, for they would come back at once; with them on a node --ignore-daemonsets must be given. Pods that nobody would replace need --force, and those with data in an emptyDir need --delete-emptydir-data. Static pods stay.',
  examples:
    '  # Whatever nobody would replace is lost\n  kubectl drain worker-1 --ignore-daemonsets --force\n\n' +
    '  # A quarter of an hour for each pod to end\n  kubectl drain worker-1 --grace-period=900',
  flags: [
    selectorFlag,
    chunkSizeFlag,
    dryRunFlag,
    {
      name: 'delete-emptydir-data',
      type: 'bool',
      default: 'false',
      description: 'Also pods with an emptyDir, whose data is lost then.',
    },
    {
      name: 'disable-eviction',
      type: 'bool',
      default: 'false',
      description: 'Delete the pods, whatever disruption budgets say.',
    },
    { name: 'force', type: 'bool', default: 'false', description: 'Also pods that no controller would replace.' },
    {
      name: 'grace-period',
      type: 'int',
      default: '-1',
      description: 'Seconds each pod has to end; negative for its own.',
    },
    { name: 'ignore-daemonsets', type: 'bool', default: 'false', description: 'Leave the pods of daemon sets.' },
    { name: 'pod-selector', type: 'string', default: '', description: 'Only pods with these labels.' },
    {
      name: 'skip-wait-for-delete-timeout',
      type: 'int',
      default: '0',
      description: 'Do not wait for pods that should have been gone for more than this many seconds; 0 for always.',
    },
    { name: 'timeout', type: 'duration', default: '0s', description: 'How long to try; 0 for as long as it takes.' },
  ],
  toOptions(args, flags, context) {
    const selector = flags.string('selector');
    if (args.length === 0 && !flags.changed('selector')) throw new UsageError('USAGE: drain NODE [flags]');
    if (args.length > 0 && selector !== '') {
      throw new UsageError('error: cannot specify both a node name and a --selector option');
    }
    const dryRun = dryRunOf(flags, context);
    const podSelector = flags.string('pod-selector');
    checkSelector(podSelector);
    return {
      args,
      selector,
      dryRun,
      podSelector,
      chunkSize: flags.int('chunk-size'),
      force: flags.bool('force'),
      ignoreDaemonSets: flags.bool('ignore-daemonsets'),
      deleteEmptyDirData: flags.bool('delete-emptydir-data'),
      disableEviction: flags.bool('disable-eviction'),
      gracePeriodSeconds: flags.int('grace-period'),
      timeoutMillis: flags.duration('timeout'),
      skipAfterSeconds: flags.int('skip-wait-for-delete-timeout'),
    };
  },
  async run(options, context) {
    const nodes = await loadNodes(options.args, options.selector, context, options.chunkSize);
    await cordonNodes(nodes, { word: 'cordon', unschedulable: true, dryRun: options.dryRun }, context);
    const drainer: Drainer = { ...options, context, client: await context.cluster.client() };
    const { out, err } = context.streams;
    const failed: { readonly name: string; readonly error: DrainError }[] = [];
    for (const node of nodes) {
      try {
        await drainOne(node, drainer);
        out.write(new NamePrinter({ operation: `drained${dryRunSuffix[options.dryRun]}` }).print(node.object));
      } catch (error) {
        const problem = DrainError.of(error);
        err.write(
          `error: unable to drain node "${node.name}" due to error: ${problem.message}, continuing command...\n`,
        );
        failed.push({ name: node.name, error: problem });
      }
    }
    if (failed.length === 0) return;
    err.write(`There are pending nodes to be drained:\n${failed.map(({ name }) => ` ${name}\n`).join('')}`);
    end(failed.map(({ error }) => error));
  },
});

function checkSelector(selector: string): void {
  try {
    parseLabelSelector(selector);
  } catch (error) {
    if (!(error instanceof LabelSelectorError)) throw error;
    throw new CommandError('--pod-selector=<pod_selector> must be a valid label selector');
  }
}

/** Several reasons are told each on a line of its own; one that came alone as other errors are. */
function end(errors: readonly DrainError[]): never {
  const [only, ...others] = errors;
  if (only !== undefined && only.reasons === undefined && others.length === 0) {
    throw only.cause ?? new CommandError(only.message);
  }
  const lines = others.length > 0 ? errors.map(({ message }) => message) : (only?.reasons ?? []);
  throw new PlainError(lines.join('\n'));
}

async function drainOne(node: LoadedTarget, drainer: Drainer): Promise<void> {
  const { streams } = drainer.context;
  const found = await podsToRemove(node.name, drainer);
  if (found.errors.length > 0) throw new DrainError(found.errors);
  if (found.warnings !== '') printWarning(found.warnings, drainer.context);
  if (drainer.dryRun === 'client') {
    for (const { metadata } of found.pods) {
      streams.out.write(`evicting pod ${metadata.namespace ?? ''}/${metadata.name ?? ''} (dry run)\n`);
    }
    return;
  }
  try {
    await removePods(found.pods, drainer);
  } catch (error) {
    await tellPending(node.name, DrainError.of(error), drainer);
    throw error;
  }
}

async function tellPending(node: string, { message }: DrainError, drainer: Drainer): Promise<void> {
  const { err } = drainer.context.streams;
  const pending = await podsToRemove(node, drainer);
  if (pending.pods.length > 0) {
    err.write(`There are pending pods in node "${node}" when an error occurred: ${message}\n`);
    for (const { metadata } of pending.pods) err.write(`pod/${metadata.name ?? ''}\n`);
  }
  if (pending.errors.length > 0) {
    const problems = aggregateText(pending.errors);
    err.write(`Following errors occurred while getting the list of pods to delete:\n${problems}`);
  }
}
