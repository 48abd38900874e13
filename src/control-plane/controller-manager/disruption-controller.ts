import type { Pod } from '../../api/types/core-v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types/policy-v1.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { scaledValue } from '../../apimachinery/int-or-string.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { labelSelectorMatches } from '../../apimachinery/labels.ts';
import { formatTime, type KubeObject, type OwnerReference } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { controllerOf } from '../../client/controller-references.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { isNamespaceGoing, podsResource } from './pod-control.ts';
import { isPodReady } from './pod-facts.ts';

const budgetsResource = { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' } as const;
/** How long an eviction may take to become a deletion. */
const disruptionMillis = 2 * 60_000;
const condition = 'DisruptionAllowed';

/** The owners whose size says how many pods there should be. */
const scaled: Readonly<Record<string, GroupVersionResource>> = {
  'v1/ReplicationController': { group: '', version: 'v1', resource: 'replicationcontrollers' },
  'apps/v1/ReplicaSet': { group: 'apps', version: 'v1', resource: 'replicasets' },
  'apps/v1/Deployment': { group: 'apps', version: 'v1', resource: 'deployments' },
  'apps/v1/StatefulSet': { group: 'apps', version: 'v1', resource: 'statefulsets' },
};

interface Scaled extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}

/** How many pods a budget counts on, and how many must stay healthy. */
interface Expectation {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

/** Keeps the status of PodDisruptionBudgets, which evictions are allowed by. */
export function createDisruptionController(context: ControllerContext): Controller {
  const budgets = context.informers.informer<PodDisruptionBudget>(budgetsResource);
  const pods = context.informers.informer<Pod>(podsResource);
  return createKeyedController({
    name: 'disruption-controller',
    context,
    register(queue) {
      const enqueue = (budget: PodDisruptionBudget): void => queue.add(keyOf(budget));
      budgets.addHandler({ added: enqueue, updated: enqueue });
      const touch = (pod: Pod): void => {
        for (const budget of budgets.list(pod.metadata.namespace)) if (covers(budget, pod)) enqueue(budget);
      };
      pods.addHandler({
        added: touch,
        updated(pod, old) {
          touch(pod);
          if (!equalJson(pod.metadata.labels, old.metadata.labels)) touch(old);
        },
        deleted: touch,
      });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const budget = budgets.get(namespace, name);
      if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return;
      const covered = pods.list(namespace).filter((pod) => covers(budget, pod));
      if (covered.length === 0) context.events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
      const { status, recheckMillis } = await statusOf(context, budget, covered);
      if (recheckMillis !== undefined) queue.addAfter(key, recheckMillis);
      if (equalJson(status, budget.status ?? {})) return;
      try {
        await context.client
          .resource<PodDisruptionBudget>(budgetsResource, namespace)
          .update({ ...budget, status }, { subresource: 'status' });
      } catch (error) {
        if (!hasReason(error, 'NotFound') && !isNamespaceGoing(error)) throw error;
      }
    },
  });
}

function covers(budget: PodDisruptionBudget, pod: Pod): boolean {
  return labelSelectorMatches(budget.spec?.selector, pod.metadata.labels ?? {});
}

async function statusOf(
  context: ControllerContext,
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
): Promise<{ readonly status: PodDisruptionBudgetStatus; readonly recheckMillis: number | undefined }> {
  const now = context.clock.now();
  const { disruptedPods, recheckMillis } = underWay(budget, pods, now);
  const shared = {
    ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
    observedGeneration: budget.metadata.generation ?? 0,
  };
  let expectation: Expectation;
  try {
    expectation = await expect(context, budget, pods);
  } catch (error) {
    if (!(error instanceof UnknownScaleError)) throw error;
    const message = error.message;
    const text = `Failed to calculate the number of expected pods: ${message}`;
    context.events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', text);
    const conditions = withAllowed(budget, 'False', 'SyncFailed', message, now);
    const known = budget.status ?? {};
    return { status: { ...known, ...shared, disruptionsAllowed: 0, conditions }, recheckMillis };
  }
  const { expectedPods, desiredHealthy } = expectation;
  const currentHealthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      !Object.hasOwn(disruptedPods, pod.metadata.name ?? '') &&
      isPodReady(pod),
  ).length;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const [holds, reason] =
    disruptionsAllowed > 0 ? (['True', 'SufficientPods'] as const) : (['False', 'InsufficientPods'] as const);
  const conditions = withAllowed(budget, holds, reason, '', now);
  return {
    status: { ...shared, conditions, currentHealthy, desiredHealthy, disruptionsAllowed, expectedPods },
    recheckMillis,
  };
}

