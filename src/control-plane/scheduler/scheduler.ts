import type { Node, Pod, PodCondition } from '../../api/types/core-v1.ts';
import type { PodDisruptionBudget } from '../../api/types/policy-v1.ts';
import type { ResourceClaim } from '../../api/types/resource-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import type { SeriesEventRecorder } from '../../client/series-event-recorder.ts';
import type { Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { Random } from '../../system/random.ts';
import { ClaimBinder } from './claim-binder.ts';
import { ClaimLedger } from './claim-ledger.ts';
import { clusterView, type SchedulerInformers, schedulerInformers } from './cluster-view.ts';
import { DeviceAllocationError } from './device-allocator.ts';
import type { ClusterView } from './framework.ts';
import { type ClaimPlan, claimsOf, claimToRelease, plansOf } from './plugins/dynamic-resources.ts';
import { claimNamesOf, planVolumes, type VolumePlan } from './plugins/volumes.ts';
import { PodBinder } from './pod-binder.ts';
import { type Candidate, findPreemption } from './preemption.ts';
import { SchedulerCache } from './scheduler-cache.ts';
import { schedulePod, type SchedulingResult } from './scheduling-algorithm.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly events: SeriesEventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Pods that name another scheduler are left alone. */
  readonly schedulerName?: string;
}

