import { StatusError } from '../../../apimachinery/status.ts';
import type { Clock, Timer } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';

/** Work that is tried again until it succeeds. */
export interface PersistentWork {
  /**
   * Does it now; where the API server refuses it, it is tried again later, and nobody waits for that.
   * @param name says in the log what was not done
   * @throws whatever is no answer of the API server
   */
  run(name: string, work: () => Promise<void>): Promise<void>;
  /** Nothing more is tried. */
  stop(): void;
}

const againMillis = 10_000;

/**
 * Makes what tries again. Admission (a webhook that nobody answers, say) may refuse what a server writes when it starts:
 * it serves all the same.
 */
export function persistentWork({ clock, log }: { readonly clock: Clock; readonly log: Logger }): PersistentWork {
  const timers = new Set<Timer>();
  let isStopped = false;
  const run = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (isStopped) return;
      log.warn(`${name} was refused, and is tried again`, { error: String(error) });
      const timer = clock.setTimer(
        () => {
          timers.delete(timer);
          run(name, work).catch((problem: unknown) => log.error(`${name} failed`, { error: String(problem) }));
        },
        againMillis,
        { unref: true },
      );
      timers.add(timer);
    }
  };
  return {
    run,
    stop() {
      isStopped = true;
      for (const timer of timers) timer.cancel();
    },
  };
}
