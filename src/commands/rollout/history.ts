import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { Client } from '../../client/client.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { filenameFlags, printFlags, selectorFlag, standardFormats } from '../../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../../cli/manifest-input.ts';
import { throwVisited } from '../../cli/exit.ts';
import { loadTargetsToChange } from '../../cli/resource-targets.ts';
import { typedPrinter } from '../../cli/typed-objects.ts';
import { noWayToSee, type RolloutRevision, rolloutRevisions } from '../../cli/rollout-history.ts';
import { typedShape } from '../../generators/typed-shapes.ts';
import { DescribeText } from '../../describe/describe-text.ts';
import { describePodTemplate } from '../../describe/pod-template.ts';
import { NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';

interface HistoryOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly selector: string;
  readonly revision: number;
  readonly printer: ObjectPrinter | undefined;
  /** Whether the printer is for the revisions and not for the object. */
  readonly printsRevisions: boolean;
}

/** `rollout history`: lists revisions, or shows one. */
export const rolloutHistoryCommand = defineCommand<HistoryOptions>({
  path: ['rollout', 'history'],
  usage: '(TYPE NAME | TYPE/NAME) [flags]',
  short: 'View rollout history',
  long: 'List the revisions that are kept, or show the pod template of one.',
  examples: '  kubectl rollout history deployment/web\n  kubectl rollout history deployment/web --revision=3',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to look at'),
    selectorFlag,
    { name: 'revision', type: 'int64', default: '0', description: 'Show this revision in full.' },
  ],
  async toOptions(args, flags, context) {
    const input = manifestInput(flags);
    if (args.length === 0 && input.filenames.length === 0) throw new CommandError('required resource not specified');
    const revision = flags.int('revision');
    if (revision < 0) throw new CommandError(`revision must be a positive integer: ${revision}`);
    return {
      args,
      input,
      selector: flags.string('selector'),
      revision,
      printer: (await typedPrinter(flags, context)) ?? (flags.changed('output') ? new NamePrinter({}) : undefined),
      // A template without -o shows the object itself, as with the real program.
      printsRevisions: flags.changed('output'),
    };
  },
  async run(options, context) {
    const { objects, errors } = await loadTargetsToChange({ ...options, isTyped: true }, context);
    const client = await context.cluster.client();
    const failures: unknown[] = [];
    for (const { object } of objects) {
      try {
        context.streams.out.write(await historyText(object, options, client));
      } catch (error) {
        failures.push(error);
      }
    }
    throwVisited(failures, errors, options.input.filenames.length > 0);
  },
});

/** @throws CommandError */
async function historyText(object: Unstructured, options: HistoryOptions, client: Client): Promise<string> {
  const { printer, revision } = options;
  const revisions = await rolloutRevisions(object, client);
  if (revisions === undefined) throw new CommandError(noWayToSee('history', 'history viewer', object));
  const wanted = revisions.find(({ number }) => number === revision);
  if (revision > 0 && revisions.length > 0 && wanted === undefined) {
    throw new CommandError('unable to find the specified revision');
  }
  if (printer !== undefined) {
    if (!options.printsRevisions) return printer.print(object);
    return (wanted === undefined ? revisions : [wanted]).map((shown) => printer.print(asOf(shown, object))).join('');
  }
  const name = new NamePrinter({ short: true }).print(object).trimEnd();
  const title = revision > 0 ? `${name} with revision #${revision}` : `${name} `;
  return `${title}\n${wanted === undefined ? listText(revisions) : `${templateText(wanted)}\n`}`;
}

/** What a revision is shown as: the replica set it is, or the object with the template it had then. */
function asOf({ object, template }: RolloutRevision, current: Unstructured): Unstructured {
  if (object.kind === 'ReplicaSet') return typedShape(object);
  const spec = isJsonObject(current['spec']) ? current['spec'] : {};
  return typedShape({ ...current, spec: { ...spec, template: template as unknown as JsonObject } });
}

/** The pod template of a revision, with tabs. */
export function templateText(revision: RolloutRevision): string {
  const text = new DescribeText();
  describePodTemplate(revision.template, text);
  return text.unaligned();
}

function listText(revisions: readonly RolloutRevision[]): string {
  if (revisions.length === 0) return 'No rollout history found.\n';
  const text = new DescribeText();
  text.line(0, 'REVISION\tCHANGE-CAUSE');
  for (const { number, changeCause } of revisions) {
    text.line(0, `${number}\t${changeCause === '' ? '<none>' : changeCause}`);
  }
  return `${text.toString()}\n`;
}