/** Gives pods without a node one. */
export interface Scheduler {
  /** The informers are started by the caller. */
  start(): void;
  stop(): Promise<void>;
}

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/**
 * One pod at a time: filter the nodes, rank them, assume the pod is there, and POST the binding while the next pod is
 * looked at. A pod that fits nowhere makes room for itself where it is more important than others, gets a PodScheduled
 * condition and an event, and waits for the cluster to change.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new PodScheduler(options);
}

type Failure = Extract<SchedulingResult, { readonly fits: false }>;

class PodScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #name: string;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #known: SchedulerInformers;
  readonly #cache = new SchedulerCache();
  readonly #queue: SchedulingQueue;
  readonly #binder: PodBinder;
  readonly #ledger: ClaimLedger;
  readonly #claimBinder: ClaimBinder;
  /** Pods that wait for claims which are not there, by uid. */
  readonly #gated = new Map<string, Pod>();
  readonly #stopping = new AbortController();
  /** What goes on beside the loop. */
  readonly #work = new Set<Promise<void>>();
  /** Pods that were promised a node, by its name, then by uid. */
  readonly #nominated = new Map<string, Map<string, Pod>>();
  #looping: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    const { informers, client, clock } = options;
    this.#options = options;
    this.#name = options.schedulerName ?? 'default-scheduler';
    this.#pods = informers.informer<Pod>(podsResource);
    this.#nodes = informers.informer<Node>({ group: '', version: 'v1', resource: 'nodes' });
    this.#budgets = informers.informer({ group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' });
    this.#known = schedulerInformers(informers);
    this.#queue = new SchedulingQueue(clock, () => this.#wake());
    this.#binder = new PodBinder({ client, clock, claims: this.#known.claims, signal: this.#stopping.signal });
    this.#ledger = new ClaimLedger(this.#known.resourceClaims);
    this.#claimBinder = new ClaimBinder(options, this.#ledger);
  }

  start(): void {
    const changed = (): void => this.#queue.clusterChanged();
    const observeNode = (node: Node): void => {
      this.#cache.setNode(node);
      changed();
    };
    this.#nodes.addHandler({
      added: observeNode,
      updated: observeNode,
      deleted: (node) => this.#cache.removeNode(node.metadata.name ?? ''),
    });
    this.#known.claims.addHandler({ added: changed, updated: changed });
    this.#known.volumes.addHandler({ added: changed, updated: changed });
    this.#known.classes.addHandler({ added: changed });
    const claimChanged = ({ metadata }: ResourceClaim): void => {
      const waiting = [...this.#gated.values()].filter((pod) => pod.metadata.namespace === metadata.namespace);
      waiting.forEach((pod) => this.#observe(pod));
      changed();
    };
    this.#known.resourceClaims.addHandler({
      added: claimChanged,
      updated: claimChanged,
      deleted: (claim) => {
        this.#ledger.forget(claim);
        changed();
      },
    });
    this.#known.deviceClasses.addHandler({ added: changed, updated: changed });
    this.#known.slices.addHandler({ added: changed, updated: changed });
    this.#pods.addHandler({
      added: (pod) => this.#observe(pod),
      updated: (pod, old) => this.#observe(pod, old),
      deleted: (pod) => this.#release(pod),
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#queue.close();
    await this.#looping;
    await Promise.allSettled(this.#work);
    this.#options.events.stop();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #isOurs({ spec }: Pod): boolean {
    const isGated = (spec?.schedulingGates ?? []).length > 0;
    return (spec?.schedulerName ?? 'default-scheduler') === this.#name && !isGated;
  }

  #observe(pod: Pod, old?: Pod): void {
    if (this.#isStopped) return;
    const uid = pod.metadata.uid ?? '';
    const nodeName = pod.spec?.nodeName ?? '';
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    this.#rememberNomination(pod, isOver || nodeName !== '' ? undefined : pod.status?.nominatedNodeName);
    this.#gated.delete(uid);
    if (isOver) {
      this.#release(pod);
    } else if (nodeName !== '') {
      this.#queue.remove(uid);
      this.#cache.setPod(pod, nodeName);
      if (old !== undefined && (old.spec?.nodeName ?? '') === '') this.#queue.clusterChanged();
    } else if (this.#isOurs(pod) && pod.metadata.deletionTimestamp === undefined) {
      if (this.#lacksClaims(pod)) {
        this.#gated.set(uid, pod);
        this.#queue.remove(uid);
      } else if (old === undefined) this.#queue.add(pod);
      else this.#queue.update(pod, old);
    }
  }

  /** Whether a claim of the pod is not there, so that it is not worth a look. */
  #lacksClaims(pod: Pod): boolean {
    const claim = (namespace: string, name: string): ResourceClaim | undefined => this.#ledger.get(namespace, name);
    return (pod.spec?.resourceClaims ?? []).length > 0 && 'rejected' in claimsOf(pod, { claim });
  }

  #release(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.#gated.delete(uid);
    this.#rememberNomination(pod, undefined);
    this.#queue.remove(uid);
    this.#cache.removePod(uid);
    if ((pod.spec?.nodeName ?? '') !== '') this.#queue.clusterChanged();
  }

  #rememberNomination(pod: Pod, nodeName: string | undefined): void {
    const uid = pod.metadata.uid ?? '';
    for (const promised of this.#nominated.values()) promised.delete(uid);
    if (nodeName === undefined || nodeName === '') return;
    const promised = this.#nominated.get(nodeName) ?? new Map<string, Pod>();
    promised.set(uid, pod);
    this.#nominated.set(nodeName, promised);
  }

  #nominatedOn(nodeName: string): readonly Pod[] {
    return [...(this.#nominated.get(nodeName)?.values() ?? [])];
  }

  #wake(): void {
    if (this.#isStopped || this.#looping !== undefined) return;
    this.#looping = this.#run().finally(() => {
      this.#looping = undefined;
    });
  }

  async #run(): Promise<void> {
    // Let what arrives together be seen together, so that priority decides.
    await Promise.resolve();
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      const { pod, attempts } = next;
      try {
        await this.#scheduleOne(pod, attempts);
      } catch (error) {
        this.#options.log.error('scheduling failed', { pod: pod.metadata.name, error: String(error) });
        this.#queue.retryLater(pod, attempts);
      }
    }
  }

  async #scheduleOne(pod: Pod, attempts: number): Promise<void> {
    const cluster = clusterView(this.#cache.nodes(), this.#known, this.#ledger);
    const result = this.#schedule(pod, cluster);
    if (!result.fits) {
      await this.#fail(pod, attempts, result, cluster);
      return;
    }
    const info = cluster.nodes.find(({ node }) => node.metadata.name === result.nodeName);
    const needsVolumes = info !== undefined && claimNamesOf(pod).length > 0;
    const plan = needsVolumes ? planVolumes(pod, cluster, info.node, this.#binder.taken) : undefined;
    if (plan !== undefined && 'reasons' in plan) {
      // Another pod was quicker to take the volume.
      this.#queue.retryLater(pod, attempts);
      return;
    }
    const claims = info === undefined ? [] : plansOf(pod, cluster.devices, info.node);
    this.#claimBinder.begin(claims);
    this.#cache.setPod(pod, result.nodeName);
    this.#rememberNomination(pod, undefined);
    this.#beside(this.#bind(pod, result.nodeName, attempts, { ...(plan ?? { bindings: [], provisions: [] }), claims }));
  }

  #schedule(pod: Pod, cluster: ClusterView): SchedulingResult {
    try {
      return schedulePod(pod, cluster, this.#options.random, (name) => this.#nominatedOn(name));
    } catch (error) {
      if (!(error instanceof DeviceAllocationError)) throw error;
      const message = `running "DynamicResources" filter plugin: ${error.message}`;
      return { fits: false, message, unfit: new Map(), mayPreempt: false, isError: true };
    }
  }

  #beside(work: Promise<void>): void {
    const watched = work.finally(() => this.#work.delete(watched));
    this.#work.add(watched);
  }

  async #fail(pod: Pod, attempts: number, failure: Failure, cluster: ClusterView): Promise<void> {
    const { events, random } = this.#options;
    const found = failure.mayPreempt
      ? findPreemption({
          pod,
          cluster,
          unfit: failure.unfit,
          budgets: this.#budgets.list(),
          nominated: (name) => this.#nominatedOn(name),
          random,
        })
      : undefined;
    // Before anything is written: what comes of it may be what the pod waits for.
    if (failure.isError === true) this.#queue.retryLater(pod, attempts);
    else this.#queue.parkUnschedulable(pod, attempts);
    const message =
      typeof found === 'string'
        ? `${failure.message} ${await this.#releaseClaim(pod, cluster)}, ${found}`
        : failure.message;
    events.event(pod, { type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', note: message });
    // Who waits for victims that are going keeps the node that was promised.
    const isWaiting = typeof found === 'string' && found.includes('terminating pod on the nominated node');
    const before = pod.status?.nominatedNodeName ?? '';
    const promised = typeof found === 'object' ? found.nodeName : isWaiting ? before : '';
    this.#rememberNomination(pod, promised);
    await this.#reportUnschedulable(
      pod,
      message,
      promised,
      failure.isError === true ? 'SchedulerError' : 'Unschedulable',
    );
    if (typeof found === 'object') this.#beside(this.#preempt(pod, found));
  }

  /** Takes devices of claims that keep the pod from coming anywhere. @returns what the event says of it */
  async #releaseClaim(pod: Pod, cluster: ClusterView): Promise<string> {
    if ((pod.spec?.resourceClaims ?? []).length === 0) return 'no new claims to deallocate';
    const claim = claimToRelease(pod, cluster);
    if (claim === undefined) return 'still not schedulable';
    await this.#claimBinder.release(claim);
    return 'deallocation of ResourceClaim completed';
  }

  /** Makes room: less important pods lose the promise of the node, and the victims end. */
  async #preempt(pod: Pod, { nodeName, victims }: Candidate): Promise<void> {
    const { log, client } = this.#options;
    const priority = pod.spec?.priority ?? 0;
    try {
      for (const other of this.#nominatedOn(nodeName)) {
        if ((other.spec?.priority ?? 0) >= priority) continue;
        const { name = '', namespace, uid = '' } = other.metadata;
        await client
          .resource(podsResource, namespace)
          .patch(
            name,
            'application/strategic-merge-patch+json',
            { metadata: { uid }, status: { nominatedNodeName: null } },
            { subresource: 'status' },
          );
      }
      for (const victim of victims) {
        if (victim.metadata.deletionTimestamp === undefined) await this.#evict(victim, pod, nodeName);
      }
    } catch (error) {
      log.warn('preemption failed', { pod: pod.metadata.name, error: String(error) });
      this.#queue.clusterChanged();
    }
  }

  async #evict(victim: Pod, pod: Pod, nodeName: string): Promise<void> {
    const { client, events } = this.#options;
    const { name = '', namespace, uid = '' } = victim.metadata;
    const condition = this.#condition(victim, {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${this.#name}: preempting to accommodate a higher priority pod`,
    });
    try {
      await client
        .resource(podsResource, namespace)
        .patch(
          name,
          'application/strategic-merge-patch+json',
          { metadata: { uid }, status: { conditions: [condition] } },
          { subresource: 'status' },
        );
      await client.resource(podsResource, namespace).delete(name, { preconditions: { uid } });
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      throw error;
    }
    const note = `Preempted by pod ${pod.metadata.uid ?? ''} on node ${nodeName}`;
    events.event(victim, { type: 'Normal', reason: 'Preempted', action: 'Preempting', note, related: pod });
  }

  async #bind(
    pod: Pod,
    nodeName: string,
    attempts: number,
    plan: VolumePlan & { readonly claims: readonly ClaimPlan[] },
  ): Promise<void> {
    const { events, log } = this.#options;
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    try {
      await this.#claimBinder.bind(pod, plan.claims);
      await this.#binder.bind(pod, nodeName, plan);
      const note = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
      events.event(pod, { type: 'Normal', reason: 'Scheduled', action: 'Binding', note });
    } catch (error) {
      const current = this.#pods.get(namespace, name);
      if ((current?.spec?.nodeName ?? '') !== '' && current?.metadata.uid === uid) return;
      this.#cache.removePod(uid);
      if (hasReason(error, 'NotFound') || this.#isStopped) return;
      await this.#claimBinder.unreserve(pod, plan.claims);
      log.warn('binding failed', { pod: `${namespace}/${name}`, node: nodeName, error: String(error) });
      this.#queue.retryLater(pod, attempts);
    }
  }

  #condition(pod: Pod, condition: PodCondition): PodCondition {
    const before = pod.status?.conditions?.find(({ type }) => type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
    const { generation } = pod.metadata;
    return {
      ...condition,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: since ?? formatTime(this.#options.clock.now()),
    };
  }

  async #reportUnschedulable(pod: Pod, message: string, promised: string, reason: string): Promise<void> {
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    const isTold = before?.status === 'False' && before.reason === reason && before.message === message;
    const isPromised = promised === (pod.status?.nominatedNodeName ?? '');
    if (isTold && isPromised) return;
    const condition = this.#condition(pod, {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
    });
    const nomination = isPromised ? {} : { nominatedNodeName: promised === '' ? null : promised };
    try {
      await this.#options.client
        .resource(podsResource, namespace)
        .patch(
          name,
          'application/strategic-merge-patch+json',
          { metadata: { uid }, status: { conditions: [condition], ...nomination } },
          { subresource: 'status' },
        );
    } catch (error) {
      if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
    }
  }
}
