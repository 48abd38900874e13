import { join } from 'node:path';
import { type CommandContext, type CommandDefinition, CommandError, defineCommand } from '../cli/command.ts';
import type { CommandEntry } from '../cli/command-table.ts';
import { completeLine, CompletionError } from '../cli/completion/complete-line.ts';
import { type Completions, directiveNames, directives } from '../cli/completion/directives.ts';
import { completePlugin, pluginCommands } from '../cli/completion/plugin-completion.ts';
import { globalFlags } from '../cli/global-flags.ts';
import { homeFolder } from '../cli/program.ts';

/**
 * `__complete` and `__completeNoDesc`, which the scripts of `completion` ask: a candidate on each line, and what the
 * shell shall do with them as a number behind a colon.
 */
export function completeCommand(
  table: readonly CommandEntry[],
  name: '__complete' | '__completeNoDesc',
): CommandDefinition<readonly string[]> {
  return defineCommand<readonly string[]>({
    path: [name],
    usage: '[command-line]',
    short: 'Request shell completion choices for the specified command-line',
    flags: [],
    hidden: true,
    rawArguments: true,
    toOptions(args) {
      if (args.length === 0) throw new CommandError('requires at least 1 arg(s), only received 0');
      return args;
    },
    async run(line, context) {
      // What `options` says goes to standard output, errors too.
      const err = line[0] === 'options' ? context.streams.out : context.streams.err;
      const added = (context.preferences?.added ?? []).flatMap(({ path, standsFor }) => {
        const entry = table.find((one) => one.path.join(' ') === standsFor.join(' '));
        return entry === undefined ? [] : [{ ...entry, path, standsFor }];
      });
      const { candidates, directive } = await complete(line, [...table, ...added], context);
      const shown = name === '__complete' ? candidates : candidates.map((text) => text.split('\t')[0] ?? '');
      context.streams.out.write(`${shown.map((text) => `${text}\n`).join('')}:${directive}\n`);
      err.write(`Completion ended with directive: ${directiveNames(directive)}\n`);
    },
  });
}

async function namesHere({ files, cwd }: CommandContext): Promise<string[]> {
  const names: readonly string[] = await files.readFolder(cwd).catch(() => []);
  const shown = names.toSorted().map(async (name) => {
    const found = await files.stat(join(cwd, name)).catch(() => undefined);
    return found?.isFolder === true ? `${name}/` : name;
  });
  return Promise.all(shown);
}

async function complete(
  line: readonly string[],
  table: readonly CommandEntry[],
  context: CommandContext,
): Promise<Completions> {
  const globals = globalFlags(homeFolder(context.env));
  const ask =
    (given: readonly string[]) =>
    async (...argv: string[]): Promise<string> =>
      (await context.runCommand?.([...given, ...argv])) ?? '';
  try {
    const [first = ''] = line;
    const isKnown = table.some(({ path }) => path.length === 1 && path[0] === first);
    // Plugins know nothing of the program's own flags.
    const isPlugins = !first.startsWith('-') && line.length > 1 && !isKnown && !['help', 'options'].includes(first);
    if (isPlugins) context.streams.err.write('[Debug] Cleared global flags for plugin completion\n');
    const isFirst = !first.startsWith('-') && line.length === 1;
    const plugins = isFirst || isPlugins ? await pluginCommands(table, context) : [];
    return await completeLine(line, {
      table: [...table, ...plugins],
      globals: isPlugins ? [] : globals,
      presets: context.preferences?.presets ?? [],
      ask,
      listFolder: () => namesHere(context),
      plugins,
      completePlugin: (path, args) => completePlugin(path, args, context),
    });
  } catch (error) {
    if (!(error instanceof CompletionError)) throw error;
    context.streams.err.write(`[Debug] [Error] ${error.message}\n`);
    return { candidates: [], directive: directives.default };
  }
}
