import { basename, join } from 'node:path';
import type { CommandContext } from '../command.ts';
import { type CommandEntry, pluginGroup } from '../command-table.ts';
import { isExecutable, listPlugins, pathFolders } from '../plugins.ts';
import { type Completions, directives } from './directives.ts';

/**
 * Commands that plugins on the PATH add, nested as the dashes in their names say. What a command of the table is
 * called already adds nothing.
 * @param onlyFirst leaves subcommands out, and tells of a plugin's command for each of its files
 */
export async function pluginCommands(
  table: readonly CommandEntry[],
  { env, files }: Pick<CommandContext, 'env' | 'files'>,
  onlyFirst = false,
): Promise<CommandEntry[]> {
  const added: CommandEntry[] = [];
  for (const file of await listPlugins(env, files, () => {})) {
    const words = basename(file)
      .split('-')
      .slice(1)
      .map((word) => word.replaceAll('_', '-'));
    const path = onlyFirst ? words.slice(0, 1) : words;
    const known = onlyFirst ? table : [...table, ...added];
    for (let length = 1; length <= path.length; length++) {
      const own = path.slice(0, length);
      const isKnown = known.some((entry) => entry.path.join(' ') === own.join(' '));
      // Behind a command of the program's own the rest are its arguments.
      if (isKnown && table.some((entry) => entry.path.join(' ') === own.join(' '))) break;
      if (isKnown) continue;
      const short = `The command ${own.at(-1) ?? ''} is a plugin installed by the user`;
      added.push({ path: own, short, group: pluginGroup });
    }
  }
  return added;
}

/**
 * What a plugin offers itself, by a program beside it on the PATH: `kubectl_complete-foo` for `kubectl-foo`. It is
 * handed the words behind the plugin's name, and may end with a directive behind a colon.
 */
export async function completePlugin(
  path: readonly string[],
  args: readonly string[],
  { env, files, streams, runForOutput }: Pick<CommandContext, 'env' | 'files' | 'streams' | 'runForOutput'>,
): Promise<Completions> {
  const name = ['kubectl', ...path].map((word) => word.replaceAll('-', '_')).join('-');
  const program = name.replace('-', '_complete-');
  const tell = (text: string): unknown => streams.err.write(`[Debug] ${text}\n`);
  tell(`About to look for: ${program}`);
  let found: string | undefined;
  for (const folder of pathFolders(env)) {
    if ((await isExecutable(join(folder, program), files)) === true) found ??= join(folder, program);
  }
  if (found === undefined || runForOutput === undefined) {
    tell(`Plugin ${name} does not provide a matching completion executable`);
    return { candidates: [], directive: directives.default };
  }
  tell(`About to call: ${found} ${args.join(' ')}`);
  const output = (await runForOutput(found, args, env)) ?? '';
  const candidates = output.split('\n').filter((line) => line !== '');
  const directive = /^:([+-]?\d+)$/.exec(candidates.at(-1) ?? '')?.[1];
  if (directive === undefined) return { candidates, directive: directives.default };
  return { candidates: candidates.slice(0, -1), directive: Number(directive) };
}
