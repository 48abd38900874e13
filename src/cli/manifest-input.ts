import { messageOf } from '../apimachinery/error-message.ts';
import { matchesLabels, parseLabelSelector } from '../apimachinery/labels.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { TransportError } from '../client/transport-error.ts';
import {
  findManifestSources,
  type ManifestOptions,
  type ManifestSources,
  readManifestSources,
} from '../resource/manifest-files.ts';
import {
  ManifestFileError,
  NoObjectError,
  objectsIn,
  type Reading,
  type ReadManifests,
} from '../resource/manifest-objects.ts';
import { UnknownKindError, UnrecognizedObjectError } from '../resource/resource-access.ts';
import { type CommandContext, CommandError, type FlagValues } from './command.ts';
import { asOneOfSeveral, NestedErrors, throwFailures } from './exit.ts';

/** What `-f`, `-k` and `-R` name. */
export interface ManifestInput {
  /** Files, folders and URLs; or the one folder of `-k`. */
  readonly filenames: readonly string[];
  readonly recursive: boolean;
  /** Whether it is a kustomization that is to be built. */
  readonly isKustomization?: boolean;
}

/** Reads `-f`, `-k` and `-R`. @throws CommandError for `-k` beside the others */
export function manifestInput(flags: FlagValues): ManifestInput {
  const filenames = flags.list('filename');
  const folder = flags.string('kustomize');
  const recursive = flags.bool('recursive');
  if (folder === '') return { filenames, recursive };
  const problems = [
    ...(filenames.length > 0 ? ['only one of -f or -k can be specified'] : []),
    ...(recursive ? ["the -k flag can't be used with -f or -R"] : []),
  ];
  throwFailures(problems.map((problem) => new CommandError(problem)));
  return { filenames: [folder], recursive, isKustomization: true };
}

/** Whether a manifest's own labels fit `-l`. @throws CommandError for a selector that is none */
export function labelFilter(selector: string): (object: Unstructured) => boolean {
  if (selector.trim() === '') return () => true;
  let parsed: ReturnType<typeof parseLabelSelector>;
  try {
    parsed = parseLabelSelector(selector);
  } catch (error) {
    const reason = messageOf(error);
    throw new CommandError(`the provided selector ${goQuote(selector)} is not valid: ${reason}`);
  }
  return (object) => matchesLabels(parsed, object.metadata.labels ?? {});
}

/** An input that was found and could not be read. */
export class UnreadableInputError extends CommandError {}

/**
 * Ends a command that collects what is wrong with its input: that is told as one among several, without `error: `, even
 * when it is alone. Nothing wrong lets it pass.
 */
export function throwCollected(failures: readonly unknown[]): void {
  const [only, ...others] = failures;
  const isOfInput =
    only instanceof NestedErrors ||
    only instanceof UnreadableInputError ||
    only instanceof UnknownKindError ||
    only instanceof UnrecognizedObjectError;
  if (isOfInput && others.length === 0) throw asOneOfSeveral(only);
  throwFailures(failures);
}

/**
 * Refuses files beside arguments, and arguments that name nothing beside files, in the words and order of the real
 * program: files that are not there first.
 * @throws CommandError, AggregateCommandError
 */
export async function requireInputAlone(
  input: ManifestInput,
  args: readonly string[],
  context: CommandContext,
): Promise<void> {
  if (input.filenames.length === 0 || args.length === 0) return;
  if (input.isKustomization !== true) await foundSources(input, context);
  throw new CommandError(
    args.every((argument) => argument.includes('/'))
      ? 'resource/name arguments cannot be provided when a path is specified'
      : 'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well',
  );
}

/** Where the files of an input are. @throws CommandError, AggregateCommandError of all that are not there */
async function foundSources(input: ManifestInput, context: CommandContext): Promise<ManifestSources> {
  const found = await findManifestSources(manifestOptions(input, context));
  throwFailures(found.problems.map(({ message }) => new CommandError(message)));
  return found;
}

function manifestOptions(input: ManifestInput, context: CommandContext): ManifestOptions {
  return {
    files: context.files,
    input: context.streams.in,
    cwd: context.cwd,
    filenames: input.filenames,
    recursive: input.recursive,
    fetchText: async (url) => {
      const { fetchText } = await import('../client/fetch-text.ts');
      const { proxyFromEnvironment } = await import('../kubeconfig/proxy-environment.ts');
      const { clock, env, signal } = context;
      return fetchText(url, { clock, signal, proxyFor: (server) => proxyFromEnvironment(server, env) });
    },
  };
}

/** The objects of the input, and what is to be said of those that could not be read. */
export interface ReadInput {
  readonly objects: ReadManifests['objects'];
  readonly failures: readonly CommandError[];
  /** Both, in the order of the input. */
  readonly parts: readonly (ReadManifests['objects'][number] | CommandError)[];
  /** Whether there is a text among it that could not be parsed. */
  readonly hasSyntaxErrors: boolean;
}

/**
 * All objects of the input that can be read; the others do not stand in their way.
 * @param reading what is checked is refused in the words of validation where it is no object
 * @throws CommandError for what is not there at all, TransportError
 */
export async function readInput(
  input: ManifestInput,
  context: CommandContext,
  reading: Reading = {},
): Promise<ReadInput> {
  const { objects, failures, parts } = await readAll(input, context, reading);
  const told = new Map(failures.map((error) => [error, failureOf(error, reading)] as const));
  return {
    objects,
    hasSyntaxErrors: failures.some((error) => !(error instanceof NoObjectError)),
    failures: [...told.values()],
    parts: parts.map((part) => (part instanceof ManifestFileError ? failureOf(part, reading, told) : part)),
  };
}

function failureOf(
  error: ManifestFileError,
  { isChecked = false }: Reading,
  told?: ReadonlyMap<ManifestFileError, CommandError>,
): CommandError {
  const known = told?.get(error);
  if (known !== undefined) return known;
  return error instanceof NoObjectError && isChecked && error.problem !== undefined
    ? new CommandError(validationFailure(error.source, error.problem))
    : new UnreadableInputError(error.message);
}

async function readAll(input: ManifestInput, context: CommandContext, reading: Reading): Promise<ReadManifests> {
  const sources = input.isKustomization === true ? undefined : await foundSources(input, context);
  try {
    if (sources === undefined) return await readKustomization(input.filenames[0] ?? '', context, reading);
    return await readManifestSources(sources, { ...manifestOptions(input, context), ...reading });
  } catch (error) {
    if (error instanceof TransportError) throw error;
    const failure = new ManifestFileError(messageOf(error));
    return { objects: [], failures: [failure], parts: [failure] };
  }
}

/** What is said of a manifest that a check refuses. @param problem what the check says of its data */
export function validationFailure(source: string, problem: string): string {
  return `error validating ${goQuote(source)}: error validating data: ${problem}; if you choose to ignore these errors, turn validation off with --validate=false`;
}

/** Builds a folder; messages name it as the source. */
async function readKustomization(
  folder: string,
  context: CommandContext,
  { isTyped = false }: Reading,
): Promise<ReadManifests> {
  const { buildKustomization, kustomizationText } = await import('../kustomize/build.ts');
  const { kustomizeWorld } = await import('./kustomize-world.ts');
  const built = await buildKustomization({ ...kustomizeWorld(context), path: folder, reorder: 'legacy' });
  return objectsIn(kustomizationText(built), folder, { isTyped });
}
