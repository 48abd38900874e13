import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { equalJson, cloneJson } from '../../apimachinery/json.ts';
import { selectorFromObject } from '../../apimachinery/labels.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { claimObjects, controllerOf, controllerReference } from '../../client/controller-references.ts';
import type { Controller, ControllerContext } from './controller.ts';
import {
  byCreation,
  desiredReplicasAnnotation,
  desiredTotal,
  fenceposts,
  findNewReplicaSet,
  newSetAnnotations,
  newSetReplicas,
  proportionalSizes,
  replicasOf,
  revisionAnnotation,
  nextRevision,
  revisionOf,
  sameTemplate,
  sizeAnnotations,
  statusTotal,
  templateHashLabel,
} from './deployment-rollout.ts';
import {
  deploymentStatus,
  hasDeadline,
  isComplete,
  progressing,
  withDeploymentCondition,
  withProgress,
} from './deployment-status.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { isNamespaceGoing, podsResource } from './pod-control.ts';
import { isPodTerminal } from './pod-facts.ts';
import { computeTemplateHash } from './template-hash.ts';

const deploymentsResource = { group: 'apps', version: 'v1', resource: 'deployments' } as const;
const setsResource = { group: 'apps', version: 'v1', resource: 'replicasets' } as const;

/** Turns deployments into replica sets, and one template into the next without losing more pods than allowed. */
export function createDeploymentController(context: ControllerContext): Controller {
  const deployments = context.informers.informer<Deployment>(deploymentsResource);
  const sets = context.informers.informer<ReplicaSet>(setsResource);
  const pods = context.informers.informer<Pod>(podsResource);
  return createKeyedController({
    name: 'deployment-controller',
    context,
    register(queue) {
      const enqueue = (deployment: Deployment): void => queue.add(keyOf(deployment));
      deployments.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
      const enqueueOwner = (set: ReplicaSet): void => {
        const reference = controllerOf(set);
        if (reference?.kind === 'Deployment') queue.add(`${set.metadata.namespace ?? ''}/${reference.name}`);
        else if (reference === undefined) {
          for (const deployment of deployments.list(set.metadata.namespace)) enqueue(deployment);
        }
      };
      sets.addHandler({ added: enqueueOwner, updated: enqueueOwner, deleted: enqueueOwner });
      pods.addHandler({
        // Recreate waits for the last old pod to be gone.
        deleted(pod) {
          const reference = controllerOf(pod);
          if (reference?.kind !== 'ReplicaSet') return;
          const set = sets.get(pod.metadata.namespace ?? '', reference.name);
          if (set !== undefined) enqueueOwner(set);
        },
      });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const found = deployments.get(namespace, name);
      if (found === undefined) return;
      const owned = await claimObjects(sets.claimable(found.metadata.uid ?? '', namespace), {
        client: context.client,
        resource: setsResource,
        owner: found,
        selector: selectorFromObject(found.spec?.selector) ?? [],
        freshOwner: () =>
          context.client
            .resource<Deployment>(deploymentsResource, namespace)
            .get(name)
            .catch((error: unknown) => {
              if (hasReason(error, 'NotFound')) return undefined;
              throw error;
            }),
      });
      const rollout = new Rollout(context, cloneJson(found), owned, pods.list(namespace));
      await rollout.run();
      const remaining = rollout.deadlineInMillis();
      if (remaining !== undefined) queue.addAfter(key, remaining);
    },
  });
}

/** One look at one deployment. */
class Rollout {
  readonly #context: ControllerContext;
  readonly #pods: readonly Pod[];
  #deployment: Deployment;
  #sets: ReplicaSet[];

  constructor(context: ControllerContext, deployment: Deployment, sets: readonly ReplicaSet[], pods: readonly Pod[]) {
    this.#context = context;
    this.#deployment = deployment;
    this.#sets = [...sets];
    this.#pods = pods;
  }

