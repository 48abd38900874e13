import { join } from 'node:path';
import { messageOf } from '../apimachinery/error-message.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import type { FileNode, MemoryFiles, SpecialFile } from '../node/cri/simulation/memory-files.ts';
import type { Clock, Timer } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';

export interface NodeDiskOptions {
  /** Where the files are kept, a folder of their own. */
  readonly folder: string;
  readonly fileSystem: FileSystem;
  /** The files of the node: what was kept is put there, and what changes there is kept. */
  readonly files: MemoryFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Keeps the files of a node from one start of the cluster to the next. */
export interface NodeDisk {
  /** Resolves when everything there is by now is kept. @throws Error when it cannot be written */
  flush(): Promise<void>;
  /** Keeps what there is for the last time; what cannot be written is told in the log. */
  close(): Promise<void>;
}

/** A file that cannot be read again; the message says where. */
export class NodeDiskError extends Error {}

/** Where the content of a file is. */
interface Location {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
}

/** A file as the index has it. */
type IndexEntry = {
  readonly path: string;
  readonly mode: number;
  readonly modifiedMillis: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly special?: SpecialFile;
} & (
  | { readonly kind: 'folder' }
  | { readonly kind: 'link'; readonly target: string }
  | ({ readonly kind: 'file' } & Location)
);

interface Index {
  readonly version: 1;
  readonly entries: readonly IndexEntry[];
}

/** What the kubelet, the kernel and the start of a node make anew. */
const passing = ['/dev', '/etc/hostname', '/etc/hosts', '/proc', '/run', '/sys', '/var/lib/kubelet'];
/** A change is kept so soon; many that come together are kept together. */
const delayMillis = 500;
const retryMillis = 10_000;
/** Packs are not larger than this, but for a file that is. */
const packBytes = 64 << 20;
/** So many small packs there may be before they become one. */
const mostSmallPacks = 8;
const smallBytes = 1 << 20;

/**
 * Reads back what was kept of a node's files, and keeps what changes from then on: contents in packs, which are never
 * changed, and an index that says which file is where in them, replaced as a whole when they are on the disk. A process
 * that is killed, or a disk that is full, leaves the files as they were at some moment shortly before.
 * @throws NodeDiskError when what was kept cannot be read
 */
export async function openNodeDisk(options: NodeDiskOptions): Promise<NodeDisk> {
  const disk = new PackedDisk(options);
  await disk.load();
  return disk;
}

class PackedDisk implements NodeDisk {
  readonly #options: NodeDiskOptions;
  /** Where contents are that were written; they are never changed in place. */
  #locations = new WeakMap<Uint8Array, Location>();
  /** How many bytes each pack has. */
  readonly #packs = new Map<string, number>();
  #written = '';
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;
  #hasFailed = false;

  constructor(options: NodeDiskOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const { folder, fileSystem, files } = this.#options;
    await fileSystem.makeFolder(folder, 0o700);
    if (await fileSystem.exists(this.#indexFile)) {
      try {
        const text = Buffer.from(await fileSystem.readFile(this.#indexFile)).toString('utf8');
        const { version, entries } = parseJson(Buffer.from(text)) as unknown as Index;
        if (version !== 1) throw new NodeDiskError(`version ${String(version)} is not known`);
        await this.#restore(entries);
        this.#written = text;
      } catch (error) {
        throw new NodeDiskError(`the files of a node in ${folder} cannot be read: ${messageOf(error)}`);
      }
    }
    await this.#sweep();
    files.onChange((path) => {
      if (!passing.some((passed) => path === passed || path.startsWith(`${passed}/`))) this.#schedule(delayMillis);
    });
  }

  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const done = this.#work.then(() => this.#save());
    this.#work = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush().catch((error: unknown) => this.#tell(error));
  }

  get #indexFile(): string {
    return join(this.#options.folder, 'index.json');
  }

  #schedule(millis: number): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const save = (): void => {
      this.flush().catch((error: unknown) => {
        this.#tell(error);
        this.#schedule(retryMillis);
      });
    };
    this.#timer = this.#options.clock.setTimer(save, millis, { unref: true });
  }

