import { basename } from 'node:path';
import { goQuote } from '../../apimachinery/field-error.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { isExecutable, listPlugins } from '../../cli/plugins.ts';

/** Finds the command that words lead to, as far as they do: `kubectl create`; undefined when the first is none. */
export type FindCommand = (words: readonly string[]) => string | undefined;

interface ListOptions {
  readonly nameOnly: boolean;
}

/** `kubectl plugin list`. @param findCommand in the table of commands, to warn of plugins that are never called */
export function pluginListCommand(findCommand: FindCommand) {
  return defineCommand<ListOptions>({
    path: ['plugin', 'list'],
    usage: '[flags]',
    short: "List all visible plugin executables on a user's PATH",
    long:
      'List the plugins on the PATH: executable files whose names begin with "kubectl-". With --name-only their names ' +
      'are shown without the folders.',
    examples:
      '# List the plugins with their folders\nkubectl plugin list\n\n# List their names alone\nkubectl plugin list --name-only',
    flags: [
      {
        name: 'name-only',
        type: 'bool',
        default: 'false',
        description: 'Show the name of each plugin without its folder',
      },
    ],
    toOptions: (_args, flags) => ({ nameOnly: flags.bool('name-only') }),
    run: (options, context) => listAll(options, context, findCommand),
  });
}

async function listAll({ nameOnly }: ListOptions, context: CommandContext, findCommand: FindCommand): Promise<void> {
  const { streams, env, files } = context;
  const plugins = await listPlugins(env, files, (folder, error) => {
    const problem = `Unable to read directory ${goQuote(folder)} from your PATH: ${openProblem(folder, error)}`;
    streams.err.write(`${problem}. Skipping...\n`);
  });
  if (plugins.length === 0) throw new CommandError('error: unable to find any kubectl plugins in your PATH\n');
  streams.out.write('The following compatible plugins are available:\n\n');
  const seen = new Map<string, string>();
  let warnings = 0;
  for (const path of plugins) {
    streams.out.write(`${nameOnly ? basename(path) : path}\n`);
    for (const problem of await problemsOf(path, seen, context, findCommand)) {
      streams.err.write(`  - ${problem}\n`);
      warnings++;
    }
  }
  if (warnings === 1) throw new CommandError('error: one plugin warning was found\n');
  if (warnings > 1) throw new CommandError(`error: ${warnings} plugin warnings were found\n`);
}

/** Why a plugin is not called, or not by its name. */
async function problemsOf(
  path: string,
  seen: Map<string, string>,
  { files }: CommandContext,
  findCommand: FindCommand,
): Promise<string[]> {
  const name = basename(path);
  const problems: string[] = [];
  const canRun = await isExecutable(path, files);
  if (canRun === undefined) {
    const reason = `stat ${path}: no such file or directory`;
    problems.push(`error: unable to identify ${path} as an executable file: ${reason}`);
  } else if (!canRun) {
    problems.push(`warning: ${path} identified as a kubectl plugin, but it is not executable`);
  }
  const earlier = seen.get(name);
  if (earlier === undefined) seen.set(name, path);
  else problems.push(`warning: ${path} is overshadowed by a similarly named plugin: ${earlier}`);
  const command = findCommand(name.split('-').slice(1));
  if (command !== undefined) problems.push(`warning: ${name} overwrites existing command: ${goQuote(command)}`);
  return problems;
}

function openProblem(folder: string, error: unknown): string {
  const { code = '' } = error as { code?: string };
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `open ${folder}: no such file or directory`,
    EACCES: `open ${folder}: permission denied`,
    ENOTDIR: `open ${folder}: not a directory`,
  };
  return reasons[code] ?? String(error);
}
