import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';

/** What a shell reports for a program that Ctrl-C ended. */
export const interruptedExitCode = 130;

/** How long a command has to wind down after Ctrl-C, in milliseconds. */
const graceMillis = 2000;

/**
 * Aborts at the first SIGINT or SIGTERM. A command that does not end by itself then is ended after two seconds, or at
 * once by a second signal.
 */
export function interruptSignal(clock: Clock): AbortSignal {
  const controller = new AbortController();
  // Everything that waits listens; many do at once.
  setMaxListeners(0, controller.signal);
  const listen = (name: NodeJS.Signals, exitCode: number): void => {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(new Error('interrupted'));
      clock.setTimer(() => process.exit(exitCode), graceMillis, { unref: true });
    });
  };
  listen('SIGINT', interruptedExitCode);
  listen('SIGTERM', 143);
  return controller.signal;
}
