import { equalJson, type JsonObject } from '../apimachinery/json.ts';
import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import { changeCauseOf, recordChangeCause, recordFlag } from '../cli/change-cause.ts';
import { type CommandContext, CommandError, defineCommand } from '../cli/command.ts';
import { type EditedObject, editObjects, type EditResults, originalOf } from '../cli/editing/edit-session.ts';
import { throwFailures } from '../cli/exit.ts';
import {
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  saveConfigFlag,
  standardFormats,
  subresourceFlag,
  validateFlag,
  windowsLineEndingsFlag,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { loadTargetsToChange } from '../cli/resource-targets.ts';
import type { PatchType } from '../client/client.ts';
import { createJsonMergePatch } from '../patch/json-merge-patch.ts';
import { withLastApplied } from '../patch/last-applied.ts';
import { identityUnchanged, requireKeyUnchanged } from '../patch/patch-precondition.ts';
import { stringifyGoJson } from '../apimachinery/go-json.ts';
import { NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { type FieldValidation, parseValidate } from '../resource/dry-run.ts';
import { resourceOf } from '../resource/resource-access.ts';
import { isTypeOfKubernetes } from '../schema-cache/openapi.ts';
import { includeUninitializedFlag } from '../cli/uninitialized-choice.ts';

interface EditOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly format: string;
  readonly outputPatch: boolean;
  readonly saveConfig: boolean;
  readonly changeCause: string | undefined;
  readonly subresource: string;
  readonly validation: FieldValidation;
  readonly fieldManager: string;
  readonly windowsLineEndings: boolean;
  /** A new printer for each object: what separates several has no place here. */
  readonly printer: () => Promise<ObjectPrinter | undefined>;
}

/** What stands above the objects in the editor. */
export const aboutEditing = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

/** `edit`: changes objects of the server in an editor. */
export const editCommand = defineCommand<EditOptions>({
  path: ['edit'],
  usage: '(RESOURCE/NAME | -f FILENAME)',
  short: 'Edit a resource on the server',
  long: 'Fetch objects, have them changed in an editor and send what was changed as a patch. $KUBE_EDITOR names the editor, else $EDITOR, else it is vi, or notepad on Windows. Several objects are edited together, as a list.\n\nWhen the server refuses a change, the editor opens again with its reasons as comments at the top. Changes that could not be saved stay in a temporary file.',
  examples:
    "  # A service\n  kubectl edit svc/web\n\n  # With another editor, as JSON\n  KUBE_EDITOR='code --wait' kubectl edit deployment web -o json\n\n  # Only the status\n  kubectl edit deployment web --subresource=status",
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to edit'),
    fieldManagerFlag('kubectl-edit'),
    { name: 'output-patch', type: 'bool', default: 'false', description: 'Print the patch that is sent' },
    saveConfigFlag,
    subresourceFlag('Edit this subresource of the object'),
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
      outputPatch: flags.bool('output-patch'),
      saveConfig: flags.bool('save-config'),
      changeCause: changeCauseOf(flags, ['edit'], args),
      subresource: flags.string('subresource'),
      validation: parseValidate(flags.string('validate')),
      fieldManager: flags.string('field-manager'),
      windowsLineEndings: flags.bool('windows-line-endings'),
      printer: () => printerOf(flags, context),
    };
  },
  async run(options, context) {
    const { subresource } = options;
    const { objects, errors } = await loadTargetsToChange(options, context, { subresource });
    throwFailures(errors);
    if (objects.length === 0) throw new CommandError('edit cancelled, no objects found');
    await editObjects(
      objects,
      {
        about: aboutEditing,
        ...options,
        submit: (edited, originals, results) => sendChanges(edited, originals, results, options, context),
      },
      context,
    );
  },
});

async function sendChanges(
  edited: readonly EditedObject[],
  originals: readonly EditedObject[],
  results: EditResults,
  options: EditOptions,
  context: CommandContext,
): Promise<void> {
  const client = await context.cluster.client();
  const { out, err } = context.streams;
  const { fieldManager, validation: fieldValidation, subresource } = options;
  for (const entry of edited) {
    const object = options.saveConfig ? withLastApplied(entry.object) : entry.object;
    recordChangeCause(object, options.changeCause);
    const original = await originalOf(entry, originals);
    if (equalJson(original.object, object)) {
      out.write(await shown(object, 'skipped', options));
      continue;
    }
    const { type, patch } = await changeOf(original.object, object, entry.mapping, context);
    const text = stringifyGoJson(patch);
    if (options.outputPatch) out.write(`Patch: ${text}\n`);
    const write = { fieldManager, fieldValidation, ...(subresource === '' ? {} : { subresource }) };
    try {
      const patched = await resourceOf(client, entry.mapping, entry.namespace).patch(entry.name, type, text, write);
      out.write(await shown(patched, 'edited', options));
    } catch (error) {
      err.write(results.add(error, entry));
    }
  }
}

async function shown(object: unknown, operation: string, options: EditOptions): Promise<string> {
  return ((await options.printer()) ?? new NamePrinter({ operation })).print(object);
}

const unchangeable = [...identityUnchanged, requireKeyUnchanged('managedFields')];

/** The patch from one state of an object to another. @throws CommandError when it would become another object */
async function changeOf(
  original: object,
  edited: object,
  { gvk, gvr }: RestMapping,
  context: CommandContext,
): Promise<{ readonly type: PatchType; readonly patch: JsonObject }> {
  const [before, after] = [original as JsonObject, edited as JsonObject];
  const types = await (await context.cluster.openApi()).typesOf(gvr.group, gvr.version);
  const name = types?.nameOf(gvk.group, gvk.version, gvk.kind);
  let type: PatchType = 'application/merge-patch+json';
  let patch: JsonObject;
  if (types !== undefined && name !== undefined && isTypeOfKubernetes(name)) {
    const { createStrategicMergePatch } = await import('../patch/strategic-merge-patch.ts');
    type = 'application/strategic-merge-patch+json';
    patch = createStrategicMergePatch(before, after, types.lookup(name), types);
  } else {
    patch = createJsonMergePatch(before, after);
  }
  if (!unchangeable.every((holds) => holds(patch))) {
    throw new CommandError('At least one of apiVersion, kind and name was changed');
  }
  return { type, patch };
}
