import type { UserInfo } from '../../authentication/authenticator.ts';
import { defaultFlowSchemas, defaultPriorityLevels } from '../../../api/flowcontrol/v1/default-flow-control.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from '../../../api/types/flowcontrol-v1.ts';
import type { Clock } from '../../../system/clock.ts';
import type { RequestInfo } from '../request-info.ts';
import { flowOf, matchesFlowSchema } from './flow-schema-matching.ts';
import {
  type Admitted,
  type OnEnqueued,
  PriorityLevel,
  type RejectionReason,
  type SeatLimits,
} from './priority-level.ts';

/** Which schema and level a request belongs to. */
export interface Classification {
  readonly schema: { readonly name: string; readonly uid: string };
  readonly level: { readonly name: string; readonly uid: string };
  /** Requests of one flow share queues. */
  readonly flow: string;
  readonly info: RequestInfo;
  readonly user: UserInfo;
}

interface ActiveSchema {
  readonly name: string;
  readonly uid: string;
  readonly spec: FlowSchemaSpec;
}

/** The server's seats when it is not told otherwise: those of reads and of writes together. */
export const defaultSeats = 600;

/** Levels and schemas that are there whatever is stored. */
const mandatory = ['exempt', 'catch-all'] as const;

/**
 * API priority and fairness: puts requests into flows by flow schemas, and lets flows wait for the seats of their
 * priority levels (KEP-1040). A level may use seats that others lend for as long as these do not need them; the real
 * server moves seats between levels every ten seconds instead.
 */
export class FlowControl {
  readonly #clock: Clock;
  readonly #seats: number;
  readonly #levels = new Map<string, { readonly level: PriorityLevel; uid: string }>();
  /** Told of queues that requests get into, by whoever counts that. */
  onEnqueued: OnEnqueued | undefined;
  #schemas: readonly ActiveSchema[] = [];
  #shareableSeats = 0;
  readonly #leaving: Admitted[] = [];

  constructor(clock: Clock, seats: number = defaultSeats) {
    this.#clock = clock;
    this.#seats = seats;
    this.configure([], []);
  }

  /** The levels that there are, for the metrics. */
  levels(): readonly PriorityLevel[] {
    return [...this.#levels.values()].map(({ level }) => level);
  }

  /** Takes on what is stored. Schemas of levels that are not there are passed over. */
  configure(schemas: readonly FlowSchema[], levels: readonly PriorityLevelConfiguration[]): void {
    const specs = new Map<string, { readonly uid: string; readonly spec: PriorityLevelConfigurationSpec }>();
    for (const name of mandatory) {
      const spec = defaultPriorityLevels[name] as unknown as PriorityLevelConfigurationSpec | undefined;
      if (spec !== undefined) specs.set(name, { uid: '', spec });
    }
    for (const { metadata, spec } of levels) {
      if (spec !== undefined) specs.set(metadata.name ?? '', { uid: metadata.uid ?? '', spec });
    }
    this.#configureLevels(specs);
    const active = new Map<string, ActiveSchema>();
    for (const name of mandatory) {
      const spec = defaultFlowSchemas[name] as unknown as FlowSchemaSpec | undefined;
      if (spec !== undefined) active.set(name, { name, uid: '', spec });
    }
    for (const { metadata, spec } of schemas) {
      const name = metadata.name ?? '';
      if (spec === undefined || !specs.has(spec.priorityLevelConfiguration.name)) continue;
      active.set(name, { name, uid: metadata.uid ?? '', spec });
    }
    this.#schemas = [...active.values()].toSorted(
      (one, other) =>
        (one.spec.matchingPrecedence ?? 1000) - (other.spec.matchingPrecedence ?? 1000) ||
        (one.name < other.name ? -1 : 1),
    );
  }

