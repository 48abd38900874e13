import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../api/types/apps-v1.ts';
import type { Pod, PodTemplateSpec, ReplicationController } from '../../api/types/core-v1.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { type LabelSelector, matchesLabels, selectorFromObject } from '../../apimachinery/labels.ts';
import type { ObjectMeta } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { claimObjects, controllerOf } from '../../client/controller-references.ts';
import { Expectations } from '../../client/expectations.ts';
import type { Informer } from '../../client/informer.ts';
import type { Workqueue } from '../../client/workqueue.ts';
import { withCondition, withoutCondition } from './conditions.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { createPod, deletePod, isNamespaceGoing, podFromTemplate, podsResource } from './pod-control.ts';
import {
  comparePodsForDeletion,
  isPodActive,
  isPodAvailable,
  isPodReady,
  isPodTerminating,
  podReadySince,
} from './pod-facts.ts';
import { slowStart } from './slow-start.ts';

/** At most this many pods are made or deleted in one go. */
const burstReplicas = 500;

/** What replica sets and replication controllers have in common. */
interface ReplicaOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly template?: PodTemplateSpec;
  };
  readonly status?: ReplicaSetStatus;
}

interface ReplicaKind<T extends ReplicaOwner> {
  readonly name: string;
  readonly kind: string;
  readonly resource: GroupVersionResource;
  selectorOf(owner: T): LabelSelector | undefined;
}

/** Keeps as many pods of a ReplicaSet as it asks for. */
export function createReplicaSetController(context: ControllerContext): Controller {
  return createReplicaController<ReplicaSet>(context, {
    name: 'replicaset-controller',
    kind: 'ReplicaSet',
    resource: { group: 'apps', version: 'v1', resource: 'replicasets' },
    selectorOf: (owner) => selectorFromObject(owner.spec?.selector),
  });
}

/** Keeps as many pods of a ReplicationController as it asks for. */
export function createReplicationController(context: ControllerContext): Controller {
  return createReplicaController<ReplicationController>(context, {
    name: 'replicationcontroller-controller',
    kind: 'ReplicationController',
    resource: { group: '', version: 'v1', resource: 'replicationcontrollers' },
    selectorOf: (owner) => selectorFromObject({ matchLabels: owner.spec?.selector ?? {} }),
  });
}

function createReplicaController<T extends ReplicaOwner>(context: ControllerContext, kind: ReplicaKind<T>): Controller {
  const owners = context.informers.informer<T>(kind.resource);
  const pods = context.informers.informer<Pod>(podsResource);
  const expectations = new Expectations(context.clock);
  return createKeyedController({
    name: kind.name,
    context,
    register(queue) {
      const enqueue = (owner: T): void => queue.add(keyOf(owner));
      owners.addHandler({
        added: enqueue,
        updated: enqueue,
        deleted(owner) {
          expectations.forget(keyOf(owner));
          enqueue(owner);
        },
      });
      watchPods({ pods, owners, kind, expectations, queue });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const owner = owners.get(namespace, name);
      if (owner === undefined) {
        expectations.forget(key);
        return;
      }
      await syncOwner({ context, kind, pods, expectations, queue, key, owner });
    },
  });
}

interface PodWatching<T extends ReplicaOwner> {
  readonly pods: Informer<Pod>;
  readonly owners: Informer<T>;
  readonly kind: ReplicaKind<T>;
  readonly expectations: Expectations;
  readonly queue: Workqueue<string>;
}

function watchPods<T extends ReplicaOwner>({ pods, owners, kind, expectations, queue }: PodWatching<T>): void {
  const ownerKey = (pod: Pod): string | undefined => {
    const reference = controllerOf(pod);
    if (reference?.kind !== kind.kind) return undefined;
    const owner = owners.get(pod.metadata.namespace ?? '', reference.name);
    return owner?.metadata.uid === reference.uid ? keyOf(owner) : undefined;
  };
  const enqueueMatching = (pod: Pod): void => {
    for (const owner of owners.list(pod.metadata.namespace)) {
      const selector = kind.selectorOf(owner);
      if (selector !== undefined && matchesLabels(selector, pod.metadata.labels ?? {})) queue.add(keyOf(owner));
    }
  };
  const gone = (pod: Pod): void => {
    const key = ownerKey(pod);
    if (key === undefined) return;
    expectations.deletionObserved(key, pod.metadata.uid ?? '');
    queue.add(key);
  };
  pods.addHandler({
    added(pod) {
      if (pod.metadata.deletionTimestamp !== undefined) {
        gone(pod);
        return;
      }
      const key = ownerKey(pod);
      if (key !== undefined) {
        expectations.creationObserved(key);
        queue.add(key);
      } else if (controllerOf(pod) === undefined) {
        enqueueMatching(pod);
      }
    },
    updated(pod, old) {
      if (pod.metadata.deletionTimestamp !== undefined) gone(pod);
      const before = ownerKey(old);
      const now = ownerKey(pod);
      if (before !== undefined && before !== now) queue.add(before);
      if (now !== undefined) queue.add(now);
      else if (controllerOf(pod) === undefined && !equalJson(pod.metadata.labels, old.metadata.labels)) {
        enqueueMatching(pod);
      }
    },
    deleted: gone,
  });
}

interface SyncInput<T extends ReplicaOwner> {
  readonly context: ControllerContext;
  readonly kind: ReplicaKind<T>;
  readonly pods: Informer<Pod>;
  readonly expectations: Expectations;
  readonly queue: Workqueue<string>;
  readonly key: string;
  readonly owner: T;
}

