import type { DeleteOptions } from '../client/client.ts';
import { type CommandContext, CommandError } from './command.ts';
import { FlagValueError, parseBoolean } from './flag-values.ts';

/** What --cascade means to the server; its old values are warned of. @throws CommandError */
export function cascadeOf(
  value: string,
  { streams }: Pick<CommandContext, 'streams'>,
): NonNullable<DeleteOptions['propagationPolicy']> {
  switch (value) {
    case 'background':
      return 'Background';
    case 'foreground':
      return 'Foreground';
    case 'orphan':
      return 'Orphan';
  }
  const isOn = booleanOf(value);
  if (isOn === undefined) {
    throw new CommandError(`invalid cascade value (${value}). Must be "background", "foreground", or "orphan"`);
  }
  const now = isOn ? 'background' : 'orphan';
  streams.err.write(
    `warning: --cascade=${value} is deprecated (boolean value) and can be replaced with --cascade=${now}.\n`,
  );
  return isOn ? 'Background' : 'Orphan';
}

function booleanOf(text: string): boolean | undefined {
  try {
    return parseBoolean(text);
  } catch (error) {
    if (error instanceof FlagValueError) return undefined;
    throw error;
  }
}
