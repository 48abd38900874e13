import type { Clock } from '../../../system/clock.ts';

/** How many seats a level was asked for during a period, weighted by time. */
export interface DemandStatistics {
  readonly average: number;
  /** Standard deviation. */
  readonly deviation: number;
  /** The most at any time. */
  readonly highest: number;
  /** What it was of late: it rises with the demand at once, and falls slowly. */
  readonly smoothed: number;
}

const periodMillis = 10_000;
/** How much of what was before is left after a period (KEP-1040, borrowing between levels). */
const decay = 0.977;
/** After so many periods nothing is left of what was before. */
const mostPeriods = 2000;

const none: DemandStatistics = { average: 0, deviation: 0, highest: 0, smoothed: 0 };

/** The seats that requests of a level have or wait for, in periods of ten seconds. */
export class SeatDemand {
  readonly #clock: Clock;
  #seats = 0;
  #begun: number;
  #since: number;
  #sum = 0;
  #squares = 0;
  #highest = 0;
  #last: DemandStatistics = none;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begun = this.#since = clock.now();
  }

  /** Notes that so many seats more are asked for, or less. */
  change(by: number): void {
    this.#catchUp();
    this.#seats += by;
    this.#highest = Math.max(this.#highest, this.#seats);
  }

  /** Of the last period that is over. */
  statistics(): DemandStatistics {
    this.#catchUp();
    return this.#last;
  }

  #catchUp(): void {
    const now = this.#clock.now();
    const whole = Math.floor((now - this.#begun) / periodMillis);
    if (whole > mostPeriods) this.#begun += (whole - mostPeriods) * periodMillis;
    this.#since = Math.max(this.#since, this.#begun);
    while (now - this.#begun >= periodMillis) {
      this.#count(this.#begun + periodMillis);
      this.#close();
    }
    this.#count(now);
  }

  #count(until: number): void {
    const millis = until - this.#since;
    this.#sum += this.#seats * millis;
    this.#squares += this.#seats * this.#seats * millis;
    this.#since = until;
  }

  #close(): void {
    const average = this.#sum / periodMillis;
    const deviation = Math.sqrt(Math.max(0, this.#squares / periodMillis - average * average));
    const envelope = average + deviation;
    const smoothed = Math.max(envelope, decay * this.#last.smoothed + (1 - decay) * envelope);
    this.#last = { average, deviation, highest: this.#highest, smoothed };
    this.#begun += periodMillis;
    this.#sum = this.#squares = 0;
    this.#highest = this.#seats;
  }
}
