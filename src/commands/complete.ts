import { type CommandContext, type CommandDefinition, CommandError, defineCommand } from '../cli/command.ts';
import type { CommandEntry } from '../cli/command-table.ts';
import { completeLine, CompletionError } from '../cli/completion/complete-line.ts';
import { type Completions, directiveNames, directives } from '../cli/completion/directives.ts';
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
      const { candidates, directive } = await complete(line, table, context);
      const shown = name === '__complete' ? candidates : candidates.map((text) => text.split('\t')[0] ?? '');
      context.streams.out.write(`${shown.map((text) => `${text}\n`).join('')}:${directive}\n`);
      context.streams.err.write(`Completion ended with directive: ${directiveNames(directive)}\n`);
    },
  });
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
      (await context.runCommand?.([...argv, ...given])) ?? '';
  try {
    return await completeLine(line, { table, globals, ask });
  } catch (error) {
    if (!(error instanceof CompletionError)) throw error;
    context.streams.err.write(`[Debug] [Error] ${error.message}\n`);
    return { candidates: [], directive: directives.default };
  }
}
