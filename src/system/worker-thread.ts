import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';

/** Another thread that answers one question at a time and ends with the process. */
export interface WorkerThread {
  /** What is asked and answered is copied. @throws Error when the thread failed */
  ask(question: unknown): Promise<unknown>;
}

/**
 * Starts a thread, 25 ms before it can do anything.
 * @param file the thread's program, which answers with answerQuestions
 * @returns undefined where this process has one processor, and nothing would be won
 */
export function startWorkerThread(file: string): WorkerThread | undefined {
  if (availableParallelism() < 2) return undefined;
  const worker = new Worker(file, { stdin: false, stdout: false, stderr: false });
  const failed = new Promise<never>((_, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error(`the thread of ${file} has ended`)));
  });
  failed.catch(() => undefined);
  worker.unref();
  return {
    async ask(question) {
      // Held for as long as somebody waits.
      worker.ref();
      try {
        const answered = new Promise<unknown>((resolve) => worker.once('message', resolve));
        worker.postMessage(question);
        return await Promise.race([answered, failed]);
      } finally {
        worker.unref();
      }
    },
  };
}

/** What a thread's program does: answers what it is asked, one question after the other. */
export function answerQuestions(answer: (question: unknown) => unknown): void {
  parentPort?.on('message', (question) => parentPort?.postMessage(answer(question)));
}
