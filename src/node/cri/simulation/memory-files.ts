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
  /** Of a folder: the type of the file system that begins here. */
  fileSystem?: string;
}

/** How a file is written. */
export interface WriteOptions {
  readonly mode?: number;
  readonly modifiedMillis?: number;
  /** Who it belongs to, when it is new. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

type FolderNode = Extract<FileNode, { kind: 'folder' }>;

/** What a Unix tool would say: the message begins with the path. */
export class FileError extends Error {}

const maxLinks = 40;

/** A small file system in memory, one a container; paths as on Unix. */
export class MemoryFiles {
  readonly #root: FolderNode;
  /** Where other files are mounted: whether nothing can be written there. */
  readonly #mounts = new Map<string, boolean>();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
    this.#root = newFolder(now());
    for (const path of ['/bin', '/dev', '/etc', '/home', '/root', '/tmp', '/usr', '/var']) this.makeFolder(path);
    this.#root.entries.set('tmp', newFolder(now(), 0o1777));
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
  find(path: string, isLinkItself = false): FileNode | undefined {
    return this.#walk(path, isLinkItself).node;
  }

  /** An absolute path without links; undefined when nothing is there. */
  resolve(path: string): string | undefined {
    const { node, place } = this.#walk(path, false);
    return node === undefined ? undefined : place;
  }

  /** The type of the file system that a path is on. */
  fileSystemOf(path: string): string {
    return this.#walk(path, false).fileSystem;
  }

  /** Shows a file or folder of elsewhere at a path, in the place of what is there. @throws FileError */
  mount(path: string, node: FileNode, readOnly: boolean): void {
    if (path === '/') throw new FileError('/: Device or resource busy');
    this.makeFolder(path.slice(0, path.lastIndexOf('/')));
    this.#put(path, node);
    this.#mounts.set(this.resolve(path) ?? path, readOnly);
  }

  /** From now on nothing is written but where something writable is mounted. */
  seal(): void {
    this.#mounts.set('/', true);
  }

  #walk(path: string, isLinkItself: boolean, depth = 0): Walk {
    let node: FileNode = this.#root;
    let place = '';
    let fileSystem = 'overlay';
    const parts = path.split('/').filter((part) => part !== '');
    for (const [index, part] of parts.entries()) {
      const next: FileNode | undefined = node.kind === 'folder' ? node.entries.get(part) : undefined;
      if (next === undefined || depth > maxLinks) return { node: undefined, place: `${place}/${part}`, fileSystem };
      const isLast = index === parts.length - 1;
      if (next.kind === 'link' && !(isLast && isLinkItself)) {
        const target = MemoryFiles.absolute(next.target, place);
        return this.#walk([target, ...parts.slice(index + 1)].join('/'), isLinkItself, depth + 1);
      }
      place = `${place}/${part}`;
      fileSystem = next.fileSystem ?? fileSystem;
      node = next;
    }
    return { node, place: place === '' ? '/' : place, fileSystem };
  }

  /** @throws FileError */
  readFile(path: string): Uint8Array {
    const node = this.find(path);
    if (node === undefined) throw new FileError(`${path}: No such file or directory`);
    if (node.kind !== 'file') throw new FileError(`${path}: Is a directory`);
    return node.content;
  }

  /** The names in a folder, sorted; those of folders end in a slash. Undefined when there is no such folder. */
  readFolder(path: string): readonly string[] | undefined {
    const node = this.find(path);
    if (node?.kind !== 'folder') return undefined;
    const names = [...node.entries].map(([name, { kind }]) => (kind === 'folder' ? `${name}/` : name));
    return names.toSorted((left, right) => (left < right ? -1 : Number(left > right)));
  }

  /** How many bytes there are at a path and below it, but for what is mounted there. */
  usage(path: string): number {
    const place = this.resolve(path);
    const node = place === undefined ? undefined : this.find(place);
    if (place === undefined || node === undefined) return 0;
    if (node.kind !== 'folder') return node.kind === 'file' ? node.content.byteLength : 0;
    let bytes = 0;
    for (const [name, entry] of node.entries) {
      const below = `${place === '/' ? '' : place}/${name}`;
      if (entry.kind === 'file') bytes += this.#mounts.has(below) ? 0 : entry.content.byteLength;
      else if (entry.kind === 'folder' && !this.#mounts.has(below)) bytes += this.usage(below);
    }
    return bytes;
  }

  /** Writes a file anew. @throws FileError when its folder is not there, or nothing can be written */
  writeFile(path: string, content: Uint8Array, options: WriteOptions = {}): void {
    const known = this.find(path);
    if (known?.kind === 'folder') throw new FileError(`${path}: Is a directory`);
    this.#checkWritable(path);
    const { mode = known?.mode ?? 0o644, modifiedMillis = this.#now(), owner } = options;
    if (known?.kind === 'file') Object.assign(known, { content, mode, modifiedMillis });
    else this.#put(path, { kind: 'file', mode, modifiedMillis, content, ...owner });
  }

  /** @throws FileError when its folder is not there */
  link(path: string, target: string): void {
    this.#checkWritable(path);
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
        this.#checkWritable(made);
        next = newFolder(this.#now(), mode);
        folder.entries.set(part, next);
      }
      if (next.kind !== 'folder') throw new FileError(`${made}: Not a directory`);
      folder = next;
    }
  }

  /** Removes what is at a path with all below it; nothing happens when nothing is there. @throws FileError */
  remove(path: string): void {
    if (this.find(path, true) === undefined) return;
    this.#checkWritable(path);
    const { folder, name } = this.#place(path);
    folder?.entries.delete(name);
  }

  /** The innermost mount decides. @throws FileError */
  #checkWritable(path: string): void {
    if (this.#mounts.size === 0) return;
    const { place } = this.#walk(path, false);
    const holders = [...this.#mounts].filter(
      ([mount]) => place === mount || place.startsWith(mount === '/' ? '/' : `${mount}/`),
    );
    const innermost = holders.toSorted(([left], [right]) => right.length - left.length)[0];
    if (innermost?.[1] === true) throw new FileError(`${path}: Read-only file system`);
  }

  #put(path: string, node: FileNode): void {
    const { folder, name } = this.#place(path);
    if (folder === undefined || name === '') throw new FileError(`${path}: No such file or directory`);
    // What is made in a folder with the set-group-id bit belongs to its group.
    if ((folder.mode & 0o2000) !== 0 && folder.gid !== undefined) node.gid = folder.gid;
    folder.entries.set(name, node);
  }

  #place(path: string): { folder: FolderNode | undefined; name: string } {
    const cut = path.lastIndexOf('/');
    const folder = this.find(path.slice(0, cut));
    return { folder: folder?.kind === 'folder' ? folder : undefined, name: path.slice(cut + 1) };
  }
}

interface Walk {
  readonly node: FileNode | undefined;
  /** The path without links, as far as there is one. */
  readonly place: string;
  readonly fileSystem: string;
}

function newFolder(modifiedMillis: number, mode = 0o755): FolderNode {
  return { kind: 'folder', mode, modifiedMillis, entries: new Map() };
}