  /** Once for as long as it goes on. */
  #tell(error: unknown): void {
    if (!this.#hasFailed) {
      this.#options.log.warn('the files of a node are not kept for now', {
        folder: this.#options.folder,
        error: messageOf(error),
      });
    }
    this.#hasFailed = true;
  }

  async #restore(entries: readonly IndexEntry[]): Promise<void> {
    const { folder, fileSystem, files } = this.#options;
    const packs = new Map<string, Uint8Array>();
    for (const entry of entries) {
      const { path, mode, modifiedMillis, uid, gid, special } = entry;
      if (entry.kind === 'folder') files.makeFolder(path, mode);
      else if (entry.kind === 'link') files.link(path, entry.target);
      else {
        const { pack, offset, length } = entry;
        const bytes = packs.get(pack) ?? (await fileSystem.readFile(join(folder, pack)));
        packs.set(pack, bytes);
        if (offset + length > bytes.byteLength) throw new NodeDiskError(`${pack} is cut off`);
        const content = Uint8Array.from(bytes.subarray(offset, offset + length));
        files.writeFile(path, content, { mode, modifiedMillis });
        this.#locations.set(content, { pack, offset, length });
      }
      const owner = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
      const kind = special === undefined ? {} : { special };
      if (entry.kind !== 'link') files.mark(path, { mode, modifiedMillis, ...owner, ...kind });
    }
    for (const [pack, { byteLength }] of packs) this.#packs.set(pack, byteLength);
  }

  async #save(): Promise<void> {
    const { folder, fileSystem } = this.#options;
    const found = this.#scan();
    const moved = this.#toRewrite(found);
    const contents = new Set<Uint8Array>();
    for (const { node } of found) {
      if (node.kind !== 'file') continue;
      const location = this.#locations.get(node.content);
      if (location === undefined || moved.has(location.pack)) contents.add(node.content);
    }
    const { locations, sizes } = await this.#writePacks([...contents]);
    try {
      const entries = found.map(({ path, node }) => this.#entry(path, node, locations));
      const text = `${JSON.stringify({ version: 1, entries } satisfies Index)}\n`;
      if (text !== this.#written) await fileSystem.writeFileAtomic(this.#indexFile, text, 0o600);
      this.#written = text;
    } catch (error) {
      for (const pack of sizes.keys()) await fileSystem.remove(join(folder, pack)).catch(() => undefined);
      throw error;
    }
    for (const [content, location] of locations) this.#locations.set(content, location);
    for (const [pack, bytes] of sizes) this.#packs.set(pack, bytes);
    this.#hasFailed = false;
    const used = new Set(
      found.map(({ node }) => (node.kind === 'file' ? this.#locations.get(node.content)?.pack : '')),
    );
    const unused = [...this.#packs.keys()].filter((pack) => !used.has(pack));
    for (const pack of unused) {
      this.#packs.delete(pack);
      // One that stays is swept away at the next start.
      await fileSystem.remove(join(folder, pack)).catch(() => undefined);
    }
  }

  /** Packs of which less than half is in use, and small ones when there are many. */
  #toRewrite(found: readonly FoundFile[]): Set<string> {
    const live = new Map<string, number>();
    const seen = new Set<Uint8Array>();
    for (const { node } of found) {
      if (node.kind !== 'file' || seen.has(node.content)) continue;
      seen.add(node.content);
      const location = this.#locations.get(node.content);
      if (location !== undefined) live.set(location.pack, (live.get(location.pack) ?? 0) + location.length);
    }
    const packs = [...this.#packs];
    const sparse = packs.filter(([pack, bytes]) => (live.get(pack) ?? 0) * 2 < bytes);
    const small = packs.filter(([, bytes]) => bytes < smallBytes);
    return new Set([...sparse, ...(small.length >= mostSmallPacks ? small : [])].map(([pack]) => pack));
  }

  async #writePacks(contents: readonly Uint8Array[]): Promise<{
    readonly locations: Map<Uint8Array, Location>;
    readonly sizes: Map<string, number>;
  }> {
    const { folder, fileSystem, random } = this.#options;
    const locations = new Map<Uint8Array, Location>();
    const sizes = new Map<string, number>();
    try {
      for (let at = 0; at < contents.length;) {
        const pack = `${random.uuid()}.pack`;
        const pieces: Uint8Array[] = [];
        let bytes = 0;
        for (; at < contents.length; at++) {
          const content = contents[at] ?? new Uint8Array();
          if (bytes > 0 && bytes + content.byteLength > packBytes) break;
          locations.set(content, { pack, offset: bytes, length: content.byteLength });
          pieces.push(content);
          bytes += content.byteLength;
        }
        sizes.set(pack, bytes);
        await fileSystem.writeFileAtomic(join(folder, pack), Buffer.concat(pieces), 0o600);
      }
    } catch (error) {
      for (const pack of sizes.keys()) await fileSystem.remove(join(folder, pack)).catch(() => undefined);
      throw error;
    }
    return { locations, sizes };
  }

  #entry(path: string, node: FileNode, fresh: ReadonlyMap<Uint8Array, Location>): IndexEntry {
    const { mode, modifiedMillis, uid, gid, special } = node;
    const facts = {
      path,
      mode,
      modifiedMillis,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
      ...(special === undefined ? {} : { special }),
    };
    if (node.kind === 'folder') return { ...facts, kind: 'folder' };
    if (node.kind === 'link') return { ...facts, kind: 'link', target: node.target };
    const location = fresh.get(node.content) ?? this.#locations.get(node.content);
    if (location === undefined) throw new Error(`${path} was not written`);
    return { ...facts, kind: 'file', ...location };
  }

  /** All files that are kept, folders before what is in them. */
  #scan(): FoundFile[] {
    const found: FoundFile[] = [];
    const visit = (path: string, node: FileNode): void => {
      if (passing.includes(path) || node.fileSystem === 'tmpfs') return;
      if (path !== '') found.push({ path, node });
      if (node.kind === 'folder') for (const [name, inner] of node.entries) visit(`${path}/${name}`, inner);
    };
    const root = this.#options.files.find('/');
    if (root !== undefined) visit('', root);
    return found;
  }

  /** Removes what a killed process has left behind. */
  async #sweep(): Promise<void> {
    const { folder, fileSystem } = this.#options;
    for (const name of await fileSystem.readFolder(folder)) {
      if (name === 'index.json' || this.#packs.has(name)) continue;
      await fileSystem.remove(join(folder, name)).catch(() => undefined);
    }
  }
}

interface FoundFile {
  readonly path: string;
  readonly node: FileNode;
}
