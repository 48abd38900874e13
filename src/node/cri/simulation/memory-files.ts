import type { FileSpace } from './file-space.ts';
import { type MountPoint, MountTable } from './mount-table.ts';

/** A file, folder or link of the file system below. */
export type FileNode = FileFacts &
  (
    | { readonly kind: 'file'; content: Uint8Array }
    | { readonly kind: 'folder'; readonly entries: Map<string, FileNode> }
    | { readonly kind: 'link'; readonly target: string }
  );

/** A device, or where programs of the same machine meet. */
export type SpecialFile = 'block device' | 'character device' | 'socket';

/** What there is to say of any file. */
export interface FileFacts {
  /** Permission bits. */
  mode: number;
  modifiedMillis: number;
  /** The owner; root's when absent. */
  uid?: number;
  gid?: number;
  /** What a file is that has no content of its own. */
  special?: SpecialFile;
  /** Of a folder: the type of the file system that begins here. */
  fileSystem?: string;
  /** And how many bytes it has; as many as there is room for when absent. */
  capacityBytes?: number;
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
  /** The type of the file system that the root is on. */
  readonly fileSystem: string;
  /** What of elsewhere is seen here. */
  readonly mounts = new MountTable();
  readonly #space: FileSpace | undefined;
  readonly #now: () => number;
  #isSealed = false;
  #onChange: ((path: string) => void) | undefined;

