import { readTar, TarError, type TarEntry, tarEnd, tarHeader, tarPadding } from '../../../apimachinery/tar.ts';
import { FileError, type FileNode, MemoryFiles } from './memory-files.ts';
import type { ProcessContext } from './process-context.ts';

/** `tar c` and `tar x`, with -f (`-` or a file), -C, -m, -p and -v: as much as `kubectl cp` needs. */
export async function runTar(context: ProcessContext): Promise<number> {
  const options = parseOptions(context.args.slice(1));
  if (options === undefined) {
    await context.stderr.write(Buffer.from('tar: this simulated tar knows c and x with f, C, m, p and v\n'));
    return 1;
  }
  const folder = MemoryFiles.absolute(options.folder, context.workingFolder);
  try {
    return options.mode === 'c'
      ? await create(context, folder, options.file, options.names)
      : await extract(context, folder, options.file);
  } catch (error) {
    if (!(error instanceof FileError) && !(error instanceof TarError)) throw error;
    await context.stderr.write(Buffer.from(`tar: ${error.message}\n`));
    return 1;
  }
}

interface TarOptions {
  readonly mode: 'c' | 'x';
  readonly file: string;
  readonly folder: string;
  readonly names: readonly string[];
}

function parseOptions(words: readonly string[]): TarOptions | undefined {
  let mode: 'c' | 'x' | undefined;
  let file = '-';
  let folder = '.';
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const isFlags = at === 0 || (word.startsWith('-') && word !== '-');
    if (word.startsWith('--no-same')) continue;
    if (word === '-C') folder = words[++at] ?? '.';
    else if (!isFlags) names.push(word);
    else {
      for (const letter of word.replace(/^-/, '')) {
        if (letter === 'c' || letter === 'x') mode = letter;
        else if (letter === 'f') file = words[++at] ?? '-';
        else if (!'mpvoh'.includes(letter)) return undefined;
      }
    }
  }
  return mode === undefined ? undefined : { mode, file, folder, names };
}

async function create(
  context: ProcessContext,
  folder: string,
  file: string,
  names: readonly string[],
): Promise<number> {
  const pieces: Uint8Array[] = [];
  const write = (bytes: Uint8Array): Promise<void> => {
    if (file === '-') return context.stdout.write(bytes);
    pieces.push(bytes);
    return Promise.resolve();
  };
  let code = 0;
  for (const name of names) {
    const node = context.files.find(MemoryFiles.absolute(name, folder), true);
    if (node !== undefined) {
      await writeNode(context.files, MemoryFiles.absolute(name, folder), name.replace(/^\/+/, ''), node, write);
      continue;
    }
    await context.stderr.write(Buffer.from(`tar: ${name}: Cannot stat: No such file or directory\n`));
    code = 2;
  }
  await write(tarEnd);
  if (code !== 0) {
    await context.stderr.write(Buffer.from('tar: Exiting with failure status due to previous errors\n'));
  }
  if (file !== '-') {
    context.files.writeFile(MemoryFiles.absolute(file, context.workingFolder), Buffer.concat(pieces));
  }
  return code;
}

async function writeNode(
  files: MemoryFiles,
  path: string,
  name: string,
  node: FileNode,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { mode, modifiedMillis } = node;
  const entry: TarEntry = {
    name: node.kind === 'folder' ? `${name.replace(/\/+$/, '')}/` : name,
    type: node.kind,
    size: node.kind === 'file' ? node.content.byteLength : 0,
    mode,
    modifiedMillis,
    linkTarget: node.kind === 'link' ? node.target : '',
  };
  await write(tarHeader(entry));
  if (node.kind === 'file') {
    await write(node.content);
    await write(Buffer.alloc(tarPadding(node.content.byteLength)));
  }
  if (node.kind !== 'folder') return;
  for (const [child, inner] of files.entriesOf(path).toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    await writeNode(files, `${path}/${child}`, `${entry.name}${child}`, inner, write);
  }
}

async function extract(context: ProcessContext, folder: string, file: string): Promise<number> {
  const { files, stdin, workingFolder, signal } = context;
  if (files.find(folder)?.kind !== 'folder') throw new FileError(`${folder}: Cannot open: No such file or directory`);
  const archive = file === '-' ? stdin.chunks(signal) : one(files.readFile(MemoryFiles.absolute(file, workingFolder)));
  for await (const { content, ...entry } of readTar(archive)) {
    const path = MemoryFiles.absolute(entry.name.replace(/^\/+/, ''), folder);
    if (path !== folder) files.makeFolder(path.slice(0, path.lastIndexOf('/')));
    const { mode, modifiedMillis } = entry;
    if (entry.type === 'folder') files.makeFolder(path, mode);
    else if (entry.type === 'link') files.link(path, entry.linkTarget);
    else if (entry.type === 'file') {
      const pieces: Uint8Array[] = [];
      for await (const piece of content) pieces.push(piece);
      files.writeFile(path, Buffer.concat(pieces), { mode, modifiedMillis });
    }
  }
  return 0;
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
