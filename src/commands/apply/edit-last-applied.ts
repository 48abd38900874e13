import { changeCauseOf, recordChangeCause, recordFlag } from '../../cli/change-cause.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { type EditedObject, editObjects, originalOf } from '../../cli/editing/edit-session.ts';
import { throwFailures } from '../../cli/exit.ts';
import {
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  standardFormats,
  validateFlag,
  windowsLineEndingsFlag,
} from '../../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../../cli/manifest-input.ts';
import { printerOf } from '../../cli/print-objects.ts';
import { loadTargetsToChange } from '../../cli/resource-targets.ts';
import { lastAppliedAnnotation, lastAppliedOf } from '../../patch/last-applied.ts';
import { stringifyGoJson } from '../../apimachinery/go-json.ts';
import { NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { type FieldValidation, parseValidate } from '../../resource/dry-run.ts';
import { allObjectsIn } from '../../resource/manifest-objects.ts';
import { mappingOf, resourceOf } from '../../resource/resource-access.ts';
import { includeUninitializedFlag } from '../../cli/uninitialized-choice.ts';

interface EditLastAppliedOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly format: string;
  readonly validation: FieldValidation;
  readonly fieldManager: string;
  readonly windowsLineEndings: boolean;
  readonly changeCause: string | undefined;
  readonly printer: () => Promise<ObjectPrinter | undefined>;
}

const aboutEditingLastApplied = `# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
`;

/** `apply edit-last-applied`: changes the annotation that apply reads in an editor. */
export const editLastAppliedCommand = defineCommand<EditLastAppliedOptions>({
  path: ['apply', 'edit-last-applied'],
  usage: '(RESOURCE/NAME | -f FILENAME)',
  short: 'Edit latest last-applied-configuration annotations of a resource/object',
  long: 'Change in an editor what objects say that was last applied to them; nothing else of them changes. $KUBE_EDITOR names the editor, else $EDITOR, else it is vi, or notepad on Windows.',
  examples: '  kubectl apply edit-last-applied deployment/web\n  kubectl apply edit-last-applied -f app.yaml -o json',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name the objects'),
    fieldManagerFlag('kubectl-client-side-apply'),
    validateFlag,
    windowsLineEndingsFlag,
    recordFlag,
    includeUninitializedFlag,
  ],
  toOptions(args, flags, context) {
    const input = manifestInput(flags);
    return {
      args,
      input,
      format: flags.string('output'),
      validation: parseValidate(flags.string('validate')),
      fieldManager: flags.string('field-manager'),
      windowsLineEndings: flags.bool('windows-line-endings'),
      changeCause: changeCauseOf(flags, ['apply', 'edit-last-applied'], args),
      printer: () => printerOf(flags, context),
    };
  },
  async run(options, context) {
    const { objects, errors } = await loadTargetsToChange(options, context);
    throwFailures(errors);
    const configurations = await lastConfigurations(objects, context);
    if (configurations.length === 0) {
      throw new CommandError(
        'no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`',
      );
    }
    await editObjects(
      configurations,
      {
        about: aboutEditingLastApplied,
        ...options,
        submit: (edited, originals) => writeAnnotations(edited, originals, options, context),
      },
      context,
    );
  },
});

/** What was last applied to the objects that have the annotation. */
async function lastConfigurations(objects: readonly EditedObject[], context: CommandContext): Promise<EditedObject[]> {
  const mapper = await (await context.cluster.discovery()).mapper();
  return objects.flatMap((live) => {
    const text = lastAppliedOf(live.object);
    if (text === undefined) return [];
    const [first] = allObjectsIn(text, 'edited-file');
    if (first === undefined) return [];
    const { object } = first;
    return [{ ...live, object, mapping: mappingOf(mapper, first), name: object.metadata.name ?? '' }];
  });
}

async function writeAnnotations(
  edited: readonly EditedObject[],
  originals: readonly EditedObject[],
  { fieldManager, validation: fieldValidation, printer, changeCause }: EditLastAppliedOptions,
  context: CommandContext,
): Promise<void> {
  const client = await context.cluster.client();
  const { name: namespace } = await context.cluster.namespace();
  for (const entry of edited) {
    const { object, mapping, name } = entry;
    recordChangeCause(object, changeCause);
    const text = stringifyGoJson(object);
    const isUnchanged = stringifyGoJson((await originalOf(entry, originals)).object) === text;
    if (!isUnchanged) {
      const annotations = { [lastAppliedAnnotation]: `${text}\n` };
      const resource = resourceOf(client, mapping, namespace);
      const patch = stringifyGoJson({ metadata: { annotations } });
      await resource.patch(name, 'application/merge-patch+json', patch, { fieldManager, fieldValidation });
    }
    const operation = isUnchanged ? 'skipped' : 'edited';
    context.streams.out.write(((await printer()) ?? new NamePrinter({ operation })).print(object));
  }
}
