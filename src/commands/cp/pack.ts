import { join, posix } from 'node:path';
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '../../apimachinery/tar.ts';
import { CommandError } from '../../cli/command.ts';
import { entryAt, fileChunks, linkTarget, namesIn, type TreeEntry } from '../../system/file-tree.ts';

/**
 * An archive of a local file or folder, as a stream. Links are kept as links; folders have no entry of their own unless
 * they are empty.
 * @param name what the path is called in the archive
 */
export async function* packTree(path: string, name: string): AsyncGenerator<Uint8Array> {
  yield* packEntry(path, name);
  yield tarEnd;
}

async function* packEntry(path: string, name: string): AsyncGenerator<Uint8Array> {
  const entry = await entryAt(path);
  if (entry.kind === 'folder') {
    const children = await namesIn(path);
    if (children.length === 0) yield tarHeader(headerOf(entry, name));
    for (const child of children) yield* packEntry(join(path, child), posix.join(name, child));
    return;
  }
  if (entry.kind === 'link') {
    yield tarHeader({ ...headerOf(entry, name), linkTarget: await linkTarget(path) });
    return;
  }
  if (entry.kind === 'other') throw new CommandError(`${path} is neither a file nor a folder nor a link`);
  yield tarHeader(headerOf(entry, name));
  let sent = 0;
  for await (const chunk of fileChunks(path, entry.size)) {
    sent += chunk.byteLength;
    yield chunk;
  }
  // The header has told the size already.
  if (sent < entry.size) throw new CommandError(`${path} has become shorter while it was read`);
  yield new Uint8Array(tarPadding(entry.size));
}

function headerOf(entry: TreeEntry, name: string): TarEntry {
  const type = entry.kind;
  return {
    name: type === 'folder' ? `${name}/` : name,
    type,
    size: type === 'file' ? entry.size : 0,
    mode: entry.mode,
    modifiedMillis: entry.modifiedMillis,
    linkTarget: '',
  };
}
