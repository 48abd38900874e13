import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program and gives what it wrote to its standard output; its other streams are this one's.
 * @returns undefined when it cannot be started or fails
 */
export function runForOutput(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(path, args, { env, stdio: ['inherit', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', () => resolve(undefined));
    child.once('close', (code) => resolve(code === 0 ? Buffer.concat(chunks).toString() : undefined));
  });
}

/**
 * Runs a program in this one's place: with its streams and the given environment. Signals of the terminal reach it by
 * themselves; SIGTERM and SIGHUP are passed on, and none of them ends this process before the program has ended; after that they mean what they did before.
 * @returns its exit code, or 128 and the number of the signal that ended it. @throws Error when it cannot be started
 */
export function runInPlace(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env, stdio: 'inherit' });
    const restore = (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const).map((name) => {
      const listeners = process.rawListeners(name) as NodeJS.SignalsListener[];
      process.removeAllListeners(name);
      const passOn = (): void => {
        if (name === 'SIGTERM' || name === 'SIGHUP') child.kill(name);
      };
      process.on(name, passOn);
      return () => {
        process.removeListener(name, passOn);
        for (const listener of listeners) process.on(name, listener);
      };
    });
    const end = (): void => restore.forEach((one) => one());
    child.once('error', (error) => {
      end();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      end();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
