import { withoutControls } from './terminal-output.ts';
import type { CommandContext } from './command.ts';

/** Writes `Warning: …` on standard error, the word in colour on a terminal. */
export function printWarning(text: string, { streams, env }: Pick<CommandContext, 'streams' | 'env'>): void {
  const { err } = streams;
  const isColored = err.isTerminal && (env['NO_COLOR'] ?? '') === '';
  err.write(
    `${isColored ? '\x1b[33;1mWarning:\x1b[0m' : 'Warning:'} ${err.isTerminal ? withoutControls(text) : text}\n`,
  );
}
