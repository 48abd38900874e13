import { access, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileSystem } from './file-system.ts';

/** The machine's own file system. */
export const nodeFileSystem: FileSystem = {
  readFile: (path) => readFile(path),
  async writeFileAtomic(link, content, mode) {
    // A symbolic link stays one, and a file that is there keeps its mode unless one is given.
    const path = await realpath(link).catch(() => link);
    const wanted = mode ?? (await stat(path).catch(() => ({ mode: 0o600 }))).mode & 0o777;
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      const handle = await open(temporary, 'wx', wanted);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  },
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  async stat(path) {
    const found = await stat(path);
    return {
      isFolder: found.isDirectory(),
      isExecutable: (found.mode & 0o111) !== 0,
      size: found.size,
      modifiedMillis: found.mtimeMs,
    };
  },
  realPath: (path) => realpath(path),
  readFolder: async (path) => (await readdir(path)).sort(),
  async makeFolder(path, mode = 0o755) {
    await mkdir(path, { recursive: true, mode });
  },
  remove: (path) => rm(path, { recursive: true, force: true }),
  async createExclusive(path) {
    const handle = await open(path, 'wx', 0o600);
    await handle.close();
  },
};

/** Makes a rename last; not every file system can. */
async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows cannot open folders; the rename has happened all the same.
  }
}
