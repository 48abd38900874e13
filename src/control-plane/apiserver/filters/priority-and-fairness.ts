import type { Clock } from '../../../system/clock.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Classification, FlowControl } from '../flow-control/flow-control.ts';
import type { RejectionReason } from '../flow-control/priority-level.ts';
import { RetryAfter } from '../flow-control/retry-after.ts';
import { SeatDemand } from '../flow-control/seat-demand.ts';
import type { Gauge, MetricRegistry } from '../metrics/metric-registry.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import { TimingHistogram } from '../metrics/timing-histogram.ts';
import { listPrefix, type ResourceRegistry } from '../registry/api-resource.ts';
import type { ApiRequest, Filter } from '../request-context.ts';
import { endingWith } from '../response-end.ts';
import { isLongRunning, tooManyRequests } from './max-in-flight.ts';
import { countTermination } from './request-metrics.ts';

const durationBuckets: readonly number[] = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

/** A quarter of the time that a request has. */
const waitMillis = 15_000;
const objectsPerSeat = 100;
const maxListSeats = 10;

/** What the filter needs. */
export interface FairnessContext {
  readonly control: FlowControl;
  readonly resources: ResourceRegistry;
  readonly storage: Storage;
  readonly metrics: ServerMetrics;
  readonly clock: Clock;
}

/**
 * Lets each request wait for seats of its priority level, and says by headers which level and schema it was: 429 with
 * Retry-After when there are none in time. A watch gives its seats back as soon as it has started, others when their
 * answer is sent; exec and the like need none.
 */
export function withPriorityAndFairness(context: FairnessContext): Filter {
  const { control, metrics, clock } = context;
  const retryAfter = new RetryAfter(clock);
  const measure = countFlows(context);
  const terminated = countTermination(metrics, context.resources);
  return (next) => async (request) => {
    const { verb } = request.info;
    if (isLongRunning(request) && verb !== 'watch') return next(request);
    const classification = control.classify(request.info, request.user);
    request.responseHeaders['x-kubernetes-pf-flowschema-uid'] = classification.schema.uid;
    request.responseHeaders['x-kubernetes-pf-prioritylevel-uid'] = classification.level.uid;
    const seats = await seatsOf(request, context);
    const count = measure(classification, seats);
    const asked = clock.now();
    const kind = ['get', 'list', 'watch'].includes(verb) ? 'readOnly' : 'mutating';
    count.waits(1);
    metrics.inQueue.change(kind, 1);
    const outcome = await control.enter(classification, seats, waitMillis, request.signal).finally(() => {
      count.waits(-1);
      metrics.inQueue.change(kind, -1);
    });
    if (typeof outcome === 'string') {
      count.rejected(outcome);
      const seconds = (clock.now() - asked) / 1000;
      count.waited(seconds, false);
      metrics.filters.priorityandfairness(seconds);
      terminated(request, 429);
      return tooManyRequests(retryAfter.afterRejection(classification.level.name));
    }
    const begun = clock.now();
    count.waited((begun - asked) / 1000, true);
    metrics.filters.priorityandfairness((begun - asked) / 1000);
    metrics.inFlight.change(kind, 1);
    count.works(1);
    const end = (): void => {
      metrics.inFlight.change(kind, -1);
      count.works(-1);
      count.worked((clock.now() - begun) / 1000, verb === 'watch' ? 'watch' : 'regular');
      outcome.leave();
    };
    if (verb !== 'watch') return endingWith(() => next(request), end);
    try {
      return await next(request);
    } finally {
      end();
    }
  };
}

/** A seat, and for lists one for every hundred objects that are read. */
async function seatsOf({ info, query }: ApiRequest, { resources, storage }: FairnessContext): Promise<number> {
  const { verb, apiGroup, apiVersion, resource, subresource, name, namespace } = info;
  if (verb !== 'list' || name !== '' || subresource !== '') return 1;
  const found = resources.find(apiGroup, apiVersion, resource);
  if (found === undefined) return 1;
  const stored = await storage.count(listPrefix(found, found.definition.namespaced ? namespace : ''));
  const limit = Number(query.get('limit') ?? '0');
  const objects = limit > 0 ? Math.min(limit, stored) : stored;
  return Math.min(Math.max(Math.ceil(objects / objectsPerSeat), 1), maxListSeats);
}

