import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '../../api/types/apps-v1.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { matchesLabels, selectorFromObject } from '../../apimachinery/labels.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { claimObjects, controllerOf } from '../../client/controller-references.ts';
import type { Informer } from '../../client/informer.ts';
import { byRevision, ensureRevision, revisionData, truncateHistory } from './controller-history.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { podFromTemplate, podsResource } from './pod-control.ts';
import { isPodAvailable, isPodReady, isPodTerminal } from './pod-facts.ts';
import { StatefulSetClaims } from './stateful-set-claims.ts';
import { claimsResource } from './volume-binding.ts';

const setsResource = { group: 'apps', version: 'v1', resource: 'statefulsets' } as const;
const revisionsResource = { group: 'apps', version: 'v1', resource: 'controllerrevisions' } as const;
/** Of pods: the name of their revision. */
const revisionLabel = 'controller-revision-hash';
/** Of revisions: their own hash. */
const revisionHashLabel = 'controller.kubernetes.io/hash';
const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';
/** After so long it is looked whether a claim that has to go is gone. */
const staleClaimMillis = 1000;

/** Keeps pods with stable names, one after the other, and moves them to a new template from the last to the first. */
export function createStatefulSetController(context: ControllerContext): Controller {
  const sets = context.informers.informer<StatefulSet>(setsResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const revisions = context.informers.informer<ControllerRevision>(revisionsResource);
  const claims = context.informers.informer<PersistentVolumeClaim>(claimsResource);
  return createKeyedController({
    name: 'statefulset-controller',
    context,
    register(queue) {
      const enqueue = (set: StatefulSet): void => queue.add(keyOf(set));
      sets.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
      const enqueueOwner = (pod: Pod): void => {
        const owner = controllerOf(pod);
        if (owner?.kind === 'StatefulSet') queue.add(`${pod.metadata.namespace ?? ''}/${owner.name}`);
        // One that belongs to nobody may be adopted.
        else if (owner === undefined)
          sets
            .list(pod.metadata.namespace)
            .filter((set) => mayOwn(set, pod))
            .forEach(enqueue);
      };
      pods.addHandler({ added: enqueueOwner, updated: enqueueOwner, deleted: enqueueOwner });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const own = await claimPods(context, set, pods);
      const again = await new SetSync(context, set, own, {
        revisions: revisions.ownedBy(set.metadata.uid ?? ''),
        claims: new StatefulSetClaims(context, set, claims),
      }).run();
      if (again !== undefined) queue.addAfter(key, again);
    },
  });
}

/** Whether a pod's name is one of a set's. */
function isMember(set: StatefulSet, { metadata }: Pod): boolean {
  return /^(.*)-\d+$/.exec(metadata.name ?? '')?.[1] === set.metadata.name;
}

/** Whether a pod that belongs to nobody has the name and the labels of a set. */
function mayOwn(set: StatefulSet, pod: Pod): boolean {
  return isMember(set, pod) && matchesLabels(selectorFromObject(set.spec?.selector) ?? [], pod.metadata.labels ?? {});
}

/** The pods of a set: orphans that match are adopted, what matches no more is released. */
function claimPods({ client }: ControllerContext, set: StatefulSet, pods: Informer<Pod>): Promise<Pod[]> {
  const { name = '', namespace } = set.metadata;
  return claimObjects(
    pods.list(namespace).filter((pod) => isMember(set, pod)),
    {
      client,
      resource: podsResource,
      owner: set,
      freshOwner: () =>
        client
          .resource<StatefulSet>(setsResource, namespace)
          .get(name)
          .catch((error: unknown) => {
            if (hasReason(error, 'NotFound')) return undefined;
            throw error;
          }),
      selector: selectorFromObject(set.spec?.selector) ?? [],
    },
  );
}

/** The number behind the last dash of a pod's name; -1 when there is none. */
function ordinalOf(pod: Pod): number {
  const match = /-(\d+)$/.exec(pod.metadata.name ?? '');
  return match === null ? -1 : Number(match[1]);
}

/** One look at one stateful set. */
class SetSync {
  readonly #context: ControllerContext;
  readonly #set: StatefulSet;
  readonly #pods: Map<number, Pod>;
  readonly #revisions: readonly ControllerRevision[];
  readonly #claims: StatefulSetClaims;
  /** A claim of an earlier pod is still to go. */
  #isHeldUp = false;

  constructor(
    context: ControllerContext,
    set: StatefulSet,
    pods: readonly Pod[],
    { revisions, claims }: { readonly revisions: readonly ControllerRevision[]; readonly claims: StatefulSetClaims },
  ) {
    this.#context = context;
    this.#set = set;
    this.#pods = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
    this.#revisions = revisions;
    this.#claims = claims;
  }

  /** @returns milliseconds after which to look again, when only time will tell. */
  async run(): Promise<number | undefined> {
    const set = this.#set;
    const labels = set.spec?.template.metadata?.labels ?? {};
    const data = revisionData(set.spec?.template);
    const update = await ensureRevision(this.#context, set, data, labels, revisionHashLabel, this.#revisions);
    const all = [...this.#revisions.filter((revision) => revision.metadata.uid !== update.metadata.uid), update];
    const current = all.find((revision) => revision.metadata.name === set.status?.currentRevision) ?? update;
    await this.#converge(current, update);
    const again = await this.#writeStatus(current, update);
    const inUse = new Set([current.metadata.name ?? '', update.metadata.name ?? '']);
    for (const pod of this.#pods.values()) inUse.add(pod.metadata.labels?.[revisionLabel] ?? '');
    await truncateHistory(this.#context, all.toSorted(byRevision), inUse, set.spec?.revisionHistoryLimit ?? 10);
    return this.#isHeldUp ? staleClaimMillis : again;
  }

  #isParallel(): boolean {
    return this.#set.spec?.podManagementPolicy === 'Parallel';
  }

  #first(): number {
    return this.#set.spec?.ordinals?.start ?? 0;
  }

  #replicas(): number {
    return this.#set.spec?.replicas ?? 1;
  }

  /** The template that a pod of this ordinal gets. */
  #revisionFor(ordinal: number, current: ControllerRevision, update: ControllerRevision): ControllerRevision {
    const strategy = this.#set.spec?.updateStrategy;
    if (strategy?.type === 'OnDelete') return update;
    const partition = strategy?.rollingUpdate?.partition ?? 0;
    return ordinal - this.#first() < partition ? current : update;
  }

  /** Creates from the first to the last, deletes from the last to the first, then moves pods to the new template. */
  async #converge(current: ControllerRevision, update: ControllerRevision): Promise<void> {
    const first = this.#first();
    const end = first + this.#replicas();
    for (let ordinal = first; ordinal < end; ordinal++) {
      const pod = this.#pods.get(ordinal);
      if (pod === undefined) {
        this.#isHeldUp = this.#claims.isStale(ordinal);
        if (this.#isHeldUp) return;
        await this.#create(ordinal, this.#revisionFor(ordinal, current, update));
        if (!this.#isParallel()) return;
        continue;
      }
      await this.#claims.followPolicy(ordinal, pod, false);
      if (isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined) {
        await this.#delete(pod);
        if (!this.#isParallel()) return;
        continue;
      }
      if (!this.#isParallel() && !this.#isSettled(pod)) return;
    }
    const surplus = [...this.#pods.keys()]
      .filter((ordinal) => ordinal < first || ordinal >= end)
      .toSorted((a, b) => b - a);
    for (const ordinal of surplus) {
      const pod = this.#pods.get(ordinal);
      if (pod !== undefined) await this.#claims.followPolicy(ordinal, pod, true);
    }
    for (const ordinal of surplus) {
      const pod = this.#pods.get(ordinal);
      if (pod === undefined) continue;
      // In order, nothing goes while another that is not well has to come first.
      if (!this.#isParallel() && !this.#isSettled(pod) && pod !== this.#firstUnsettled(first, end)) return;
      if (pod.metadata.deletionTimestamp === undefined) await this.#delete(pod);
      if (!this.#isParallel()) return;
    }
    if (this.#set.spec?.updateStrategy?.type !== 'OnDelete') await this.#roll(first, end, current, update);
  }

  async #roll(first: number, end: number, current: ControllerRevision, update: ControllerRevision): Promise<void> {
    for (let ordinal = end - 1; ordinal >= first; ordinal--) {
      const pod = this.#pods.get(ordinal);
      if (pod === undefined) continue;
      const wanted = this.#revisionFor(ordinal, current, update);
      const isOld = pod.metadata.labels?.[revisionLabel] !== hashOf(wanted);
      if (isOld && wanted === update) {
        if (pod.metadata.deletionTimestamp === undefined) await this.#delete(pod);
        return;
      }
      if (!this.#isSettled(pod)) return;
    }
  }

  /** Of those that belong to the set, then of those that do not, the first by ordinal that is not well. */
  #firstUnsettled(first: number, end: number): Pod | undefined {
    const isSurplus = (ordinal: number): boolean => ordinal < first || ordinal >= end;
    const ordinals = [...this.#pods.keys()].toSorted((left, right) => left - right);
    const inOrder = [...ordinals.filter((ordinal) => !isSurplus(ordinal)), ...ordinals.filter(isSurplus)];
    return inOrder.map((ordinal) => this.#pods.get(ordinal)).find((pod) => pod !== undefined && !this.#isSettled(pod));
  }

  #isSettled(pod: Pod): boolean {
    const seconds = this.#set.spec?.minReadySeconds ?? 0;
    return pod.metadata.deletionTimestamp === undefined && isPodAvailable(pod, seconds, this.#context.clock.now());
  }

  async #create(ordinal: number, revision: ControllerRevision): Promise<void> {
    const set = this.#set;
    const name = `${set.metadata.name ?? ''}-${ordinal}`;
    const template = (revision.data as { spec?: { template?: PodTemplateSpec } }).spec?.template ?? {};
    const pod = podFromTemplate(template, set, name);
    pod.metadata.labels = {
      ...pod.metadata.labels,
      [podIndexLabel]: `${ordinal}`,
      [revisionLabel]: hashOf(revision),
      [podNameLabel]: name,
    };
    if (pod.spec !== undefined) {
      pod.spec.hostname = name;
      pod.spec.subdomain = set.spec?.serviceName ?? '';
      pod.spec.volumes = this.#claims.volumesFor(ordinal, pod.spec.volumes ?? []);
      await this.#claims.createMissing(ordinal);
    }
    const resource = this.#context.client.resource<Pod>(podsResource, set.metadata.namespace);
    const says = `in StatefulSet ${set.metadata.name ?? ''}`;
    try {
      await resource.create(pod);
      this.#event('Normal', 'SuccessfulCreate', `create Pod ${name} ${says} successful`);
    } catch (error) {
      // Another one has its name, or ours is on its way to us: time will tell.
      if (hasReason(error, 'AlreadyExists')) throw error;
      const text = messageOf(error);
      this.#event('Warning', 'FailedCreate', `create Pod ${name} ${says} failed error: ${text}`);
      throw error;
    }
  }

  async #delete(pod: Pod): Promise<void> {
    const { name = '', uid = '' } = pod.metadata;
    const says = `delete Pod ${name} in StatefulSet ${this.#set.metadata.name ?? ''}`;
    try {
      await this.#context.client
        .resource<Pod>(podsResource, pod.metadata.namespace)
        .delete(name, { preconditions: { uid } });
      this.#event('Normal', 'SuccessfulDelete', `${says} successful`);
    } catch (error) {
      if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
    }
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.event(this.#set, type, reason, message);
  }

  async #writeStatus(current: ControllerRevision, update: ControllerRevision): Promise<number | undefined> {
    const set = this.#set;
    const now = this.#context.clock.now();
    const pods = [...this.#pods.values()];
    const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const seconds = set.spec?.minReadySeconds ?? 0;
    const ofRevision = (revision: ControllerRevision): number =>
      alive.filter((pod) => pod.metadata.labels?.[revisionLabel] === hashOf(revision)).length;
    const ready = pods.filter(isPodReady).length;
    const available = alive.filter((pod) => isPodAvailable(pod, seconds, now)).length;
    const updated = ofRevision(update);
    const isDone = updated === this.#replicas() && pods.length === this.#replicas() && available === this.#replicas();
    const shown = isDone ? update : current;
    const counts = { readyReplicas: ready, currentReplicas: ofRevision(shown), updatedReplicas: updated };
    const status: StatefulSetStatus = {
      observedGeneration: set.metadata.generation ?? 0,
      replicas: pods.length,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      currentRevision: shown.metadata.name ?? '',
      updateRevision: update.metadata.name ?? '',
      collisionCount: set.status?.collisionCount ?? 0,
      availableReplicas: available,
    };
    if (!equalJson(set.status ?? {}, status)) {
      await this.#context.client
        .resource<StatefulSet>(setsResource, set.metadata.namespace)
        .update({ ...set, status }, { subresource: 'status' });
    }
    return seconds > 0 && ready > available ? seconds * 1000 : undefined;
  }
}

function hashOf(revision: ControllerRevision): string {
  return revision.metadata.name ?? '';
}
