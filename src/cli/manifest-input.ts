import { goQuote } from '../apimachinery/field-error.ts';
import { type ManifestObject, NoObjectError, objectsIn, readManifestFiles } from '../resource/manifest-files.ts';
import { type CommandContext, CommandError, type FlagValues } from './command.ts';

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
  if (filenames.length > 0) throw new CommandError('only one of -f or -k can be specified');
  if (recursive) throw new CommandError("the -k flag can't be used with -f or -R");
  return { filenames: [folder], recursive, isKustomization: true };
}

/**
 * All objects of the input; nothing is returned when one cannot be read.
 * @param isChecked whether the input is to be validated: what is no object is refused in the words of that
 * @throws CommandError
 */
export async function readInput(
  input: ManifestInput,
  context: CommandContext,
  isChecked = false,
): Promise<ManifestObject[]> {
  try {
    if (input.isKustomization === true) return await readKustomization(input.filenames[0] ?? '', context);
    return await readManifestFiles({
      files: context.files,
      input: context.streams.in,
      cwd: context.cwd,
      filenames: input.filenames,
      recursive: input.recursive,
    });
  } catch (error) {
    if (error instanceof NoObjectError && isChecked)
      throw new CommandError(validationFailure(error.source, error.problem));
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

/** What is said of a manifest that a check refuses. @param problem what the check says of its data */
export function validationFailure(source: string, problem: string): string {
  return `error validating ${goQuote(source)}: error validating data: ${problem}; if you choose to ignore these errors, turn validation off with --validate=false`;
}

/** Builds a folder; messages name it as the source. */
async function readKustomization(folder: string, context: CommandContext): Promise<ManifestObject[]> {
  const { buildKustomization, kustomizationText } = await import('../kustomize/build.ts');
  const { kustomizeWorld } = await import('./kustomize-world.ts');
  const built = await buildKustomization({ ...kustomizeWorld(context), path: folder, isReordered: true });
  return objectsIn(kustomizationText(built), folder);
}
