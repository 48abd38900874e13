/** A file, folder or link of the file system below. */
export type FileNode = FileFacts &
  (
    | { readonly kind: 'file'; content: Uint8Array }
    | { readonly kind: 'folder'; readonly entries: Map<string, FileNode> }
    | { readonly kind: 'link'; readonly target: string }
  );

/** What there is to say of any file. */
export interface FileFacts {
  /** Permission bits. */
  mode: number;
  modifiedMillis: number;
  /** The owner; root's when absent. */
  uid?: number;
  gid?: number;
}

type FolderNode = Extract<FileNode, { kind: 'folder' }>;

/** What a Unix tool would say: the message begins with the path. */
export class FileError extends Error {}

const maxLinks = 40;

/** A small file system in memory, one a container; paths as on Unix. */
export class MemoryFiles {
  readonly #root: FolderNode;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
    this.#root = newFolder(now());
    for (const path of ['/bin', '/etc', '/home', '/root', '/tmp', '/usr', '/var']) this.makeFolder(path);
  }

  /** An absolute path without `.`, `..` and repeated slashes. */
  static absolute(path: string, workingFolder: string): string {
    const parts: string[] = [];
    for (const part of (path.startsWith('/') ? path : `${workingFolder}/${path}`).split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return `/${parts.join('/')}`;
  }

  /** What is at an absolute path; a link at its end is followed unless `isLinkItself`. */
  find(path: string, isLinkItself = false, depth = 0): FileNode | undefined {
    if (depth > maxLinks) return undefined;
    let node: FileNode = this.#root;
    const parts = path.split('/').filter((part) => part !== '');
    for (const [index, part] of parts.entries()) {
      if (node.kind !== 'folder') return undefined;
      const next: FileNode | undefined = node.entries.get(part);
      if (next === undefined) return undefined;
      const isLast = index === parts.length - 1;
      if (next.kind === 'link' && !(isLast && isLinkItself)) {
        const base = `/${parts.slice(0, index).join('/')}`;
        const target = MemoryFiles.absolute(next.target, base);
        return this.find([target, ...parts.slice(index + 1)].join('/'), isLinkItself, depth + 1);
      }
      node = next;
    }
    return node;
  }

  /** @throws FileError */
  readFile(path: string): Uint8Array {
    const node = this.find(path);
    if (node === undefined) throw new FileError(`${path}: No such file or directory`);
    if (node.kind !== 'file') throw new FileError(`${path}: Is a directory`);
    return node.content;
  }

  /** Writes a file anew. @throws FileError when its folder is not there */
  writeFile(path: string, content: Uint8Array, options: { mode?: number; modifiedMillis?: number } = {}): void {
    const known = this.find(path);
    if (known?.kind === 'folder') throw new FileError(`${path}: Is a directory`);
    const { mode = known?.mode ?? 0o644, modifiedMillis = this.#now() } = options;
    if (known?.kind === 'file') Object.assign(known, { content, mode, modifiedMillis });
    else this.#put(path, { kind: 'file', mode, modifiedMillis, content });
  }

  /** @throws FileError when its folder is not there */
  link(path: string, target: string): void {
    this.#put(path, { kind: 'link', mode: 0o777, modifiedMillis: this.#now(), target });
  }

  /** Makes a folder with those above it; one that is there stays. @throws FileError when a file is in the way */
  makeFolder(path: string, mode = 0o755): void {
    let folder = this.#root;
    let made = '';
    for (const part of path.split('/').filter((name) => name !== '')) {
      made = `${made}/${part}`;
      let next = this.find(made);
      if (next === undefined) {
        next = newFolder(this.#now(), mode);
        folder.entries.set(part, next);
      }
      if (next.kind !== 'folder') throw new FileError(`${made}: Not a directory`);
      folder = next;
    }
  }

  /** Removes what is at a path with all below it; nothing happens when nothing is there. */
  remove(path: string): void {
    const { folder, name } = this.#place(path);
    folder?.entries.delete(name);
  }

  #put(path: string, node: FileNode): void {
    const { folder, name } = this.#place(path);
    if (folder === undefined || name === '') throw new FileError(`${path}: No such file or directory`);
    folder.entries.set(name, node);
  }

  #place(path: string): { folder: FolderNode | undefined; name: string } {
    const cut = path.lastIndexOf('/');
    const folder = this.find(path.slice(0, cut));
    return { folder: folder?.kind === 'folder' ? folder : undefined, name: path.slice(cut + 1) };
  }
}

function newFolder(modifiedMillis: number, mode = 0o755): FolderNode {
  return { kind: 'folder', mode, modifiedMillis, entries: new Map() };
}