/** Counts one request of a flow. */
interface FlowCount {
  waits(by: number): void;
  works(by: number): void;
  rejected(reason: RejectionReason): void;
  /** Seconds until it was let in, or turned away. */
  waited(seconds: number, isLetIn: boolean): void;
  /** Seconds in which it had its seats. */
  worked(seconds: number, type: 'regular' | 'watch'): void;
}

function countFlows({ control, metrics: { registry }, clock }: FairnessContext): FlowCounting {
  const labels = ['priority_level', 'flow_schema'];
  const family = (name: string, help: string, more: readonly string[] = []): Parameters<typeof registry.gauge>[0] => ({
    name: `apiserver_flowcontrol_${name}`,
    help,
    stability: 'BETA',
    labels: [...labels, ...more],
  });
  const rejected = registry.counter(
    family('rejected_requests_total', 'Requests that were turned away for want of seats.', ['reason']),
  );
  const dispatched = registry.counter(family('dispatched_requests_total', 'Requests that got seats.'));
  const waiting = registry.gauge(family('current_inqueue_requests', 'Requests that wait for seats.'));
  const working = registry.gauge(family('current_executing_requests', 'Requests that are worked on.'));
  const seatsWaiting = registry.gauge({
    ...family('current_inqueue_seats', 'Seats that are waited for.'),
    stability: 'ALPHA',
  });
  const estimated = registry.histogram({
    ...family('work_estimated_seats', 'Seats that requests are taken to need.'),
    stability: 'ALPHA',
    buckets: [1, 2, 4, 8, 16, 32, 64, 100],
  });
  const lengths = registry.histogram({
    ...family('request_queue_length_after_enqueue', 'Requests in a queue when one more was put into it, that one too.'),
    stability: 'ALPHA',
    buckets: [0, 10, 25, 50, 100, 250, 500, 1000],
  });
  control.onEnqueued = (level, schema, length) => lengths.observe([level, schema], length);
  const taken = registry.gauge(family('current_executing_seats', 'Seats that are taken.'));
  const nominal = registry.gauge({
    name: 'apiserver_flowcontrol_nominal_limit_seats',
    help: 'Seats that a level has for its share.',
    stability: 'BETA',
    labels: ['priority_level'],
  });
  const current = registry.gauge({
    name: 'apiserver_flowcontrol_current_limit_seats',
    help: 'Seats that a level has at the moment.',
    stability: 'ALPHA',
    labels: ['priority_level'],
  });
  const waits = registry.histogram({
    ...family('request_wait_duration_seconds', 'Seconds that requests waited for seats.', ['execute']),
    buckets: durationBuckets,
  });
  const works = registry.histogram({
    ...family('request_execution_seconds', 'Seconds that requests had their seats.', ['type']),
    stability: 'ALPHA',
    buckets: durationBuckets,
  });
  const bound = (name: string, help: string): ReturnType<typeof registry.gauge> =>
    registry.gauge({
      name: `apiserver_flowcontrol_${name}_limit_seats`,
      help,
      stability: 'ALPHA',
      labels: ['priority_level'],
    });
  const lower = bound('lower', 'Seats that a level has whatever others need.');
  const upper = bound('upper', 'Seats that a level has at most, borrowed ones included.');
  const demandOf = countDemand(registry, control, clock);
  const timed = timeSeats(registry, control, clock);
  registry.onShow(() => {
    for (const gauge of [nominal, current, lower, upper]) gauge.clear();
    for (const level of control.levels()) {
      const { limits } = level;
      nominal.set([level.name], limits.nominal);
      lower.set([level.name], limits.nominal - limits.lendable);
      upper.set([level.name], limits.nominal + limits.borrowable);
      // What others use of a level's seats it can have back at any time.
      current.set([level.name], Math.max(level.limits.nominal, level.seatsInUse));
    }
  });
  return ({ level, schema }, seats) => {
    const values = [level.name, schema.name];
    const demand = demandOf(level.name);
    return {
      waits(by) {
        waiting.add(values, by);
        seatsWaiting.add(values, by * seats);
        demand.change(by * seats);
        timed(level.name, 0, by * seats);
        if (by > 0) estimated.observe(values, seats);
      },
      works(by) {
        if (by > 0) dispatched.add(values);
        working.add(values, by);
        taken.add(values, by * seats);
        demand.change(by * seats);
        timed(level.name, by * seats, by * seats);
      },
      rejected: (reason) => rejected.add([...values, reason]),
      waited: (seconds, isLetIn) => waits.observe([...values, String(isLetIn)], seconds),
      worked: (seconds, type) => works.observe([...values, type], seconds),
    };
  };
}

