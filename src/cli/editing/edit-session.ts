import { messageOf } from '../../apimachinery/error-message.ts';
import { formatGroupResource } from '../../apimachinery/gvk.ts';
import type { KubeObject, Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import { createPrinter, hasKyaml, noCompatiblePrinter } from '../../printers/print-flags.ts';
import type { FieldValidation } from '../../resource/dry-run.ts';
import { ManifestFileError, allObjectsIn } from '../../resource/manifest-objects.ts';
import { mappingOf, UnknownKindError } from '../../resource/resource-access.ts';
import { type CommandContext, CommandError, SilentExit } from '../command.ts';
import { commentedLines, contentOf, hasContent, withCarriageReturns, withoutCommentLines } from './edited-text.ts';
import { validateEditedText } from './edited-text-validation.ts';
import { type EditedFile, editTemporaryFile } from './editor.ts';

/** One object that is being edited, with where it lives. */
export interface EditedObject {
  readonly object: Unstructured;
  readonly mapping: RestMapping;
  readonly namespace: string;
  readonly name: string;
}

/** How a session goes on with what was edited. */
export interface EditSession {
  /** The comment above the objects, each line with its end. */
  readonly about: string;
  /** `json`, `yaml` or `kyaml`; empty for YAML. */
  readonly format: string;
  readonly windowsLineEndings: boolean;
  readonly validation: FieldValidation;
  /** Does with the edited objects what the command is for; what the server refuses goes to the results. */
  submit(edited: readonly EditedObject[], originals: readonly EditedObject[], results: EditResults): Promise<void>;
}

/** Why a file is to be edited again. */
interface EditReason {
  readonly head: string;
  readonly causes: readonly string[];
}

/** What became of the objects of one pass through the editor. */
export class EditResults {
  readonly reasons: EditReason[] = [];
  /** Something may be sent again as it is. */
  mayRetry = false;
  /** Something is no longer on the server. */
  isGone = false;

  /** Takes down an error. @returns the line that tells of it */
  add(error: unknown, { mapping, name }: EditedObject): string {
    const about = `${formatGroupResource(mapping.gvr)} ${JSON.stringify(name)}`;
    if (error instanceof StatusError && error.reason === 'Invalid') {
      const causes = (error.status.details?.causes ?? []).map(({ field = '', message = '' }) => `${field}: ${message}`);
      this.reasons.push({ head: `${about} was not valid`, causes });
      return `error: ${about} is invalid\n`;
    }
    if (hasReason(error, 'NotFound')) {
      this.isGone = true;
      return `error: ${about} could not be found on the server\n`;
    }
    this.mayRetry = true;
    return `error: ${about} could not be patched: ${messageOf(error)}\n`;
  }
}

/**
 * Has objects edited, until they are accepted or given up: a file that cannot be read or is refused comes again with
 * the reasons above it. Files with changes that could not be used are kept.
 * @throws CommandError, SilentExit
 */
export async function editObjects(
  originals: readonly EditedObject[],
  session: EditSession,
  context: CommandContext,
): Promise<void> {
  const shown = await textOf(originals, session, context);
  let results = new EditResults();
  let last: EditedFile | undefined;
  for (;;) {
    const isAgain = results.reasons.length > 0;
    const head = session.format === 'json' ? '' : headOf(session, results);
    const text = isAgain && last !== undefined ? `${head}${withoutCommentLines(last.text)}` : `${head}${shown}`;
    const file: EditedFile = await editTemporaryFile(
      text,
      session.format === 'json' ? '.json' : '.yaml',
      context,
    ).catch((error: unknown) => keeping(last, error, context));
    if (isAgain && last !== undefined && contentOf(last.text) === contentOf(file.text)) {
      return keeping(file, new CommandError('Edit cancelled, no valid changes were saved.'), context);
    }
    if (last !== undefined) await context.files.remove(last.path);
    last = file;
    results = new EditResults();
    try {
      if (await isDone(file, shown, originals, session, results, context)) return;
    } catch (error) {
      if (error instanceof SilentExit) throw error;
      return keeping(file, error, context);
    }
  }
}

/** Takes one edited file as far as it goes. @returns whether nothing is left to be edited again */
async function isDone(
  file: EditedFile,
  shown: string,
  originals: readonly EditedObject[],
  session: EditSession,
  results: EditResults,
  context: CommandContext,
): Promise<boolean> {
  const { err } = context.streams;
  const [first] = originals;
  const problem = await validateEditedText(file.text, session.validation, context);
  if (problem !== undefined && first !== undefined) {
    err.write(results.add(failedValidation(problem), first));
    return false;
  }
  const reasonToStop = hasContent(file.text) ? 'no changes made' : 'saved file was empty';
  if (contentOf(file.text) === contentOf(shown) || !hasContent(file.text)) {
    await context.files.remove(file.path);
    err.write(`Edit cancelled, ${reasonToStop}.\n`);
    return true;
  }
  const edited = await readEdited(file.text, originals, context);
  if (typeof edited === 'string') {
    results.reasons.push({ head: `The edited file had a syntax error: ${edited}`, causes: [] });
    return false;
  }
  await session.submit(edited, originals, results);
  if (results.mayRetry) {
    err.write(`You can run \`kubectl replace -f ${file.path}\` to try this update again.\n`);
    throw new SilentExit(1);
  }
  if (results.isGone) {
    err.write(`The edits you made on deleted resources have been saved to ${JSON.stringify(file.path)}\n`);
    throw new SilentExit(1);
  }
  if (results.reasons.length > 0) return false;
  await context.files.remove(file.path);
  return true;
}

/** Tells where the changes are kept, and ends with the error. */
async function keeping(file: EditedFile | undefined, error: unknown, context: CommandContext): Promise<never> {
  if (file !== undefined && (await context.files.exists(file.path))) {
    context.streams.err.write(`A copy of your changes has been stored to ${JSON.stringify(file.path)}\n`);
  }
  throw error;
}

function failedValidation(problem: string): StatusError {
  const message = `Invalid value: "The edited file failed validation": ${problem}`;
  return new StatusError({ reason: 'Invalid', code: 422, details: { causes: [{ field: '<nil>', message }] } });
}

function headOf(session: EditSession, { reasons }: EditResults): string {
  const lines = reasons.map(({ head, causes }) => {
    const list = causes.map((cause) => `# * ${commentedLines(cause)}\n`).join('');
    return `# ${commentedLines(head)}${causes.length > 0 ? ':' : ''}\n${list}#\n`;
  });
  const head = `${session.about}${lines.join('')}`;
  return session.windowsLineEndings ? withCarriageReturns(head) : head;
}

/** The objects as the editor shows them: one as it is, several as a list. */
async function textOf(
  originals: readonly EditedObject[],
  session: EditSession,
  { env }: CommandContext,
): Promise<string> {
  const objects = originals.map(({ object }) => object);
  const [first] = objects;
  const shown = objects.length === 1 ? first : { apiVersion: 'v1', kind: 'List', metadata: {}, items: objects };
  const known = hasKyaml(env) ? ['json', 'kyaml', 'yaml'] : ['json', 'yaml'];
  const format = session.format === '' ? 'yaml' : session.format;
  if (!known.includes(format.toLowerCase())) throw noCompatiblePrinter(format, known);
  const printer = await createPrinter({ output: format });
  const text = printer?.print(shown) ?? '';
  return session.windowsLineEndings ? withCarriageReturns(text) : text;
}

/** The objects of an edited text; a text with the reason when it cannot be read. @throws CommandError */
async function readEdited(
  text: string,
  originals: readonly EditedObject[],
  context: CommandContext,
): Promise<readonly EditedObject[] | string> {
  const managedFields = new Map(
    originals.map(({ object }) => [object.metadata.uid ?? '', object.metadata.managedFields]),
  );
  const mapper = await (await context.cluster.discovery()).mapper();
  const { name: usual } = await context.cluster.namespace();
  const edited: EditedObject[] = [];
  try {
    for (const entry of allObjectsIn(text, 'edited-file')) {
      const { object } = entry;
      const mapping = mappingOf(mapper, entry);
      edited.push({ object, mapping, namespace: usual, name: object.metadata.name ?? '' });
    }
  } catch (error) {
    if (error instanceof ManifestFileError) return error.reason;
    if (error instanceof UnknownKindError) return error.message;
    throw error;
  }
  for (const { object, mapping } of edited) {
    const fields = managedFields.get(object.metadata.uid ?? '');
    // What nobody can see cannot be edited.
    if (fields === undefined) delete object.metadata.managedFields;
    else object.metadata.managedFields = fields;
    if (!mapping.namespaced) continue;
    const own = object.metadata.namespace ?? '';
    if (own !== '' && own !== usual) {
      throw new CommandError(
        `the namespace from the provided object "${own}" does not match the namespace "${usual}". You must pass '--namespace=${own}' to perform this operation.`,
      );
    }
    object.metadata.namespace = usual;
  }
  return edited;
}

/** The original that an edited object was, told by its uid. @throws CommandError in the real program's words */
export async function originalOf(edited: EditedObject, originals: readonly EditedObject[]): Promise<EditedObject> {
  const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? '';
  const original = originals.find(({ object }) => uidOf(object) === uidOf(edited.object));
  if (original !== undefined) return original;
  const { formatGoSyntax } = await import('../../apimachinery/go-value.ts');
  const shown = `&unstructured.Unstructured{Object:${formatGoSyntax(edited.object)}}`;
  throw new CommandError(`no original object found for ${shown}`);
}