function withAllowed(
  budget: PodDisruptionBudget,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: number,
): NonNullable<PodDisruptionBudgetStatus['conditions']> {
  const conditions = budget.status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === condition);
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : formatTime(now);
  const observedGeneration = budget.metadata.generation ?? 0;
  const others = conditions.filter(({ type }) => type !== condition);
  return [...others, { type: condition, status, reason, message, observedGeneration, lastTransitionTime }];
}

/** The evictions that were granted and are no deletions yet; one that takes too long is forgotten. */
function underWay(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  now: number,
): { readonly disruptedPods: Record<string, string>; readonly recheckMillis: number | undefined } {
  const disruptedPods: Record<string, string> = {};
  let recheckMillis: number | undefined;
  for (const [name, time] of Object.entries(budget.status?.disruptedPods ?? {})) {
    const pod = pods.find(({ metadata }) => metadata.name === name);
    const left = Date.parse(time) + disruptionMillis - now;
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || left <= 0) continue;
    disruptedPods[name] = time;
    recheckMillis = Math.min(recheckMillis ?? left, left);
  }
  return { disruptedPods, recheckMillis };
}

/** Pods whose number cannot be told, for the budget's condition. */
class UnknownScaleError extends Error {}

async function expect(
  context: ControllerContext,
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
): Promise<Expectation> {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined) {
    const expectedPods = await totalScale(context, pods);
    return {
      expectedPods,
      desiredHealthy: Math.max(0, expectedPods - scaledValue(maxUnavailable, expectedPods, true)),
    };
  }
  if (typeof minAvailable === 'string') {
    const expectedPods = await totalScale(context, pods);
    return { expectedPods, desiredHealthy: scaledValue(minAvailable, expectedPods, true) };
  }
  return { expectedPods: pods.length, desiredHealthy: minAvailable ?? 0 };
}

/** The sizes of all that control the pods, each once. */
async function totalScale(context: ControllerContext, pods: readonly Pod[]): Promise<number> {
  const sizes = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    const { name = '', namespace = '' } = pod.metadata;
    if (owner === undefined) throw new UnknownScaleError(`found no controller ref for pod "${name}"`);
    if (sizes.has(owner.uid)) continue;
    const found = await scaleOf(context, namespace, owner);
    if (found === undefined) throw new UnknownScaleError(`found no controllers for pod "${name}"`);
    sizes.set(owner.uid, 0);
    sizes.set(found.uid, found.replicas);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

async function scaleOf(
  context: ControllerContext,
  namespace: string,
  owner: OwnerReference,
): Promise<{ readonly uid: string; readonly replicas: number } | undefined> {
  const resource = scaled[`${owner.apiVersion}/${owner.kind}`];
  if (resource === undefined) {
    throw new UnknownScaleError(`${owner.kind}.${owner.apiVersion} does not implement the scale subresource`);
  }
  let object: Scaled;
  try {
    object = await context.client.resource<Scaled>(resource, namespace).get(owner.name);
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  }
  if (object.metadata.uid !== owner.uid) return undefined;
  // The pods of a Deployment are those of its replica sets together.
  const above = owner.kind === 'ReplicaSet' ? controllerOf(object) : undefined;
  if (above?.kind === 'Deployment') return scaleOf(context, namespace, above);
  return { uid: owner.uid, replicas: object.spec?.replicas ?? 1 };
}
