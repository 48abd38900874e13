/** Something that can be cancelled, such as a timer. */
export interface Timer {
  cancel(): void;
}

/**
 * Where time comes from. Everything that reads the time or waits is handed one, so that a whole cluster can run in a
 * test on a fake clock.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `callback` once, `delayMillis` from now. The timer does not keep the process alive when `unref` is true. */
  setTimer(callback: () => void, delayMillis: number, options?: { unref?: boolean }): Timer;
}

/**
 * Waits `delayMillis`; resolves early, without an error, when the signal aborts.
 * @returns true when the whole time passed, false when the signal aborted.
 */
export function sleep(clock: Clock, delayMillis: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve(false);
      return;
    }
    const timer = clock.setTimer(() => finish(true), delayMillis);
    const onAbort = (): void => finish(false);
    const finish = (whole: boolean): void => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      resolve(whole);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, delayMillis, options) {
    const handle = setTimeout(callback, Math.min(delayMillis, 2 ** 31 - 1));
    if (options?.unref === true) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
