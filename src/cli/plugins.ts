import { basename, delimiter, join } from 'node:path';
import type { FileSystem } from '../system/file-system.ts';
import { CommandError } from './command.ts';

/** A program on the PATH that extends this one, and what it is to be called with. */
export interface PluginCall {
  readonly path: string;
  readonly args: readonly string[];
}

/** The folders of $PATH, each once, in order. */
export function pathFolders(env: Readonly<Record<string, string | undefined>>): string[] {
  return [...new Set((env['PATH'] ?? '').split(delimiter))].filter((folder) => folder.trim() !== '');
}

/**
 * Finds the plugin that the words of a command line name: `kubectl foo bar-baz` is `kubectl-foo-bar_baz`, else
 * `kubectl-foo` with the rest as arguments.
 * @param minWords how many words the plugin's name must have at least
 * @throws CommandError when flags stand before its name
 */
export async function findPlugin(
  argv: readonly string[],
  minWords: number,
  env: Readonly<Record<string, string | undefined>>,
  files: FileSystem,
): Promise<PluginCall | undefined> {
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const words = argv.slice(0, firstFlag < 0 ? argv.length : firstFlag).map((word) => word.replaceAll('-', '_'));
  if (words.length === 0) throw new CommandError(`flags cannot be placed before plugin name: ${argv[0] ?? ''}`);
  const folders = pathFolders(env);
  for (let count = words.length; count >= minWords; count--) {
    const name = `kubectl-${words.slice(0, count).join('-')}`;
    if (name.includes('/')) continue;
    for (const folder of folders) {
      const path = join(folder, name);
      if ((await isExecutable(path, files)) === true) return { path, args: argv.slice(count) };
    }
  }
  return undefined;
}

/** Every file on the PATH with a plugin's name, executable or not; told of folders that cannot be read. */
export async function listPlugins(
  env: Readonly<Record<string, string | undefined>>,
  files: FileSystem,
  onUnreadable: (folder: string, error: unknown) => void,
): Promise<string[]> {
  const plugins: string[] = [];
  for (const folder of pathFolders(env)) {
    try {
      for (const name of await files.readFolder(folder)) {
        const path = join(folder, name);
        if (!basename(path).startsWith('kubectl-')) continue;
        const isFolder = await files.stat(path).then(
          (found) => found.isFolder,
          () => false,
        );
        if (!isFolder) plugins.push(path);
      }
    } catch (error) {
      onUnreadable(folder, error);
    }
  }
  return plugins;
}

/** Whether a file may be run; undefined when it is not there. */
export async function isExecutable(path: string, files: FileSystem): Promise<boolean | undefined> {
  try {
    const found = await files.stat(path);
    return !found.isFolder && found.isExecutable;
  } catch {
    return undefined;
  }
}
