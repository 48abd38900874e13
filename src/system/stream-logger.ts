import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/**
 * Writes a line of JSON for each entry: time, level, message, fields.
 * @param flush resolves when what was given to `write` has been written.
 */
export function streamLogger(write: (line: string) => void, clock: Clock, flush?: () => Promise<void>): Logger {
  const log = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    write(`${JSON.stringify({ time: new Date(clock.now()).toISOString(), level, message, ...fields })}\n`);
  };
  return {
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    ...(flush === undefined ? {} : { flush }),
  };
}