type FlowCounting = (classification: Classification, seats: number) => FlowCount;

/** What part of its seats each level used, and was asked for, by the time that it was so. */
function timeSeats(registry: MetricRegistry, control: FlowControl, clock: Clock): TimedSeats {
  const used = new TimingHistogram(registry, clock, {
    name: 'apiserver_flowcontrol_priority_level_seat_utilization',
    help: 'Nanoseconds in which a part of the seats of a level was taken.',
    stability: 'ALPHA',
    labels: ['priority_level', 'phase'],
    buckets: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
  });
  const asked = new TimingHistogram(registry, clock, {
    name: 'apiserver_flowcontrol_demand_seats',
    help: 'Nanoseconds in which so many times the seats of a level were had or waited for.',
    stability: 'ALPHA',
    labels: ['priority_level'],
    buckets: [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6],
  });
  const seats = new Map<string, { used: number; asked: number; nominal: number }>();
  const change: TimedSeats = (name, byUsed, byAsked) => {
    const known = seats.get(name) ?? { used: 0, asked: 0, nominal: nominalSeats(control, name) };
    seats.set(name, known);
    known.used += byUsed;
    known.asked += byAsked;
    used.set([name, 'executing'], known.used / known.nominal);
    asked.set([name], known.asked / known.nominal);
  };
  registry.onShow(() => {
    const levels = new Set(control.levels().map(({ name }) => name));
    for (const [name, known] of seats) {
      known.nominal = nominalSeats(control, name);
      // Requests of a level that is gone may still be under way.
      if (levels.has(name) || known.asked > 0) continue;
      seats.delete(name);
      used.end([name, 'executing']);
      asked.end([name]);
    }
  });
  for (const { name } of control.levels()) change(name, 0, 0);
  return change;
}

type TimedSeats = (level: string, used: number, asked: number) => void;

/** The seats of a level; one for such as have none, or are gone. */
function nominalSeats(control: FlowControl, name: string): number {
  return Math.max(1, control.levels().find((level) => level.name === name)?.limits.nominal ?? 1);
}

/** Tells what seats the levels were asked for. @returns what to tell of a level's demand */
function countDemand(registry: MetricRegistry, control: FlowControl, clock: Clock): (level: string) => SeatDemand {
  const demands = new Map<string, SeatDemand>();
  const demandOf = (level: string): SeatDemand => {
    const known = demands.get(level) ?? new SeatDemand(clock);
    demands.set(level, known);
    return known;
  };
  const gauge = (name: string, help: string): Gauge =>
    registry.gauge({
      name: `apiserver_flowcontrol_demand_seats_${name}`,
      help,
      stability: 'ALPHA',
      labels: ['priority_level'],
    });
  const average = gauge('average', 'Seats that were had or waited for during the last period of ten seconds, by time.');
  const deviation = gauge('stdev', 'Standard deviation of the seats that were had or waited for in the last period.');
  const highest = gauge('high_watermark', 'The most seats that were had or waited for at any time of the last period.');
  const smoothed = gauge('smoothed', 'Seats that were had or waited for of late.');
  for (const { name } of control.levels()) demandOf(name);
  registry.onShow(() => {
    const levels = new Set(control.levels().map(({ name }) => name));
    for (const name of demands.keys()) if (!levels.has(name)) demands.delete(name);
    for (const each of [average, deviation, highest, smoothed]) each.clear();
    for (const name of levels) {
      const statistics = demandOf(name).statistics();
      average.set([name], statistics.average);
      deviation.set([name], statistics.deviation);
      highest.set([name], statistics.highest);
      smoothed.set([name], statistics.smoothed);
    }
  });
  return demandOf;
}
