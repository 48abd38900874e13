import { createHash } from 'node:crypto';
import type { PriorityLevelConfigurationSpec } from '../../../api/types/flowcontrol-v1.ts';
import type { Clock } from '../../../system/clock.ts';

/** Why a request is turned away, in the words of the metrics. */
export type RejectionReason = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled';

/** A request that may go on; `leave` gives its seats back. */
export interface Admitted {
  readonly leave: () => void;
}

/** How many seats a level has, of all that there are. */
export interface SeatLimits {
  /** Its share. */
  readonly nominal: number;
  /** Of those, how many others may use meanwhile. */
  readonly lendable: number;
  /** How many of others it may use besides. */
  readonly borrowable: number;
}

/** Whether a level may take seats beyond those that are its own in any case. */
export type MayUse = (level: PriorityLevel, seats: number) => boolean;

interface Waiting {
  readonly seats: number;
  readonly settle: (outcome: Admitted | RejectionReason) => void;
}

interface Queue {
  readonly waiting: Waiting[];
  /** Seats that its requests have been given, as far as that counts against others. */
  served: number;
}

/** One priority level: its seats, and the queues of those who wait for one (KEP-1040). */
export class PriorityLevel {
  readonly name: string;
  readonly #clock: Clock;
  readonly #mayUse: MayUse;
  #spec: PriorityLevelConfigurationSpec = { type: 'Exempt' };
  #limits: SeatLimits = { nominal: 0, lendable: 0, borrowable: 0 };
  #queues: Queue[] = [];
  #seatsInUse = 0;
  #waiting = 0;

  /** @param mayUse asked before each seat that is not the level's own in any case. */
  constructor(name: string, clock: Clock, mayUse: MayUse) {
    this.name = name;
    this.#clock = clock;
    this.#mayUse = mayUse;
  }

  get isExempt(): boolean {
    return this.#spec.type === 'Exempt';
  }

  get seatsInUse(): number {
    return this.#seatsInUse;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Requests that wait, by queue. */
  get queueLengths(): readonly number[] {
    return this.#queues.map(({ waiting }) => waiting.length);
  }

  get limits(): SeatLimits {
    return this.#limits;
  }

  /** Takes on a configuration; who waits in a queue that is no more is put into another. */
  configure(spec: PriorityLevelConfigurationSpec, limits: SeatLimits): void {
    this.#spec = spec;
    this.#limits = limits;
    const wanted = this.#queuing?.queues ?? 0;
    const left = this.#queues.splice(wanted).flatMap((queue) => queue.waiting);
    while (this.#queues.length < wanted) this.#queues.push({ waiting: [], served: 0 });
    const [first] = this.#queues;
    if (first !== undefined) first.waiting.push(...left);
    else {
      this.#waiting -= left.length;
      for (const { settle } of left) settle('concurrency-limit');
    }
    this.dispatch();
  }

  /**
   * Waits for seats, at most `waitMillis`, in a queue that is picked by the flow.
   * @param signal aborts when nobody waits for the answer any more.
   */
  enter(
    flow: string,
    seats: number,
    waitMillis: number,
    signal: () => AbortSignal,
  ): Promise<Admitted | RejectionReason> {
    if (this.isExempt) return Promise.resolve(this.#take(seats));
    if (this.waiting === 0 && this.#hasRoom(seats)) return Promise.resolve(this.#take(seats));
    const queuing = this.#queuing;
    if (queuing === undefined) return Promise.resolve('concurrency-limit');
    const queue = this.#pickQueue(flow);
    if (queue === undefined || queue.waiting.length >= (queuing.queueLengthLimit ?? 50)) {
      return Promise.resolve('queue-full');
    }
    if (queue.waiting.length === 0) queue.served = Math.max(queue.served, this.#leastServed());
    return new Promise((resolve) => {
      const gone = signal();
      const give = (reason: RejectionReason) => (): void => {
        for (const { waiting } of this.#queues) {
          const index = waiting.indexOf(entry);
          if (index < 0) continue;
          waiting.splice(index, 1);
          this.#waiting--;
        }
        entry.settle(reason);
      };
      const onGone = give('cancelled');
      const timer = this.#clock.setTimer(give('time-out'), waitMillis, { unref: true });
      const entry: Waiting = {
        seats,
        settle(outcome) {
          timer.cancel();
          gone.removeEventListener('abort', onGone);
          resolve(outcome);
        },
      };
      gone.addEventListener('abort', onGone, { once: true });
      queue.waiting.push(entry);
      this.#waiting++;
      this.dispatch();
    });
  }

  /** Lets go on who may: those first whose queue has had the least. */
  dispatch(): void {
    while (this.#waiting > 0) {
      const [next] = this.#queues
        .filter((queue) => queue.waiting.length > 0)
        .toSorted((one, other) => one.served - other.served);
      const [entry] = next?.waiting ?? [];
      if (next === undefined || entry === undefined || !this.#hasRoom(entry.seats)) return;
      next.waiting.shift();
      this.#waiting--;
      next.served += entry.seats;
      entry.settle(this.#take(entry.seats));
    }
  }

  get #queuing():
    | { readonly queues?: number; readonly handSize?: number; readonly queueLengthLimit?: number }
    | undefined {
    const response = this.#spec.limited?.limitResponse;
    return response?.type === 'Queue' ? (response.queuing ?? {}) : undefined;
  }

  /** A request that is wider than the level goes when nothing else does. */
  #hasRoom(seats: number): boolean {
    if (this.#seatsInUse === 0) return true;
    const { nominal, lendable, borrowable } = this.#limits;
    const wanted = this.#seatsInUse + seats;
    if (wanted <= nominal - lendable) return true;
    return wanted <= nominal + borrowable && this.#mayUse(this, seats);
  }

  #take(seats: number): Admitted {
    this.#seatsInUse += seats;
    let isIn = true;
    return {
      leave: () => {
        if (!isIn) return;
        isIn = false;
        this.#seatsInUse -= seats;
      },
    };
  }

  #leastServed(): number {
    const active = this.#queues.filter((queue) => queue.waiting.length > 0).map((queue) => queue.served);
    return active.length === 0 ? 0 : Math.min(...active);
  }

  /** Shuffle sharding: a hand of queues that belongs to the flow, and of those the one with the fewest seats waiting. */
  #pickQueue(flow: string): Queue | undefined {
    const deck = [...this.#queues];
    const hand: Queue[] = [];
    let hash = createHash('sha256').update(flow).digest().readBigUInt64LE();
    for (let card = 0; card < (this.#queuing?.handSize ?? 8) && deck.length > 0; card++) {
      const size = BigInt(deck.length);
      hand.push(...deck.splice(Number(hash % size), 1));
      hash /= size;
    }
    const load = ({ waiting }: Queue): number => waiting.reduce((sum, { seats }) => sum + seats, 0);
    return hand.toSorted((one, other) => load(one) - load(other))[0];
  }
}