  /**
   * @param now milliseconds since the epoch
   * @param space the room that there is; without an end when absent
   * @param fileSystem the type of the root's
   */
  constructor(now: () => number, space?: FileSpace, fileSystem = 'overlay') {
    this.#now = now;
    this.fileSystem = fileSystem;
    this.#space = space;
    this.#root = newFolder(now());
    for (const path of ['/bin', '/dev', '/etc', '/home', '/root', '/tmp', '/usr', '/var', '/var/tmp'])
      this.makeFolder(path);
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

  /** The room that there is; undefined without an end. */
  get space(): FileSpace | undefined {
    return this.#space;
  }

  /** Calls a function, the one given last, with the path of what has changed, here or where it is mounted. */
  onChange(listener: (path: string) => void): void {
    this.#onChange = listener;
  }

  /** Shows something of elsewhere at a path, in the place of what is there. @throws FileError */
  mount(path: string, point: MountPoint): void {
    if (path === '/') throw new FileError('/: Device or resource busy');
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (this.find(path) === undefined) {
      this.#makeFolder(parent, 0o755, true);
      const now = this.#now();
      const empty = { kind: 'file', mode: 0o644, modifiedMillis: now, content: new Uint8Array() } as const;
      this.#put(path, point.node.kind === 'folder' ? newFolder(now) : empty);
      this.#changed(path);
    }
    const { table, place } = this.mounts.home(this.resolve(path) ?? path);
    table.set(place, point);
    if (point.origin === undefined || point.origin.receives) return;
    // What is mounted below by now comes along.
    for (const [rest, inner] of point.origin.files.mounts.below(point.origin.path)) table.set(`${place}${rest}`, inner);
  }

  /** Takes away what is mounted at a path. @throws FileError when nothing is */
  unmount(path: string): void {
    const { table, place } = this.mounts.home(this.resolve(path) ?? path);
    const point = table.delete(place);
    if (point === undefined) throw new FileError(`${path}: Invalid argument`);
    if (isMadeHere(point)) this.#release(point.node);
  }

  /** Whether nothing can be written but where something writable is mounted. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** From now on nothing is written but where something writable is mounted. */
  seal(): void {
    this.#isSealed = true;
  }

  /** Gives back the room of all that is not mounted here; nothing of it is needed any more. */
  discard(): void {
    this.#release(this.#root);
    for (const [, point] of this.mounts.list()) if (isMadeHere(point)) this.#release(point.node);
  }

  #walk(path: string, isLinkItself: boolean, depth = 0): Walk {
    let node: FileNode = this.#root;
    let place = '';
    let fileSystem = this.fileSystem;
    const parts = path.split('/').filter((part) => part !== '');
    for (const [index, part] of parts.entries()) {
      const inside: FileNode | undefined = node.kind === 'folder' ? node.entries.get(part) : undefined;
      const mounted: MountPoint | undefined = this.mounts.at(`${place}/${part}`);
      const next: FileNode | undefined = mounted?.node ?? inside;
      if (next === undefined || depth > maxLinks) return { node: undefined, place: `${place}/${part}`, fileSystem };
      const isLast = index === parts.length - 1;
      if (next.kind === 'link' && !(isLast && isLinkItself)) {
        const target = MemoryFiles.absolute(next.target, place);
        return this.#walk([target, ...parts.slice(index + 1)].join('/'), isLinkItself, depth + 1);
      }
      place = `${place}/${part}`;
      fileSystem = next.fileSystem ?? mounted?.fileSystem ?? fileSystem;
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

  /** What is in a folder, with what is mounted there; empty when there is no such folder. */
  entriesOf(path: string): readonly (readonly [name: string, node: FileNode])[] {
    const node = this.find(path);
    if (node?.kind !== 'folder') return [];
    const place = this.resolve(path) ?? path;
    const at = (name: string): string => `${place === '/' ? '' : place}/${name}`;
    return [...node.entries].map(([name, inside]) => [name, this.mounts.at(at(name))?.node ?? inside] as const);
  }

  /** How many bytes there are at a path and below it, but for what is mounted there. */
  usage(path: string): number {
    const node = this.find(path);
    return node === undefined ? 0 : sizeOf(node);
  }

  /** Writes a file anew. @throws FileError when its folder is not there, or nothing can be written */
  writeFile(path: string, content: Uint8Array, options: WriteOptions = {}): void {
    const known = this.find(path);
    if (known?.kind === 'folder') throw new FileError(`${path}: Is a directory`);
    this.#checkWritable(path);
    const { mode = known?.mode ?? 0o644, modifiedMillis = this.#now(), owner } = options;
    const before = known?.kind === 'file' ? known.content.byteLength : 0;
    if (known === undefined) this.#checkFolder(path);
    if (this.#space?.take(content.byteLength - before) === false) {
      throw new FileError(`${path}: No space left on device`);
    }
    if (known?.kind === 'file') Object.assign(known, { content, mode, modifiedMillis });
    else this.#put(path, { kind: 'file', mode, modifiedMillis, content, ...owner });
    this.#changed(path);
  }

  /** Changes what there is to say of a file. @throws FileError when nothing is there */
  mark(path: string, facts: Partial<Pick<FileFacts, 'mode' | 'uid' | 'gid' | 'modifiedMillis' | 'special'>>): void {
    const node = this.find(path);
    if (node === undefined) throw new FileError(`${path}: No such file or directory`);
    this.#checkWritable(path);
    Object.assign(node, facts);
    this.#changed(path);
  }

  /** Makes a device or socket. @throws FileError when something is there, or its folder is not */
  makeSpecial(path: string, special: SpecialFile): void {
    if (this.find(path, true) !== undefined) throw new FileError(`${path}: File exists`);
    this.writeFile(path, new Uint8Array());
    this.mark(path, { special });
  }

  /** @throws FileError when its folder is not there */
  link(path: string, target: string): void {
    this.#checkWritable(path);
    this.#put(path, { kind: 'link', mode: 0o777, modifiedMillis: this.#now(), target });
    this.#changed(path);
  }

  /** Makes a folder with those above it; one that is there stays. @throws FileError when a file is in the way */
  makeFolder(path: string, mode = 0o755): void {
    this.#makeFolder(path, mode, false);
  }

  #makeFolder(path: string, mode: number, isMountPoint: boolean): void {
    let folder = this.#root;
    let made = '';
    for (const part of path.split('/').filter((name) => name !== '')) {
      made = `${made}/${part}`;
      let next = this.find(made);
      if (next === undefined) {
        if (!isMountPoint) this.#checkWritable(made);
        // A link to nowhere stays.
        if (folder.entries.has(part)) throw new FileError(`${made}: File exists`);
        next = newFolder(this.#now(), mode);
        inheritGroup(folder, next);
        folder.entries.set(part, next);
        this.#changed(made);
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
    const node = folder?.entries.get(name);
    if (node === undefined) return;
    const place = `${this.resolve(path.slice(0, path.lastIndexOf('/')) || '/') ?? ''}/${name}`.replace('//', '/');
    this.mounts.delete(place);
    for (const rest of this.mounts.below(place).keys()) this.mounts.delete(`${place}${rest}`);
    this.#release(node);
    folder?.entries.delete(name);
    this.#changed(path);
  }

  /** The innermost mount decides. @throws FileError */
  #checkWritable(path: string): void {
    if (this.mounts.isEmpty && !this.#isSealed) return;
    const innermost = this.mounts.around(this.#walk(path, false).place);
    if (innermost?.point.readOnly ?? this.#isSealed) throw new FileError(`${path}: Read-only file system`);
  }

  /** Tells those who keep what is at a path. */
  #changed(path: string): void {
    if (this.mounts.isEmpty) {
      this.#onChange?.(path);
      return;
    }
    const { place } = this.#walk(path, false);
    const around = this.mounts.around(place);
    const origin = around?.point.origin;
    if (around === undefined) this.#onChange?.(place);
    else if (origin !== undefined) origin.files.#changed(`${origin.path}${place.slice(around.place.length)}`);
  }

  #release(node: FileNode): void {
    if (this.#space !== undefined) this.#space.take(-sizeOf(node));
  }

  #checkFolder(path: string): void {
    if (this.#place(path).folder === undefined) throw new FileError(`${path}: No such file or directory`);
  }

  #put(path: string, node: FileNode): void {
    const { folder, name } = this.#place(path);
    if (folder === undefined || name === '') throw new FileError(`${path}: No such file or directory`);
    inheritGroup(folder, node);
    folder.entries.set(name, node);
  }

  #place(path: string): { folder: FolderNode | undefined; name: string } {
    const cut = path.lastIndexOf('/');
    const folder = this.find(path.slice(0, cut));
    return { folder: folder?.kind === 'folder' ? folder : undefined, name: path.slice(cut + 1) };
  }
}

/** Whether nothing of it is left when it is taken away. */
function isMadeHere({ origin, fileSystem }: MountPoint): boolean {
  return origin === undefined && fileSystem === 'tmpfs';
}

/** What is made in a folder with the set-group-id bit belongs to its group. */
function inheritGroup(folder: FolderNode, node: FileNode): void {
  if ((folder.mode & 0o2000) !== 0 && folder.gid !== undefined) node.gid = folder.gid;
}

/** The bytes of all files of a tree. */
function sizeOf(node: FileNode): number {
  if (node.kind === 'file') return node.content.byteLength;
  if (node.kind !== 'folder') return 0;
  let bytes = 0;
  for (const entry of node.entries.values()) bytes += sizeOf(entry);
  return bytes;
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
