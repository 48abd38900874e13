import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';

/** What a shell reports for a program that Ctrl-C ended. */
const interruptedExitCode = 130;

/** Why a command is to end: a signal, and the exit code that says so. */
export class Interruption extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

/** The exit code of a program that a signal ended. */
export function exitCodeOf(signal: AbortSignal): number {
  return signal.reason instanceof Interruption ? signal.reason.exitCode : interruptedExitCode;
}

/** Whether it was Ctrl-C, and not another signal, that ended what the signal stands for. */
export function isCtrlC(signal: AbortSignal): boolean {
  return exitCodeOf(signal) === interruptedExitCode;
}

/** How long a command has to wind down after Ctrl-C, in milliseconds. */
let graceMillis = 2000;

/** Gives the command that runs another time to wind down than the usual two seconds: servers finish what is under way. */
export function allowWindDown(millis: number): void {
  graceMillis = millis;
}

/**
 * Aborts at the first SIGINT, SIGTERM, SIGHUP or SIGQUIT. A command that does not end by itself then is ended after two seconds, or at
 * once by a second signal.
 */
export function interruptSignal(clock: Clock): AbortSignal {
  const controller = new AbortController();
  // Everything that waits listens; many do at once.
  setMaxListeners(0, controller.signal);
  const listen = (name: NodeJS.Signals, exitCode: number): void => {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(new Interruption(exitCode));
      clock.setTimer(() => process.exit(exitCode), graceMillis, { unref: true });
    });
  };
  listen('SIGINT', interruptedExitCode);
  listen('SIGTERM', 143);
  listen('SIGHUP', 129);
  listen('SIGQUIT', 131);
  return controller.signal;
}
