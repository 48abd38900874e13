import type { Clock } from './clock.ts';

/** A time after which what goes on is ended. */
export interface Deadline {
  /** Aborted when the time is over, and when the outer signal is. */
  readonly signal: AbortSignal;
  /** Whether it was the time that ended it. */
  readonly hasPassed: boolean;
  /** Nothing is waited for any more; call it whatever came. */
  stop(): void;
}

/**
 * @param millis until the time is over; without an end when 0
 * @param outer what ends it besides
 */
export function startDeadline(clock: Clock, millis: number, outer: AbortSignal): Deadline {
  const ending = new AbortController();
  let hasPassed = false;
  const onAbort = (): void => ending.abort(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  const pass = (): void => {
    hasPassed = true;
    ending.abort();
  };
  const timer = millis > 0 ? clock.setTimer(pass, millis) : undefined;
  return {
    signal: ending.signal,
    get hasPassed() {
      return hasPassed;
    },
    stop() {
      timer?.cancel();
      outer.removeEventListener('abort', onAbort);
    },
  };
}
