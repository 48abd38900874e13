import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { makeFolders } from './make-folders.ts';

/**
 * The machine's own file system. Files are read and written without other threads: a command has nothing else to do,
 * and node:fs/promises alone takes longer to load than all that most commands read.
 */
export const nodeFileSystem: FileSystem = {
  async readFile(path) {
    if (statSync(path).isFile()) return readFileSync(path);
    // A pipe may have nothing to say yet; Ctrl-C must be heard meanwhile.
    return (await import('node:fs/promises')).readFile(path);
  },
  writeFileAtomic: settled((link, content, mode = 0o600) => {
    // A symbolic link stays one, and a file that is there keeps its mode and its owner.
    const path = found(() => realpathSync(link)) ?? link;
    const before = found(() => statSync(path));
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      const handle = openSync(temporary, 'wx', before === undefined ? mode : 0o600);
      try {
        if (before !== undefined) keepAccess(handle, before);
        writeFileSync(handle, content);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncFolder(dirname(path));
  }),
  exists: settled((path) => existsSync(path)),
  stat: settled((path) => {
    const about = statSync(path);
    return {
      isFolder: about.isDirectory(),
      isExecutable: (about.mode & 0o111) !== 0,
      size: about.size,
      modifiedMillis: about.mtimeMs,
    };
  }),
  realPath: settled((path) => realpathSync(path)),
  readFolder: settled((path) => readdirSync(path).sort()),
  makeFolder: settled((path, mode = 0o755) => makeFolders(path, mode)),
  remove: settled((path) => rmSync(path, { recursive: true, force: true })),
  createExclusive: settled((path) => closeSync(openSync(path, 'wx', 0o600))),
};

/** A function whose outcome comes as a promise. */
function settled<Args extends readonly unknown[], Result>(
  call: (...args: Args) => Result,
): (...args: Args) => Promise<Result> {
  return (...args) => new Promise((resolve) => resolve(call(...args)));
}

/** What a look gives; undefined where there is nothing. */
function found<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** What `sudo` or somebody of the group writes stays the owner's, as far as the system lets us. */
function keepAccess(handle: number, { mode, uid, gid }: Stats): void {
  const now = fstatSync(handle);
  const give = (owner: number): boolean =>
    found(() => {
      fchownSync(handle, owner, gid);
      return true;
    }) === true;
  const isOther = now.uid !== uid || now.gid !== gid;
  if (isOther && !give(uid)) give(now.uid);
  fchmodSync(handle, mode & 0o777);
}

/** Makes a rename last; not every file system can. */
function syncFolder(path: string): void {
  try {
    const handle = openSync(path, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // Windows cannot open folders; the rename has happened all the same.
  }
}
