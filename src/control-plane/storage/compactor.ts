import type { Clock, Timer } from '../../system/clock.ts';
import type { Storage } from './storage.ts';

/**
 * Forgets history step by step as kube-apiserver's compactor does: every interval it compacts to the revision it saw
 * one interval ago, so that watches have at least that long to catch up.
 * @returns stops it.
 */
export function startCompactor(storage: Storage, clock: Clock, intervalMillis = 300_000): () => void {
  let seen = storage.currentRevision();
  let timer: Timer;
  let stopped = false;
  const schedule = (): void => {
    timer = clock.setTimer(run, intervalMillis, { unref: true });
  };
  const run = (): void => {
    const target = seen;
    seen = storage.currentRevision();
    storage
      .compact(target)
      .catch(() => undefined)
      .finally(() => {
        if (!stopped) schedule();
      });
  };
  schedule();
  return () => {
    stopped = true;
    timer.cancel();
  };
}
