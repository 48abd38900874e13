import type { WorkerThread } from '../system/worker-thread.ts';
import type { ParseBeside, PlainDocument } from './plain-documents.ts';

/** Parses with the thread of parse-manifests-thread.ts. A thread that fails leaves everything to this one. */
export function parseInThread(thread: WorkerThread | undefined): ParseBeside | undefined {
  if (thread === undefined) return undefined;
  return async (texts) => {
    try {
      return (await thread.ask(texts)) as readonly (readonly PlainDocument[] | undefined)[];
    } catch {
      return [];
    }
  };
}
