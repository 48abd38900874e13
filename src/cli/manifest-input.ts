import { type ManifestObject, readManifestFiles } from '../resource/manifest-files.ts';
import { type CommandContext, CommandError, type FlagValues } from './command.ts';

/** What `-f`, `-k` and `-R` name. */
export interface ManifestInput {
  readonly filenames: readonly string[];
  readonly recursive: boolean;
}

/** Reads `-f`, `-k` and `-R`. @throws CommandError for `-k`, which is not built yet. */
export function manifestInput(flags: FlagValues): ManifestInput {
  if (flags.string('kustomize') !== '')
    throw new CommandError('-k is not supported by kubectl-ts yet: use kustomize build and -f -');
  return { filenames: flags.list('filename'), recursive: flags.bool('recursive') };
}

/** All objects of the input; nothing is returned when one cannot be read. @throws CommandError */
export async function readInput(input: ManifestInput, context: CommandContext): Promise<ManifestObject[]> {
  try {
    return await readManifestFiles({
      files: context.files,
      input: context.streams.in,
      cwd: context.cwd,
      filenames: input.filenames,
      recursive: input.recursive,
    });
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}