  /** The first schema that is about a request, and its level; what no schema is about is for the last resort. */
  classify(info: RequestInfo, user: UserInfo): Classification {
    const schema = this.#schemas.find(({ spec }) => matchesFlowSchema(spec, info, user)) ?? this.#lastResort();
    const name = schema.spec.priorityLevelConfiguration.name;
    return {
      schema: { name: schema.name, uid: schema.uid },
      level: { name, uid: this.#levels.get(name)?.uid ?? '' },
      flow: flowOf(schema.spec, info, user),
      info,
      user,
    };
  }

  /** Waits for seats; see PriorityLevel.enter. */
  async enter(
    { schema, level, flow, info, user }: Classification,
    seats: number,
    waitMillis: number,
    signal: () => AbortSignal,
  ): Promise<Admitted | RejectionReason> {
    const found = this.#levels.get(level.name)?.level;
    if (found === undefined) throw new Error(`there is no priority level ${level.name}`);
    const outcome = await found.enter({ schema: schema.name, flow, seats, user, info }, waitMillis, signal);
    if (typeof outcome === 'string') return outcome;
    return { leave: () => (found.isExempt ? this.#leave([outcome]) : this.#leaveLater(outcome)) };
  }

  /**
   * Seats are free again when the event loop has been round: whoever is served at once, as reads are, would never have
   * to share the server with other levels otherwise.
   */
  #leaveLater(admitted: Admitted): void {
    if (this.#leaving.push(admitted) > 1) return;
    setImmediate(() => this.#leave(this.#leaving.splice(0)));
  }

  #leave(leaving: readonly Admitted[]): void {
    for (const { leave } of leaving) leave();
    // What is free now may be lent to another level.
    for (const { level } of this.#levels.values()) level.dispatch();
  }

  #lastResort(): ActiveSchema {
    const last = this.#schemas.find(({ name }) => name === 'catch-all');
    if (last === undefined) throw new Error('the flow schema catch-all is always there');
    return last;
  }

  #configureLevels(
    specs: ReadonlyMap<string, { readonly uid: string; readonly spec: PriorityLevelConfigurationSpec }>,
  ): void {
    const shares = [...specs.values()].reduce((sum, { spec }) => sum + sharesOf(spec), 0);
    const limits = new Map<string, SeatLimits>();
    for (const [name, { spec }] of specs) limits.set(name, this.#limitsOf(spec, shares));
    this.#shareableSeats = [...specs].reduce(
      (sum, [name, { spec }]) => sum + (spec.type === 'Exempt' ? 0 : (limits.get(name)?.nominal ?? 0)),
      0,
    );
    for (const [name, { level }] of this.#levels) {
      if (specs.has(name)) continue;
      // Who waits in a level that is gone is not kept waiting.
      level.configure({ type: 'Limited' }, { nominal: 0, lendable: 0, borrowable: 0 });
      this.#levels.delete(name);
    }
    for (const [name, { uid }] of specs) {
      const known = this.#levels.get(name) ?? {
        level: new PriorityLevel(
          name,
          this.#clock,
          (level, seats) => this.#mayUse(level, seats),
          (level, schema, length) => this.onEnqueued?.(level, schema, length),
        ),
        uid,
      };
      known.uid = uid;
      this.#levels.set(name, known);
    }
    for (const [name, { spec }] of specs) {
      const own = limits.get(name);
      if (own !== undefined) this.#levels.get(name)?.level.configure(spec, own);
    }
  }

  #limitsOf(spec: PriorityLevelConfigurationSpec, allShares: number): SeatLimits {
    const nominal = Math.ceil((this.#seats * sharesOf(spec)) / Math.max(allShares, 1));
    const { lendablePercent = 0 } = spec.limited ?? spec.exempt ?? {};
    const borrowing = spec.limited?.borrowingLimitPercent;
    return {
      nominal,
      lendable: Math.round((nominal * lendablePercent) / 100),
      borrowable: borrowing === undefined ? this.#seats : Math.round((nominal * borrowing) / 100),
    };
  }

  /** Whether seats are left that no other level must be able to take at once. */
  #mayUse(asking: PriorityLevel, seats: number): boolean {
    let taken = seats;
    for (const { level } of this.#levels.values()) {
      if (level.isExempt) continue;
      const { nominal, lendable } = level.limits;
      taken += level === asking ? level.seatsInUse : Math.max(level.seatsInUse, nominal - lendable);
    }
    return taken <= this.#shareableSeats;
  }
}

function sharesOf(spec: PriorityLevelConfigurationSpec): number {
  return spec.type === 'Exempt'
    ? (spec.exempt?.nominalConcurrencyShares ?? 0)
    : (spec.limited?.nominalConcurrencyShares ?? 30);
}