  async run(): Promise<void> {
    const deployment = this.#deployment;
    if (deployment.metadata.deletionTimestamp !== undefined) {
      await this.#writeStatus(this.#status(await this.#newSet(false)));
      return;
    }
    await this.#notePause();
    if (deployment.spec?.paused === true || this.#wasScaled()) {
      const newSet = await this.#newSet(false);
      await this.#scale(newSet);
      if (deployment.spec?.paused === true) await this.#cleanUp(newSet);
      await this.#writeStatus(this.#status(newSet));
      return;
    }
    if (deployment.spec?.strategy?.type === 'Recreate') await this.#recreate();
    else await this.#roll();
  }

  /** Milliseconds until the progress deadline passes; undefined when nothing waits for it. */
  deadlineInMillis(): number | undefined {
    const deployment = this.#deployment;
    const condition = progressing(deployment);
    if (!hasDeadline(deployment) || condition === undefined) return undefined;
    if (condition.reason === 'NewReplicaSetAvailable' || condition.reason === 'ProgressDeadlineExceeded')
      return undefined;
    const since = Date.parse(condition.lastUpdateTime ?? '') || this.#context.clock.now();
    const seconds = deployment.spec?.progressDeadlineSeconds ?? 600;
    return Math.max(1000, since + seconds * 1000 - this.#context.clock.now() + 1000);
  }

  #oldSets(newSet: ReplicaSet | undefined): ReplicaSet[] {
    return this.#sets.filter((set) => set.metadata.uid !== newSet?.metadata.uid);
  }

  #status(newSet: ReplicaSet | undefined): DeploymentStatus {
    return deploymentStatus(this.#deployment, this.#sets, newSet, this.#context.clock.now());
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.event(this.#deployment, type, reason, message);
  }

  async #writeStatus(status: DeploymentStatus): Promise<void> {
    const deployment = this.#deployment;
    if (equalJson(deployment.status ?? {}, status)) return;
    this.#deployment = await this.#context.client
      .resource<Deployment>(deploymentsResource, deployment.metadata.namespace)
      .update({ ...deployment, status }, { subresource: 'status' });
  }

