import { createHash } from 'node:crypto';

/** What stands for the bytes of a document in its tag and its URL. */
export function documentHash(bytes: Uint8Array): string {
  return createHash('sha512').update(bytes).digest('hex').toUpperCase();
}
