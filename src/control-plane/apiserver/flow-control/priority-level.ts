import type { UserInfo } from '../../authentication/authenticator.ts';
import { createHash } from 'node:crypto';
import type { PriorityLevelConfigurationSpec } from '../../../api/types/flowcontrol-v1.ts';
import type { Clock } from '../../../system/clock.ts';
import type { RequestInfo } from '../request-info.ts';

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

/** Told how many requests wait in a queue once one more does; that may be let go at once. */
export type OnEnqueued = (level: string, schema: string, length: number) => void;

/** What a level is told of a request. */
export interface FlowRequest {
  readonly schema: string;
  /** What tells its flow from others of the schema. */
  readonly flow: string;
  readonly seats: number;
  readonly user: UserInfo;
  readonly info: RequestInfo;
}

/** A request in a level; times are milliseconds since 1970. */
export interface FlowTicket {
  readonly request: FlowRequest;
  readonly arrivedAt: number;
  /** When it got its seats; undefined as long as it waits. */
  readonly startedAt: number | undefined;
}

/** How many requests a level has seen. */
export interface LevelCounts {
  readonly dispatched: number;
  readonly rejected: number;
  readonly timedOut: number;
  readonly cancelled: number;
}

/** One queue, for who looks into it. */
export interface QueueView {
  readonly waiting: readonly FlowTicket[];
  readonly executing: readonly FlowTicket[];
  readonly served: number;
}

interface Waiting {
  readonly request: FlowRequest;
  readonly arrivedAt: number;
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
  readonly #onEnqueued: OnEnqueued;
  #spec: PriorityLevelConfigurationSpec = { type: 'Exempt' };
  #limits: SeatLimits = { nominal: 0, lendable: 0, borrowable: 0 };
  #queues: Queue[] = [];
  #seatsInUse = 0;
  #waiting = 0;
  readonly #executing = new Set<FlowTicket>();
  readonly #counts = { dispatched: 0, rejected: 0, timedOut: 0, cancelled: 0 };

  /** @param mayUse asked before each seat that is not the level's own in any case. */
  constructor(name: string, clock: Clock, mayUse: MayUse, onEnqueued: OnEnqueued = () => undefined) {
    this.name = name;
    this.#clock = clock;
    this.#mayUse = mayUse;
    this.#onEnqueued = onEnqueued;
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

  get counts(): LevelCounts {
    return this.#counts;
  }

  /** Requests that have seats. */
  get executing(): number {
    return this.#executing.size;
  }

  /**
   * What is in each queue. A request that did not have to wait is shown in a queue that its flow may wait in.
   * @returns also the requests of levels without queues.
   */
  view(): { readonly queues: readonly QueueView[]; readonly withoutQueue: readonly FlowTicket[] } {
    const executing = new Map<Queue | undefined, FlowTicket[]>();
    for (const ticket of this.#executing) {
      const queue = this.#handOf(ticket.request)[0];
      const tickets = executing.get(queue) ?? [];
      if (tickets.push(ticket) === 1) executing.set(queue, tickets);
    }
    const queues = this.#queues.map((queue) => ({
      waiting: queue.waiting.map(({ request, arrivedAt }) => ({ request, arrivedAt, startedAt: undefined })),
      executing: executing.get(queue) ?? [],
      served: queue.served,
    }));
    return { queues, withoutQueue: executing.get(undefined) ?? [] };
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
  enter(request: FlowRequest, waitMillis: number, signal: () => AbortSignal): Promise<Admitted | RejectionReason> {
    const arrivedAt = this.#clock.now();
    if (this.isExempt || (this.waiting === 0 && this.#hasRoom(request.seats))) {
      if (this.#queuing !== undefined) this.#onEnqueued(this.name, request.schema, 1);
      return Promise.resolve(this.#take(request, arrivedAt));
    }
    const queuing = this.#queuing;
    if (queuing === undefined) return this.#reject('concurrency-limit');
    const queue = this.#pickQueue(request);
    if (queue === undefined || queue.waiting.length >= (queuing.queueLengthLimit ?? 50)) {
      return this.#reject('queue-full');
    }
    if (queue.waiting.length === 0) queue.served = Math.max(queue.served, this.#leastServed());
    return new Promise((resolve) => {
      const gone = signal();
      const give = (reason: 'cancelled' | 'time-out') => (): void => {
        for (const { waiting } of this.#queues) {
          const index = waiting.indexOf(entry);
          if (index < 0) continue;
          waiting.splice(index, 1);
          this.#waiting--;
          this.#counts[reason === 'cancelled' ? 'cancelled' : 'timedOut']++;
        }
        entry.settle(reason);
      };
      const onGone = give('cancelled');
      const timer = this.#clock.setTimer(give('time-out'), waitMillis, { unref: true });
      const entry: Waiting = {
        request,
        arrivedAt,
        settle(outcome) {
          timer.cancel();
          gone.removeEventListener('abort', onGone);
          resolve(outcome);
        },
      };
      gone.addEventListener('abort', onGone, { once: true });
      queue.waiting.push(entry);
      this.#waiting++;
      this.#onEnqueued(this.name, request.schema, queue.waiting.length);
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
      if (next === undefined || entry === undefined || !this.#hasRoom(entry.request.seats)) return;
      next.waiting.shift();
      this.#waiting--;
      next.served += entry.request.seats;
      entry.settle(this.#take(entry.request, entry.arrivedAt));
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

  #take(request: FlowRequest, arrivedAt: number): Admitted {
    const ticket: FlowTicket = { request, arrivedAt, startedAt: this.#clock.now() };
    this.#executing.add(ticket);
    this.#counts.dispatched++;
    this.#seatsInUse += request.seats;
    return {
      leave: () => {
        if (this.#executing.delete(ticket)) this.#seatsInUse -= request.seats;
      },
    };
  }

  #reject(reason: RejectionReason): Promise<RejectionReason> {
    this.#counts.rejected++;
    return Promise.resolve(reason);
  }

  #leastServed(): number {
    const active = this.#queues.filter((queue) => queue.waiting.length > 0).map((queue) => queue.served);
    return active.length === 0 ? 0 : Math.min(...active);
  }

  /** Of the queues of a flow the one with the fewest seats waiting. */
  #pickQueue(request: FlowRequest): Queue | undefined {
    const load = ({ waiting }: Queue): number => waiting.reduce((sum, entry) => sum + entry.request.seats, 0);
    return this.#handOf(request).toSorted((one, other) => load(one) - load(other))[0];
  }

  /** Shuffle sharding: a hand of queues that belongs to the flow. */
  #handOf({ schema, flow }: FlowRequest): Queue[] {
    const deck = [...this.#queues];
    const hand: Queue[] = [];
    let hash = createHash('sha256').update(`${schema}\0${flow}`).digest().readBigUInt64LE();
    for (let card = 0; card < (this.#queuing?.handSize ?? 8) && deck.length > 0; card++) {
      const size = BigInt(deck.length);
      hand.push(...deck.splice(Number(hash % size), 1));
      hash /= size;
    }
    return hand;
  }
}
