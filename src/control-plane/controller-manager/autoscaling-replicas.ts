import type { Container, Pod } from '../../api/types/core-v1.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import type { PodUse } from './autoscaling-metrics.ts';
import { isPodReady } from './pod-facts.ts';

/** --horizontal-pod-autoscaler-cpu-initialization-period */
const startupMillis = 300_000;
/** --horizontal-pod-autoscaler-initial-readiness-delay */
const readinessDelayMillis = 30_000;

/** How far from the target is near enough, as parts of it. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

/** How many pods are wanted, and what they use on average. */
export interface Proposal {
  readonly replicas: number;
  /** In thousandths. */
  readonly average: number;
  /** Percent of what they ask for. */
  readonly utilization?: number;
}

interface Groups {
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
  readonly ignored: readonly string[];
}

/** Whether a part of the target is near enough to it. */
export function isWithin({ up, down }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

/** Tells pods apart by what can be said of their use; pods that start up use more of the processor than later. */
export function groupPods(
  pods: readonly Pod[],
  uses: ReadonlyMap<string, PodUse>,
  resource: string,
  now: number,
): Groups {
  const groups = { ready: 0, unready: [] as string[], missing: [] as string[], ignored: [] as string[] };
  for (const pod of pods) {
    const { name = '', deletionTimestamp } = pod.metadata;
    const use = uses.get(name);
    if (deletionTimestamp !== undefined || pod.status?.phase === 'Failed') groups.ignored.push(name);
    else if ((pod.status?.phase ?? 'Pending') === 'Pending') groups.unready.push(name);
    else if (use === undefined) groups.missing.push(name);
    else if (resource === 'cpu' && isStarting(pod, use, now)) groups.unready.push(name);
    else groups.ready++;
  }
  return groups;
}

function isStarting({ status }: Pod, use: PodUse, now: number): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  const started = Date.parse(status?.startTime ?? '');
  if (condition === undefined || Number.isNaN(started)) return true;
  const changed = Date.parse(condition.lastTransitionTime ?? '') || 0;
  const isUnready = condition.status === 'False';
  if (started + startupMillis > now) return isUnready || use.at < changed + use.window;
  return isUnready && started + readinessDelayMillis > changed;
}

/** The part of the target that is used, and the average use. */
interface Usage {
  readonly ratio: number;
  readonly average: number;
  readonly utilization?: number;
}

interface Question {
  readonly pods: readonly Pod[];
  readonly uses: ReadonlyMap<string, PodUse>;
  readonly resource: string;
  readonly current: number;
  readonly tolerances: Tolerances;
  readonly now: number;
  readonly measure: (values: ReadonlyMap<string, number>) => Usage;
  /** What pods that nobody measured are taken to use when there are to be fewer. */
  readonly fallback: (pod: string) => number;
}

/** How many pods it takes; those that cannot be judged are counted against the change. @throws Error without measures */
function propose({ pods, uses, resource, current, tolerances, now, measure, fallback }: Question): Proposal {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count');
  const { ready, unready, missing, ignored } = groupPods(pods, uses, resource, now);
  const left = new Set([...unready, ...ignored]);
  const values = new Map([...uses].filter(([name]) => !left.has(name)).map(([name, { value }]) => [name, value]));
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  const { ratio, ...facts } = measure(values);
  const keep: Proposal = { replicas: current, ...facts };
  const growsWithUnready = unready.length > 0 && ratio > 1;
  if (!growsWithUnready && missing.length === 0) {
    return isWithin(tolerances, ratio) ? keep : { ...keep, replicas: Math.ceil(ratio * ready) };
  }
  for (const name of missing) {
    if (ratio < 1) values.set(name, fallback(name));
    else if (ratio > 1) values.set(name, 0);
  }
  if (growsWithUnready) for (const name of unready) values.set(name, 0);
  const { ratio: newRatio } = measure(values);
  const isTurned = (ratio < 1 && newRatio > 1) || (ratio > 1 && newRatio < 1);
  if (isTurned || isWithin(tolerances, newRatio)) return keep;
  const replicas = Math.ceil(newRatio * values.size);
  const isAgainst = (newRatio < 1 && replicas > current) || (newRatio > 1 && replicas < current);
  return isAgainst ? keep : { ...keep, replicas };
}

type Facts = Omit<Question, 'measure' | 'fallback'>;

/** For a percentage of what the pods ask for. @throws Error for pods that do not say what they ask for */
export function replicasForUtilization(facts: Facts, target: number, container: string): Proposal {
  const requests = requestsOf(facts.pods, facts.resource, container);
  return propose({
    ...facts,
    measure(values) {
      const known = [...values].filter(([name]) => requests.has(name));
      const used = known.reduce((sum, [, value]) => sum + value, 0);
      const asked = known.reduce((sum, [name]) => sum + (requests.get(name) ?? 0), 0);
      if (asked === 0) throw new Error('no metrics returned matched known pods');
      const utilization = Math.trunc((used * 100) / asked);
      return { ratio: utilization / target, average: Math.trunc(used / known.length), utilization };
    },
    fallback: (name) => Math.trunc(((requests.get(name) ?? 0) * Math.max(100, target)) / 100),
  });
}

/** For an amount a pod, in thousandths. @throws Error without measures */
export function replicasForAmount(facts: Facts, target: number): Proposal {
  return propose({
    ...facts,
    measure(values) {
      const average = Math.trunc([...values.values()].reduce((sum, value) => sum + value, 0) / values.size);
      return { ratio: average / target, average };
    },
    fallback: () => target,
  });
}

/** For a metric of all pods together, of which the target is a part. @throws Error without pods */
export function replicasForTotal(pods: readonly Pod[], current: number, ratio: number, tolerances: Tolerances): number {
  if (current === 0) return Math.ceil(ratio);
  if (isWithin(tolerances, ratio)) return current;
  if (pods.length === 0) {
    const text = 'no pods returned by selector while calculating replica count';
    throw new Error(`unable to calculate ready pods: ${text}`);
  }
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length;
  return Math.min(2 ** 31 - 1, Math.ceil(ratio * ready));
}

/** For a metric that is shared among the pods, with an amount for each. */
export function replicasForShare(total: number, target: number, current: number, tolerances: Tolerances): Proposal {
  const isNear = isWithin(tolerances, total / (target * current));
  const replicas = isNear ? current : Math.min(2 ** 31 - 1, Math.ceil(total / target));
  return { replicas, average: Math.ceil(total / current) };
}

/** What pods ask for, by name, in thousandths. */
function requestsOf(pods: readonly Pod[], resource: string, container: string): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name ?? '', requestOf(pod, resource, container)]));
}

function requestOf({ metadata, spec }: Pod, resource: string, container: string): number {
  const name = metadata.name ?? '';
  const whole = spec?.resources?.requests;
  if (container === '' && whole !== undefined && whole[resource] !== undefined) return milliOf(whole[resource]);
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const all: Container[] = [...(spec?.containers ?? []), ...sidecars];
  const chosen = container === '' ? all : all.filter((each) => each.name === container);
  if (container !== '' && chosen.length === 0) throw new Error(`container ${container} not found in Pod ${name}`);
  return chosen.reduce((sum, each) => {
    const request = each.resources?.requests?.[resource];
    if (request === undefined) {
      throw new Error(`missing request for ${resource} in container ${each.name} of Pod ${name}`);
    }
    return sum + milliOf(request);
  }, 0);
}

function milliOf(quantity: string): number {
  return Number(parseQuantity(quantity).milliValue());
}
