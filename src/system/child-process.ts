import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program in this one's place: with its streams and the given environment. Signals of the terminal reach it by
 * themselves; SIGTERM and SIGHUP are passed on, and none of them ends this process before the program has ended.
 * @returns its exit code, or 128 and the number of the signal that ended it. @throws Error when it cannot be started
 */
export function runInPlace(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env, stdio: 'inherit' });
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
      process.removeAllListeners(name);
      process.on(name, () => {
        if (name === 'SIGTERM' || name === 'SIGHUP') child.kill(name);
      });
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
