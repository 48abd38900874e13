import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { goQuote } from '../../apimachinery/field-error.ts';
import { readTar } from '../../apimachinery/tar.ts';
import { CommandError } from '../../cli/command.ts';
import { systemReasonOrMessage } from '../../system/file-errors.ts';
import { ensureFolder, writeChunks } from '../../system/file-tree.ts';
import { remotePath, withoutShortcuts } from './file-spec.ts';

/** What an archive from a pod is unpacked to. */
export interface UnpackOptions {
  /** What all names in it begin with; they are called by what follows. */
  readonly prefix: string;
  /** Local path of what is copied. */
  readonly destination: string;
  readonly cwd: string;
  /** For the hint: how links can be had. */
  readonly source: { readonly namespace: string; readonly pod: string; readonly path: string };
  readonly warn: (text: string) => void;
}

/**
 * Writes what an archive holds below the destination, and nothing elsewhere: names that lead out of it and links are
 * left out, with a warning.
 * @throws CommandError for names that were not asked for
 */
export async function unpackTree(chunks: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<void> {
  const { prefix, destination, cwd, source, warn } = options;
  let hasHinted = false;
  for await (const entry of readTar(chunks)) {
    if (!entry.name.startsWith(prefix)) throw new CommandError('tar contents corrupted');
    const shown = join(destination, remotePath(entry.name.slice(prefix.length)).replace(/\/+$/, ''));
    if (!isInside(destination, shown)) {
      warn(`warning: file ${goQuote(shown)} is outside target destination, skipping\n`);
      continue;
    }
    const path = resolve(cwd, shown);
    makeFolder(dirname(shown), dirname(path));
    if (entry.type === 'folder') {
      makeFolder(shown, path);
    } else if (entry.type === 'link') {
      const { namespace, pod, path: from } = source;
      const hint = ` (consider using "kubectl exec -n ${goQuote(namespace)} ${goQuote(pod)} -- tar cf - ${goQuote(from)} | tar xf -")`;
      warn(`warning: skipping symlink: ${goQuote(shown)} -> ${goQuote(entry.linkTarget)}${hasHinted ? '' : hint}\n`);
      hasHinted = true;
    } else {
      try {
        await writeChunks(path, entry.content);
      } catch (error) {
        throw told('open', shown, error);
      }
    }
  }
}

/** @throws CommandError that names the folder that could not be made, as far up as that is */
function makeFolder(shown: string, path: string): void {
  try {
    ensureFolder(path);
  } catch (error) {
    const failed = error instanceof Error && 'path' in error ? String(error.path) : path;
    let name = shown;
    for (let ups = path.split(sep).length - failed.split(sep).length; ups > 0; ups--) name = dirname(name);
    // Go names folders without the separator that a path may end with.
    throw told('mkdir', name.length > 1 && name.endsWith(sep) ? name.slice(0, -1) : name, error);
  }
}

/** What the system says, in the words of Go; other errors as they are. */
function told(what: string, path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || 'kind' in error) return error;
  return new CommandError(`${what} ${path}: ${systemReasonOrMessage(error)}`);
}

/** Whether a path is the base or below it, by their text. */
function isInside(base: string, target: string): boolean {
  const way = relative(base, target);
  return way === '' || (way === withoutShortcuts(way) && way !== '..' && !isAbsolute(way));
}
