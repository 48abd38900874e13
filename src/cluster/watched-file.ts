import { messageOf } from '../apimachinery/error-message.ts';
import type { Clock, Timer } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import { ComponentArgumentError } from './component-arguments.ts';
import { systemReasonOrMessage } from '../system/file-errors.ts';

export interface WatchedFileOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly path: string;
  /** Told of the new content. What it throws is told to onError. */
  readonly onChange: (content: string) => Promise<void> | void;
  readonly onError: (reason: string) => void;
}

/** A change that cannot be taken up just now; it is tried again. */
export class NotNowError extends Error {}

const intervalMillis = 1000;
const retryMillis = 60_000;

/** Reads a file whose changes count without a restart. */
export async function readText(files: FileSystem, path: string): Promise<string> {
  return Buffer.from(await files.readFile(path)).toString('utf8');
}

/** Reads a file that a flag names. @throws ComponentArgumentError in Go's words */
export async function readArgumentFile(files: FileSystem, path: string): Promise<string> {
  try {
    return await readText(files, path);
  } catch (error) {
    throw new ComponentArgumentError(`open ${path}: ${systemReasonOrMessage(error)}`);
  }
}

/** Looks every second whether a file has other content. @param content what it has now. @returns how to stop */
export function watchFile(options: WatchedFileOptions, content: string): () => void {
  const { files, clock, path } = options;
  let known = content;
  let seen = '';
  let timer: Timer | undefined;
  let isStopped = false;
  let problem = { reason: '', until: 0 };
  const look = async (): Promise<void> => {
    try {
      const { modifiedMillis, size } = await files.stat(path);
      const state = `${modifiedMillis} ${size}`;
      if (state === seen) return;
      const read = await readText(files, path);
      seen = state;
      problem = { reason: '', until: 0 };
      if (read === known || isStopped) return;
      const last = known;
      known = read;
      await Promise.resolve(options.onChange(read)).catch((error: unknown) => {
        if (error instanceof NotNowError) {
          known = last;
          clock.setTimer(() => (seen = ''), retryMillis, { unref: true });
        }
        throw error;
      });
    } catch (error) {
      const reason = messageOf(error);
      // What stays wrong, like a file that is away, is told of once a minute.
      if (reason === problem.reason && clock.now() < problem.until) return;
      problem = { reason, until: clock.now() + retryMillis };
      options.onError(reason);
    }
  };
  const schedule = (): void => {
    timer = clock.setTimer(() => void look().finally(() => isStopped || schedule()), intervalMillis, { unref: true });
  };
  schedule();
  return () => {
    isStopped = true;
    timer?.cancel();
  };
}
