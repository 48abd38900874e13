import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
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
    const shown = join(destination, remotePath(entry.name.slice(prefix.length)));
    if (!isInside(destination, shown)) {
      warn(`warning: file ${goQuote(shown)} is outside target destination, skipping\n`);
      continue;
    }
    const path = resolve(cwd, shown);
    await told(dirname(shown), 'mkdir', () => ensureFolder(dirname(path)));
    if (entry.type === 'folder') {
      await told(shown, 'mkdir', () => ensureFolder(path));
    } else if (entry.type === 'link') {
      const { namespace, pod, path: from } = source;
      const hint = ` (consider using "kubectl exec -n ${goQuote(namespace)} ${goQuote(pod)} -- tar cf - ${goQuote(from)} | tar xf -")`;
      warn(`warning: skipping symlink: ${goQuote(shown)} -> ${goQuote(entry.linkTarget)}${hasHinted ? '' : hint}\n`);
      hasHinted = true;
    } else {
      await told(shown, 'open', () => writeChunks(path, entry.content));
    }
  }
}

/** Does it, and says in the words of Go what could not be done. @throws CommandError */
async function told(path: string, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || 'kind' in error) throw error;
    throw new CommandError(`${what} ${path}: ${systemReasonOrMessage(error)}`);
  }
}

/** Whether a path is the base or below it, by their text. */
function isInside(base: string, target: string): boolean {
  const way = relative(base, target);
  return way === '' || (way === withoutShortcuts(way) && way !== '..' && !isAbsolute(way));
}
