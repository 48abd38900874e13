import { formatGroupVersion } from '../../apimachinery/gvk.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { throwVisited } from '../../cli/exit.ts';
import { dryRunFlag, filenameFlags, printFlags, selectorFlag, standardFormats } from '../../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../../cli/manifest-input.ts';
import { printerOf } from '../../cli/print-objects.ts';
import { type LoadedTarget, loadTargetsToChange } from '../../cli/resource-targets.ts';
import {
  annotationsAfterRollback,
  hasTemplateOf,
  type RolloutRevision,
  noWayToSee,
  rolloutRevisions,
  withoutHash,
} from '../../cli/rollout-history.ts';
import { dryRunSuffix, NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import type { DryRun } from '../../resource/dry-run.ts';
import { dryRunOf } from '../../cli/dry-run-flag.ts';
import { resourceOf } from '../../resource/resource-access.ts';
import { templateText } from './history.ts';
import { lastAppliedAnnotation } from '../../patch/last-applied.ts';

interface UndoOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly selector: string;
  readonly toRevision: number;
  readonly dryRun: DryRun;
  /** Made when something is printed: a wrong format is told after what went wrong before. */
  readonly makePrinter: () => Promise<ObjectPrinter | undefined>;
}

/** `rollout undo`: goes back to a revision. */
export const rolloutUndoCommand = defineCommand<UndoOptions>({
  path: ['rollout', 'undo'],
  usage: '(TYPE NAME | TYPE/NAME) [flags]',
  short: 'Undo a previous rollout',
  long: 'Go back to the revision before, or to the one that --to-revision names.',
  examples: '  kubectl rollout undo deployment/web\n  kubectl rollout undo daemonset/agent --to-revision=3',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to take back'),
    selectorFlag,
    dryRunFlag,
    {
      name: 'to-revision',
      type: 'int64',
      default: '0',
      description: 'The revision to go back to; 0 for the last one.',
    },
  ],
  async toOptions(args, flags, context) {
    const input = manifestInput(flags);
    if (args.length === 0 && input.filenames.length === 0) throw new CommandError('required resource not specified');
    return {
      args,
      input,
      selector: flags.string('selector'),
      toRevision: flags.int('to-revision'),
      dryRun: dryRunOf(flags, context),
      makePrinter: () => printerOf(flags, context),
    };
  },
  async run(options, context) {
    const { objects, errors } = await loadTargetsToChange({ ...options, isTyped: true }, context);
    const failures: unknown[] = [];
    for (const target of objects) {
      try {
        await undoOne(target, options, context);
      } catch (error) {
        failures.push(error);
      }
    }
    throwVisited(failures, errors, options.input.filenames.length > 0);
  },
});

async function undoOne(target: LoadedTarget, options: UndoOptions, context: CommandContext): Promise<void> {
  const { object, mapping, name } = target;
  if (object.metadata.annotations?.[lastAppliedAnnotation] !== undefined) {
    context.streams.err.write(
      `Warning: resource ${mapping.gvr.resource}/${name} was previously managed with 'kubectl apply'. Rolling back will not update the ${lastAppliedAnnotation} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`,
    );
  }
  const client = await context.cluster.client();
  const typed = { ...object, apiVersion: formatGroupVersion(mapping.gvk), kind: mapping.gvk.kind };
  const revisions = await rolloutRevisions(typed, client);
  if (revisions === undefined) throw new CommandError(noWayToSee('rollbacker', 'rollbacker', typed));
  const revision = chooseRevision(target, revisions, options.toRevision);
  const show = async (operation: string): Promise<void> => {
    const printer = (await options.makePrinter()) ?? new NamePrinter({ operation });
    context.streams.out.write(printer.print(object));
  };
  if (options.dryRun === 'client') {
    await show(`${plannedRollback(mapping.gvk.kind, revision)} (dry run)`);
    return;
  }
  const { spec } = object as { readonly spec?: { readonly paused?: boolean } };
  if (spec?.paused === true) {
    throw new CommandError(
      "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
    );
  }
  if (hasTemplateOf(object, revision)) {
    await show(`skipped rollback (current template already matches revision ${revision.number})`);
    return;
  }
  const resource = resourceOf(client, mapping, target.namespace);
  const write = options.dryRun === 'server' ? { dryRun: 'All' as const } : {};
  if (mapping.gvk.kind === 'Deployment') {
    const { template } = revision.object['spec'] as { readonly template?: unknown };
    const patch = [
      { op: 'replace', path: '/spec/template', value: withoutHash(template) },
      { op: 'replace', path: '/metadata/annotations', value: annotationsAfterRollback(object, revision) },
    ];
    await resource.patch(name, 'application/json-patch+json', patch, write);
  } else {
    await resource.patch(name, 'application/strategic-merge-patch+json', revision.object['data'], write);
  }
  await show(`rolled back${dryRunSuffix[options.dryRun]}`);
}

/** What a dry run says that there would be. */
function plannedRollback(kind: string, revision: RolloutRevision): string {
  if (kind !== 'Deployment') return `will roll back to ${templateText(revision)}`;
  // The cause of a change is shown in the history alone.
  const { template = {} } = revision.object['spec'] as { readonly template?: RolloutRevision['template'] };
  return templateText({ ...revision, template });
}

function chooseRevision(
  { mapping, name }: LoadedTarget,
  revisions: readonly RolloutRevision[],
  wanted: number,
): RolloutRevision {
  const found = wanted === 0 ? revisions.at(-2) : revisions.find(({ number }) => number === wanted);
  if (found !== undefined) return found;
  if (wanted !== 0) throw new CommandError(`unable to find specified revision ${wanted} in history`);
  throw new CommandError(
    mapping.gvk.kind === 'Deployment'
      ? `no rollout history found for deployment "${name}"`
      : 'no last revision to roll back to',
  );
}
