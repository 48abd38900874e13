import { dirname } from 'node:path';
import type { FileSystem } from '../../src/system/file-system.ts';

/** Files in memory, by absolute path; folders are there when a file in them is. */
export function memoryFiles(contents: Readonly<Record<string, string>>): FileSystem {
  const files = new Map(Object.entries(contents).map(([path, text]) => [path, Buffer.from(text)]));
  const missing = (path: string): Error => Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
  const read = (path: string): Buffer => {
    const content = files.get(path);
    if (content === undefined) throw missing(path);
    return content;
  };
  const isFolder = (path: string): boolean => [...files.keys()].some((file) => file.startsWith(`${path}/`));
  return {
    readFile: async (path) => read(path),
    async writeFileAtomic(path, content) {
      files.set(path, Buffer.from(content as string));
    },
    exists: (path) => Promise.resolve(files.has(path) || isFolder(path)),
    async stat(path) {
      if (isFolder(path)) return { isFolder: true, isExecutable: true, size: 0, modifiedMillis: 0 };
      return { isFolder: false, isExecutable: false, size: read(path).length, modifiedMillis: 0 };
    },
    async realPath(path) {
      if (!isFolder(path)) read(path);
      return path;
    },
    async readFolder(path) {
      const names = [...files.keys()]
        .filter((file) => dirname(file) === path)
        .map((file) => file.slice(path.length + 1));
      if (names.length === 0) throw missing(path);
      return names.sort();
    },
    makeFolder: () => Promise.resolve(),
    async remove(path) {
      for (const file of files.keys()) if (file === path || file.startsWith(`${path}/`)) files.delete(file);
    },
    async createExclusive(path) {
      if (files.has(path)) throw Object.assign(new Error(`file exists: ${path}`), { code: 'EEXIST' });
      files.set(path, Buffer.alloc(0));
    },
  };
}