async function syncOwner<T extends ReplicaOwner>(input: SyncInput<T>): Promise<void> {
  const { context, kind, pods, expectations, key, owner } = input;
  const selector = kind.selectorOf(owner);
  if (selector === undefined) return;
  const needsSync = expectations.satisfied(key);
  const claimed = await claimObjects(pods.claimable(owner.metadata.uid ?? '', owner.metadata.namespace ?? ''), {
    client: context.client,
    resource: podsResource,
    owner,
    selector,
    freshOwner: () =>
      context.client
        .resource<T>(kind.resource, owner.metadata.namespace)
        .get(owner.metadata.name ?? '')
        .catch((error: unknown) => {
          if (hasReason(error, 'NotFound')) return undefined;
          throw error;
        }),
  });
  const active = claimed.filter(isPodActive);
  let failure: unknown;
  if (needsSync && owner.metadata.deletionTimestamp === undefined) failure = await manageReplicas(input, active);
  const status = calculateStatus(context, owner, active, claimed.filter(isPodTerminating).length, failure);
  await writeStatus(input, status);
  requeueForAvailability(input, active, status);
  if (failure !== undefined && !isNamespaceGoing(failure)) throw failure;
}

/** @returns the first error of creating or deleting. */
async function manageReplicas<T extends ReplicaOwner>(input: SyncInput<T>, active: readonly Pod[]): Promise<unknown> {
  const { context, expectations, key, owner } = input;
  const missing = (owner.spec?.replicas ?? 1) - active.length;
  if (missing > 0) {
    const count = Math.min(missing, burstReplicas);
    const template = owner.spec?.template ?? {};
    expectations.expectCreations(key, count);
    const { succeeded, error } = await slowStart(count, async () => {
      try {
        await createPod(context, owner, podFromTemplate(template, owner));
      } catch (failure) {
        expectations.creationObserved(key);
        throw failure;
      }
    });
    if (error !== undefined) expectations.creationObserved(key, count - succeeded);
    return error;
  }
  if (missing < 0) {
    const surplus = podsToDelete(active, Math.min(-missing, burstReplicas));
    expectations.expectDeletions(
      key,
      surplus.map((pod) => pod.metadata.uid ?? ''),
    );
    const results = await Promise.allSettled(
      surplus.map(async (pod) => {
        try {
          await deletePod(context, owner, pod);
        } catch (failure) {
          expectations.deletionObserved(key, pod.metadata.uid ?? '');
          throw failure;
        }
      }),
    );
    return results.find((result) => result.status === 'rejected')?.reason;
  }
  return undefined;
}

function podsToDelete(active: readonly Pod[], count: number): Pod[] {
  const perNode = new Map<string, number>();
  for (const pod of active) {
    const node = pod.spec?.nodeName ?? '';
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod): number => perNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return active.toSorted(comparePodsForDeletion(rank)).slice(0, count);
}

function calculateStatus(
  context: ControllerContext,
  owner: ReplicaOwner,
  active: readonly Pod[],
  terminating: number,
  failure: unknown,
): ReplicaSetStatus {
  const now = context.clock.now();
  const templateLabels = Object.entries(owner.spec?.template?.metadata?.labels ?? {});
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
  const labeled = active.filter((pod) =>
    templateLabels.every(([name, value]) => pod.metadata.labels?.[name] === value),
  );
  let conditions: ReplicaSetCondition[] = withoutCondition(owner.status?.conditions, '');
  if (failure === undefined) conditions = withoutCondition(conditions, 'ReplicaFailure');
  else {
    const reason = active.length < (owner.spec?.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete';
    const message = failure instanceof Error ? failure.message : 'failed';
    conditions = withCondition(conditions, { type: 'ReplicaFailure', status: 'True', reason, message }, now);
  }
  const isReplicaSet = owner.kind === 'ReplicaSet';
  return {
    replicas: active.length,
    ...positive('fullyLabeledReplicas', labeled.length),
    ...positive('readyReplicas', active.filter(isPodReady).length),
    ...positive('availableReplicas', active.filter((pod) => isPodAvailable(pod, minReadySeconds, now)).length),
    ...(isReplicaSet ? { terminatingReplicas: terminating } : {}),
    observedGeneration: owner.metadata.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function positive<K extends string>(name: K, count: number): Partial<Record<K, number>> {
  return count === 0 ? {} : ({ [name]: count } as Record<K, number>);
}

async function writeStatus<T extends ReplicaOwner>(input: SyncInput<T>, status: ReplicaSetStatus): Promise<void> {
  const { context, kind, owner } = input;
  if (equalJson(owner.status ?? {}, status)) return;
  try {
    await context.client
      .resource<T>(kind.resource, owner.metadata.namespace)
      .update({ ...owner, status }, { subresource: 'status' });
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}

/** Pods that are ready become available when minReadySeconds have passed: nobody else would tell. */
function requeueForAvailability<T extends ReplicaOwner>(
  input: SyncInput<T>,
  active: readonly Pod[],
  status: ReplicaSetStatus,
): void {
  const minReadySeconds = input.owner.spec?.minReadySeconds ?? 0;
  if (minReadySeconds === 0 || (status.availableReplicas ?? 0) === (status.readyReplicas ?? 0)) return;
  const now = input.context.clock.now();
  const waits = active
    .map(podReadySince)
    .filter((since) => since !== undefined)
    .map((since) => since + minReadySeconds * 1000 - now)
    .filter((wait) => wait > 0);
  if (waits.length > 0) input.queue.addAfter(input.key, Math.min(...waits) + 1);
}
