import type { Pod } from '../../api/types/core-v1.ts';
import type { PodDisruptionBudget } from '../../api/types/policy-v1.ts';
import { matchesLabels, selectorFromObject } from '../../apimachinery/labels.ts';
import type { Random } from '../../system/random.ts';
import { type ClusterView, type Unfit, unresolvable } from './framework.ts';
import { type NodeInfo, withPods } from './scheduler-cache.ts';
import { fitMessage, type NominatedPods, prepareFilters, withNodes, withNominated } from './scheduling-algorithm.ts';

/** A node, and the pods that have to go there to make room; the most important first. */
export interface Candidate {
  readonly nodeName: string;
  readonly victims: readonly Pod[];
  /** How many of them a disruption budget would rather keep. */
  readonly violations: number;
}

export interface PreemptionInput {
  readonly pod: Pod;
  readonly cluster: ClusterView;
  /** Why the nodes do not take the pod. */
  readonly unfit: ReadonlyMap<string, Unfit>;
  readonly budgets: readonly PodDisruptionBudget[];
  readonly nominated: NominatedPods;
  readonly random: Random;
}

/** At least so many nodes, and at least this part of them, are tried out. */
const minCandidates = 100;
const minCandidatesPart = 0.1;

/**
 * Finds the node where the fewest and least important pods have to go to make room for a more important one.
 * @returns the node and its victims, or what the event says of why there is none
 */
export function findPreemption(input: PreemptionInput): Candidate | string {
  const { cluster, unfit, random } = input;
  const refusal = whyNotEligible(input);
  if (refusal !== undefined) return refusal;
  const potential = cluster.nodes.filter(({ node }) => unfit.get(node.metadata.name ?? '')?.unresolvable === false);
  const objections = new Map<string, Unfit>();
  const candidates: Candidate[] = [];
  const wanted = Math.min(potential.length, Math.max(minCandidates, Math.floor(potential.length * minCandidatesPart)));
  const offset = Math.floor(random.next() * potential.length);
  for (let step = 0; step < potential.length; step++) {
    const info = potential[(offset + step) % potential.length];
    if (info === undefined) continue;
    const found = victimsOn(info, input);
    if ('reasons' in found) objections.set(info.node.metadata.name ?? '', found);
    else candidates.push(found);
    if (candidates.length >= wanted && candidates.some(({ violations }) => violations === 0)) break;
  }
  const [first] = candidates;
  if (first !== undefined) return chooseCandidate(candidates) ?? first;
  for (const { node } of cluster.nodes) {
    const name = node.metadata.name ?? '';
    if (!objections.has(name)) objections.set(name, unresolvable('Preemption is not helpful for scheduling'));
  }
  return `preemption: ${fitMessage(cluster.nodes.length, objections)}`;
}

function whyNotEligible({ pod, cluster, unfit }: PreemptionInput): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.';
  const promised = pod.status?.nominatedNodeName ?? '';
  if (promised === '' || unfit.get(promised)?.unresolvable === true) return undefined;
  const node = cluster.nodes.find((info) => info.node.metadata.name === promised);
  const isGoing = [...(node?.pods.values() ?? [])].some(
    (other) => priorityOf(other) < priorityOf(pod) && isPreempted(other),
  );
  return isGoing ? 'preemption: not eligible due to a terminating pod on the nominated node.' : undefined;
}

function isPreempted({ metadata, status }: Pod): boolean {
  const target = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  const isOurs = target?.status === 'True' && target.reason === 'PreemptionByScheduler';
  return metadata.deletionTimestamp !== undefined && isOurs;
}

function priorityOf(pod: Pod): number {
  return pod.spec?.priority ?? 0;
}

function startOf({ status }: Pod): number {
  return Date.parse(status?.startTime ?? '') || Number.MAX_SAFE_INTEGER;
}

/** The more important first: by priority, then the longer it runs. */
function byImportance(left: Pod, right: Pod): number {
  return priorityOf(right) - priorityOf(left) || startOf(left) - startOf(right);
}

/** Takes all less important pods away, and lets back whom it can, those that a budget protects first. */
function victimsOn(info: NodeInfo, input: PreemptionInput): Candidate | Unfit {
  const { pod, budgets } = input;
  const lesser = [...info.pods.values()].filter((other) => priorityOf(other) < priorityOf(pod)).toSorted(byImportance);
  if (lesser.length === 0) return unresolvable('No preemption victims found for incoming pod');
  let current = withPods(info, [], lesser);
  const objection = objectionTo(current, input);
  if (objection !== undefined) return objection;
  const victims: Pod[] = [];
  let violations = 0;
  const { guarded, others } = splitByBudgets(lesser, budgets);
  for (const other of [...guarded, ...others]) {
    const readmitted = withPods(current, [other]);
    if (objectionTo(readmitted, input) === undefined) {
      current = readmitted;
      continue;
    }
    victims.push(other);
    if (guarded.includes(other)) violations++;
  }
  return { nodeName: info.node.metadata.name ?? '', victims: victims.toSorted(byImportance), violations };
}

/** What a node, as it would be, has against the pod. */
function objectionTo(info: NodeInfo, { pod, cluster, nominated }: PreemptionInput): Unfit | undefined {
  const [crowded = info] = withNominated(pod, [info], nominated);
  for (const each of crowded === info ? [info] : [crowded, info]) {
    const nodes = cluster.nodes.map((other) => (other.node === info.node ? each : other));
    const check = prepareFilters(pod, withNodes(cluster, nodes));
    const objection = 'rejected' in check ? unresolvable(check.rejected) : check(each);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

/** Pods that a budget has no room to lose, in the order in which they would be lost, and the others. */
export function splitByBudgets(
  pods: readonly Pod[],
  budgets: readonly PodDisruptionBudget[],
): { readonly guarded: Pod[]; readonly others: Pod[] } {
  const allowed = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const guarded: Pod[] = [];
  const others: Pod[] = [];
  for (const pod of pods) {
    const { labels = {}, name = '', namespace } = pod.metadata;
    let isGuarded = false;
    for (const [index, { metadata, spec, status }] of budgets.entries()) {
      if (metadata.namespace !== namespace || Object.keys(labels).length === 0) continue;
      const selector = selectorFromObject(spec?.selector);
      if (selector === undefined || selector.length === 0 || !matchesLabels(selector, labels)) continue;
      if (status?.disruptedPods?.[name] !== undefined) continue;
      const left = (allowed[index] ?? 0) - 1;
      allowed[index] = left;
      if (left < 0) isGuarded = true;
    }
    (isGuarded ? guarded : others).push(pod);
  }
  return { guarded, others };
}

/** In turn: fewest violations, least important highest victim, smallest sum of priorities, fewest victims, latest start. */
const preferences: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => -violations,
  ({ victims }) => -(victims[0] === undefined ? 0 : priorityOf(victims[0])),
  // Each victim counts, also where priorities are negative.
  ({ victims }) => -victims.reduce((sum, victim) => sum + priorityOf(victim) + 2 ** 31, 0),
  ({ victims }) => -victims.length,
  ({ victims }) => {
    const highest = victims[0] === undefined ? 0 : priorityOf(victims[0]);
    return Math.min(...victims.filter((victim) => priorityOf(victim) === highest).map(startOf));
  },
];

/** The candidate that costs least; the first among equals. */
export function chooseCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let left = [...candidates];
  for (const preference of preferences) {
    const highest = Math.max(...left.map(preference));
    left = left.filter((candidate) => preference(candidate) === highest);
    if (left.length === 1) break;
  }
  return left[0];
}
