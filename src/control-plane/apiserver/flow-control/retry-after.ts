import type { Clock } from '../../../system/clock.ts';

const longestSeconds = 32;

interface LevelHistory {
  seconds: number;
  raisedAt: number;
  /** Rejections by the second they were in. */
  readonly rejections: Map<number, number>;
}

/**
 * How long clients of a level are told to stay away: doubled when the last seconds have seen at least three rejections
 * each, a second less when they have seen less than one each.
 */
export class RetryAfter {
  readonly #clock: Clock;
  readonly #levels = new Map<string, LevelHistory>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a rejection. @returns seconds */
  afterRejection(level: string): number {
    const now = Math.floor(this.#clock.now() / 1000);
    const history = this.#levels.get(level) ?? { seconds: 1, raisedAt: 0, rejections: new Map<number, number>() };
    this.#levels.set(level, history);
    if (!history.rejections.has(now)) adjust(history, now);
    history.rejections.set(now, (history.rejections.get(now) ?? 0) + 1);
    return history.seconds;
  }
}

function adjust(history: LevelHistory, now: number): void {
  const { seconds, raisedAt, rejections } = history;
  let recent = 0;
  for (const [second, count] of rejections) {
    if (now - second > longestSeconds) rejections.delete(second);
    else if (now - second <= seconds) recent += count;
  }
  if (now - raisedAt >= seconds && recent >= 3 * seconds) {
    history.seconds = Math.min(2 * seconds, longestSeconds);
    history.raisedAt = now;
  } else if (recent < seconds && seconds > 1) {
    history.seconds--;
  }
}