  /** A pause is no lack of progress. */
  async #notePause(): Promise<void> {
    const deployment = this.#deployment;
    const condition = progressing(deployment);
    if (!hasDeadline(deployment) || condition?.reason === 'ProgressDeadlineExceeded') return;
    const isPaused = deployment.spec?.paused === true;
    const wasPaused = condition?.reason === 'DeploymentPaused';
    if (isPaused === wasPaused) return;
    const now = this.#context.clock.now();
    const noted = isPaused
      ? { reason: 'DeploymentPaused', message: 'Deployment is paused' }
      : { reason: 'DeploymentResumed', message: 'Deployment is resumed' };
    const status = withDeploymentCondition(
      deployment.status ?? {},
      { type: 'Progressing', status: 'Unknown', ...noted },
      now,
    );
    await this.#writeStatus(status);
  }

  /** Whether an active set was last sized for another number of replicas. */
  #wasScaled(): boolean {
    return this.#sets
      .filter((set) => replicasOf(set) > 0)
      .some((set) => {
        const desired = set.metadata.annotations?.[desiredReplicasAnnotation];
        return desired !== undefined && Number(desired) !== replicasOf(this.#deployment);
      });
  }

  /** The set of the current template, with its revision up to date; made when asked for and not there. */
  async #newSet(create: boolean): Promise<ReplicaSet | undefined> {
    const found = findNewReplicaSet(this.#deployment, this.#sets);
    const old = this.#oldSets(found);
    const revision = nextRevision(old);
    if (found !== undefined) return this.#adoptRevision(found, revision);
    return create ? this.#createSet(revision) : undefined;
  }

  async #adoptRevision(found: ReplicaSet, revision: bigint): Promise<ReplicaSet> {
    const deployment = this.#deployment;
    const annotations = newSetAnnotations(deployment, found.metadata.annotations, revision);
    const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
    let set = found;
    if (
      !equalJson(annotations, found.metadata.annotations ?? {}) ||
      minReadySeconds !== (found.spec?.minReadySeconds ?? 0)
    ) {
      const updated = cloneJson(found);
      updated.metadata.annotations = annotations;
      if (updated.spec !== undefined) updated.spec.minReadySeconds = minReadySeconds;
      set = await this.#updateSet(updated);
    }
    await this.#noteRevision(set.metadata.annotations?.[revisionAnnotation] ?? '', {
      reason: 'FoundNewReplicaSet',
      message: `Found new replica set "${set.metadata.name ?? ''}"`,
      onlyWhenAbsent: true,
    });
    return set;
  }

  /** Writes the revision to the deployment, and why it progresses. */
  async #noteRevision(
    revision: string,
    note: { readonly reason: string; readonly message: string; readonly onlyWhenAbsent: boolean },
  ): Promise<void> {
    const deployment = this.#deployment;
    if (revision !== '' && deployment.metadata.annotations?.[revisionAnnotation] !== revision) {
      this.#deployment = await this.#context.client
        .resource<Deployment>(deploymentsResource, deployment.metadata.namespace)
        // Through the status, so that it does not count as a change of the deployment.
        .patch(
          deployment.metadata.name ?? '',
          'application/merge-patch+json',
          { metadata: { uid: deployment.metadata.uid, annotations: { [revisionAnnotation]: revision } } },
          { subresource: 'status' },
        );
    }
    if (!hasDeadline(deployment)) return;
    if (note.onlyWhenAbsent && progressing(this.#deployment) !== undefined) return;
    const { reason, message } = note;
    const condition = { type: 'Progressing', status: 'True', reason, message };
    await this.#writeStatus(
      withDeploymentCondition(this.#deployment.status ?? {}, condition, this.#context.clock.now()),
    );
  }

  async #createSet(revision: bigint): Promise<ReplicaSet | undefined> {
    const deployment = this.#deployment;
    const { spec } = deployment;
    if (spec === undefined) return undefined;
    const hash = computeTemplateHash(spec.template, deployment.status?.collisionCount);
    const template = cloneJson(spec.template);
    template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [templateHashLabel]: hash } };
    const wanted: ReplicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${(deployment.metadata.name ?? '').slice(0, 252 - hash.length)}-${hash}`,
        namespace: deployment.metadata.namespace ?? '',
        labels: { ...template.metadata.labels },
        annotations: { ...newSetAnnotations(deployment, undefined, revision), ...sizeAnnotations(deployment) },
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: 0,
        ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
        selector: {
          ...spec.selector,
          matchLabels: { ...spec.selector.matchLabels, [templateHashLabel]: hash },
        },
        template,
      },
    };
    const replicas = newSetReplicas(deployment, [...this.#sets, wanted], wanted);
    if (wanted.spec !== undefined) wanted.spec.replicas = replicas;
    const created = await this.#tryCreate(wanted);
    if (created === undefined) return undefined;
    if (!this.#sets.some((set) => set.metadata.uid === created.metadata.uid)) this.#sets.push(created);
    const name = created.metadata.name ?? '';
    if (replicas > 0) {
      this.#event('Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${replicas}`);
    }
    await this.#noteRevision(`${revision}`, {
      reason: 'NewReplicaSetCreated',
      message: `Created new replica set "${name}"`,
      onlyWhenAbsent: false,
    });
    return created;
  }

  async #tryCreate(wanted: ReplicaSet): Promise<ReplicaSet | undefined> {
    const resource = this.#context.client.resource<ReplicaSet>(setsResource, wanted.metadata.namespace);
    const name = wanted.metadata.name ?? '';
    try {
      return await resource.create(wanted);
    } catch (error) {
      if (hasReason(error, 'AlreadyExists')) {
        const existing = await resource.get(name);
        const isOurs = controllerOf(existing)?.uid === this.#deployment.metadata.uid;
        if (isOurs && sameTemplate(existing.spec?.template, wanted.spec?.template)) return existing;
        // Two templates with one hash: the next try uses another one.
        const status = this.#deployment.status ?? {};
        await this.#writeStatus({ ...status, collisionCount: (status.collisionCount ?? 0) + 1 });
        throw error;
      }
      if (isNamespaceGoing(error)) return undefined;
      const message = `Failed to create new replica set "${name}": ${messageOf(error)}`;
      this.#event('Warning', 'ReplicaSetCreateError', message);
      if (hasDeadline(this.#deployment)) {
        const condition = { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message };
        const status = this.#deployment.status ?? {};
        await this.#writeStatus(withDeploymentCondition(status, condition, this.#context.clock.now()));
      }
      throw error;
    }
  }

  async #updateSet(set: ReplicaSet): Promise<ReplicaSet> {
    const updated = await this.#context.client.resource<ReplicaSet>(setsResource, set.metadata.namespace).update(set);
    this.#sets = this.#sets.map((known) => (known.metadata.uid === updated.metadata.uid ? updated : known));
    return updated;
  }

  /** @returns whether the number of replicas changed. */
  async #resize(set: ReplicaSet, replicas: number, alwaysAnnotate = false): Promise<boolean> {
    const current = replicasOf(set);
    const marks = sizeAnnotations(this.#deployment);
    const isMarked = Object.entries(marks).every(([key, value]) => set.metadata.annotations?.[key] === value);
    if (current === replicas && (!alwaysAnnotate || isMarked)) return false;
    const updated = cloneJson(set);
    if (updated.spec !== undefined) updated.spec.replicas = replicas;
    updated.metadata.annotations = { ...updated.metadata.annotations, ...marks };
    await this.#updateSet(updated);
    if (current === replicas) return false;
    const direction = current < replicas ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${set.metadata.name ?? ''} from ${current} to ${replicas}`;
    this.#event('Normal', 'ScalingReplicaSet', message);
    return true;
  }

  /** For a deployment whose size changed, or that is paused: the sets grow and shrink, no template moves. */
  async #scale(newSet: ReplicaSet | undefined): Promise<void> {
    const active = this.#sets.filter((set) => replicasOf(set) > 0);
    const wanted = replicasOf(this.#deployment);
    if (active.length <= 1) {
      const target = active[0] ?? newSet ?? this.#sets.toSorted(byCreation).at(-1);
      if (target !== undefined) await this.#resize(target, wanted);
      return;
    }
    const isSaturated =
      newSet !== undefined &&
      replicasOf(newSet) === wanted &&
      Number(newSet.metadata.annotations?.[desiredReplicasAnnotation]) === wanted &&
      (newSet.status?.availableReplicas ?? 0) === wanted;
    if (isSaturated) {
      for (const set of this.#oldSets(newSet)) if (replicasOf(set) > 0) await this.#resize(set, 0);
      return;
    }
    if (this.#deployment.spec?.strategy?.type === 'Recreate') return;
    for (const [set, size] of proportionalSizes(this.#deployment, active)) await this.#resize(set, size, true);
  }

  async #roll(): Promise<void> {
    const newSet = await this.#newSet(true);
    if (newSet === undefined) return;
    const moved = (await this.#growNew(newSet)) || (await this.#shrinkOld(newSet));
    const current = findNewReplicaSet(this.#deployment, this.#sets) ?? newSet;
    if (!moved && isComplete(this.#deployment, this.#deployment.status ?? {})) await this.#cleanUp(current);
    await this.#finish(current);
  }

  async #growNew(newSet: ReplicaSet): Promise<boolean> {
    const wanted = replicasOf(this.#deployment);
    if (replicasOf(newSet) === wanted) return false;
    if (replicasOf(newSet) > wanted) return this.#resize(newSet, wanted);
    return this.#resize(newSet, newSetReplicas(this.#deployment, this.#sets, newSet));
  }

  /** Old pods go as far as enough others are available; those that are not available themselves go first. */
  async #shrinkOld(newSet: ReplicaSet): Promise<boolean> {
    const active = (): ReplicaSet[] =>
      this.#oldSets(newSet)
        .filter((set) => replicasOf(set) > 0)
        .toSorted(byCreation);
    if (active().length === 0) return false;
    const minAvailable = replicasOf(this.#deployment) - fenceposts(this.#deployment).maxUnavailable;
    const newUnavailable = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
    let mayGo = desiredTotal(this.#sets) - minAvailable - newUnavailable;
    if (mayGo <= 0) return false;
    let moved = false;
    for (const set of active()) {
      const unhealthy = replicasOf(set) - (set.status?.availableReplicas ?? 0);
      const count = Math.min(mayGo, unhealthy);
      if (count <= 0) continue;
      moved = (await this.#resize(set, replicasOf(set) - count)) || moved;
      mayGo -= count;
    }
    let surplus = statusTotal(this.#sets, 'availableReplicas') - minAvailable;
    for (const set of active()) {
      const count = Math.min(surplus, replicasOf(set));
      if (count <= 0) continue;
      moved = (await this.#resize(set, replicasOf(set) - count)) || moved;
      surplus -= count;
    }
    return moved;
  }

  /** All old pods go before the first new one comes. */
  async #recreate(): Promise<void> {
    const existing = await this.#newSet(false);
    let moved = false;
    for (const set of this.#oldSets(existing)) {
      if (replicasOf(set) > 0) moved = (await this.#resize(set, 0)) || moved;
    }
    if (moved || this.#oldPodsRun(existing)) {
      await this.#finish(existing);
      return;
    }
    const newSet = existing ?? (await this.#newSet(true));
    if (newSet === undefined) return;
    await this.#resize(newSet, replicasOf(this.#deployment));
    const current = findNewReplicaSet(this.#deployment, this.#sets) ?? newSet;
    if (isComplete(this.#deployment, this.#deployment.status ?? {})) await this.#cleanUp(current);
    await this.#finish(current);
  }

  #oldPodsRun(newSet: ReplicaSet | undefined): boolean {
    const old = new Set(this.#oldSets(newSet).map((set) => set.metadata.uid));
    return this.#pods.some((pod) => !isPodTerminal(pod) && old.has(controllerOf(pod)?.uid));
  }

  async #finish(newSet: ReplicaSet | undefined): Promise<void> {
    const now = this.#context.clock.now();
    await this.#writeStatus(withProgress(this.#deployment, this.#status(newSet), this.#sets, newSet, now));
  }

  /** Old, empty sets beyond spec.revisionHistoryLimit go. */
  async #cleanUp(newSet: ReplicaSet | undefined): Promise<void> {
    const limit = this.#deployment.spec?.revisionHistoryLimit;
    if (limit === undefined || limit === 2 ** 31 - 1) return;
    const old = this.#oldSets(newSet).filter((set) => set.metadata.deletionTimestamp === undefined);
    const surplus = old
      .toSorted((left, right) => Number(revisionOf(left) - revisionOf(right)))
      .slice(0, Math.max(0, old.length - limit));
    for (const set of surplus) {
      const isUsed = (set.status?.replicas ?? 0) > 0 || replicasOf(set) > 0;
      if (isUsed || (set.metadata.generation ?? 0) > (set.status?.observedGeneration ?? 0)) continue;
      try {
        await this.#context.client
          .resource<ReplicaSet>(setsResource, set.metadata.namespace)
          .delete(set.metadata.name ?? '', { propagationPolicy: 'Background' });
      } catch (error) {
        if (!hasReason(error, 'NotFound')) throw error;
      }
    }
  }
}
