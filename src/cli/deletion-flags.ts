import type { DeleteOptions } from '../client/client.ts';
import { CommandError } from './command.ts';

/** What --cascade means to the server. @throws CommandError */
export function cascadeOf(value: string): NonNullable<DeleteOptions['propagationPolicy']> {
  switch (value) {
    case 'background':
    case 'true':
      return 'Background';
    case 'foreground':
      return 'Foreground';
    case 'orphan':
    case 'false':
      return 'Orphan';
    default:
      throw new CommandError(`invalid cascade value (${value}). Must be "background", "foreground", or "orphan"`);
  }
}
