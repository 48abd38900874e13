import { messageOf } from '../apimachinery/error-message.ts';

/** A kustomization that cannot be built; the message is what follows `error: `. */
export class KustomizeError extends Error {}

/** The same with words in front, as errors gather them on their way up. */
export function wrapped(prefix: string, error: unknown): KustomizeError {
  return new KustomizeError(`${prefix}: ${reasonOf(error)}`);
}

/** The words of an error; a bug is thrown on. */
export function reasonOf(error: unknown): string {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) throw error;
  return messageOf(error);
}
