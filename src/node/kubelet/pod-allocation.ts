import type { Container, Pod, PodCondition, PodSpec, ResourceRequirements } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { memoryLimitProblem } from './memory-limits.ts';
import type { Rejection } from './pod-admission.ts';
import { isSidecar } from './pod-phase.ts';

/** What comes of a look at the resources of a pod. */
export interface ResizeOutcome {
  readonly events: readonly {
    readonly type: 'Normal' | 'Warning';
    readonly reason: string;
    readonly message: string;
  }[];
  /** Containers that have to start anew to get what they ask for now. */
  readonly restarts: readonly Container[];
}

const nothing: ResizeOutcome = { events: [], restarts: [] };

/** The resources that a node has given to the containers of a pod, while the pod may ask for others by now (KEP-1287). */
export class PodAllocation {
  #given: ReadonlyMap<string, ResourceRequirements | undefined>;
  /** What the pod as a whole has, where it states that. */
  #givenPod: ResourceRequirements | undefined;
  #pending: PodCondition | undefined;
  /** A resize that the node has room for, but that cannot be carried out. */
  #failed: PodCondition | undefined;

  constructor(pod: Pod) {
    const told = (wanted: string) => pod.status?.conditions?.find(({ type }) => type === wanted);
    this.#pending = told('PodResizePending');
    this.#failed = told('PodResizeInProgress');
    const isUnderWay = this.#pending !== undefined || this.#failed !== undefined;
    // With a resize under way it is the status that tells what the containers have.
    const statuses = isUnderWay ? allStatuses(pod) : [];
    const given = containersOf(pod.spec).map((container) => {
      const status = statuses.find(({ name }) => name === container.name);
      return [container.name, status?.resources ?? container.resources] as const;
    });
    this.#given = new Map(given);
    const asWhole = pod.spec?.resources;
    const isWaiting = isUnderWay && asWhole !== undefined;
    this.#givenPod = isWaiting ? (pod.status?.resources ?? asWhole) : asWhole;
  }

  /** The condition of a resize that has to wait. */
  get pending(): PodCondition | undefined {
    return this.#pending;
  }

  /** The condition of a resize that cannot be carried out for now. */
  get failed(): PodCondition | undefined {
    return this.#failed;
  }

  /** Whether a pod asks for something else than it has. */
  isChanged(pod: Pod): boolean {
    return this.#changed(pod).length > 0 || !equalJson(pod.spec?.resources ?? {}, this.#givenPod ?? {});
  }

  /** The pod with what it was given in place of what it asks for. */
  allocated(pod: Pod): Pod {
    const { spec } = pod;
    if (spec === undefined || !this.isChanged(pod)) return pod;
    const { resources: _ofPod, ...rest } = spec;
    const given = (container: Container): Container => {
      const { resources: _asked, ...rest } = container;
      const resources = this.#of(container);
      return resources === undefined ? rest : { ...rest, resources };
    };
    return {
      ...pod,
      spec: {
        ...rest,
        ...(this.#givenPod === undefined ? {} : { resources: this.#givenPod }),
        containers: spec.containers.map(given),
        ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(given) }),
      },
    };
  }

  /**
   * Gives the pod what it asks for now, where the node has it and its containers do not use more.
   * @param reject why the node does not take it as it is
   * @param usage bytes of memory that each running container uses, by its name
   */
  resize(
    pod: Pod,
    reject: (pod: Pod) => Rejection | undefined,
    now: number,
    usage: ReadonlyMap<string, number> = new Map(),
  ): ResizeOutcome {
    if (!this.isChanged(pod)) {
      this.#pending = undefined;
      this.#failed = undefined;
      return nothing;
    }
    const rejection = reject(pod);
    if (rejection !== undefined) return this.#defer(pod, rejection.message, now);
    const restarts = resizable(pod).filter((container) =>
      needsRestart(
        container,
        effective(container.resources, pod.spec?.resources),
        effective(this.#of(container), this.#givenPod),
      ),
    );
    const problem = memoryLimitProblem({ before: this.allocated(pod), after: pod, usage, restarts });
    if (problem !== undefined) return this.#fail(pod, problem, now);
    this.#given = new Map(containersOf(pod.spec).map(({ name, resources }) => [name, resources]));
    this.#givenPod = pod.spec?.resources;
    this.#pending = undefined;
    const hasStarted = this.#failed !== undefined && this.#failed.observedGeneration === pod.metadata.generation;
    this.#failed = undefined;
    const summary = summaryOf(pod);
    return {
      events: [
        ...(hasStarted ? [] : [startOf(pod)]),
        { type: 'Normal', reason: 'ResizeCompleted', message: `Pod resize completed: ${summary}` },
      ],
      restarts,
    };
  }

  #defer(pod: Pod, message: string, now: number): ResizeOutcome {
    const before = this.#pending;
    const { generation } = pod.metadata;
    const reason = 'Deferred';
    this.#pending = {
      type: 'PodResizePending',
      status: 'True',
      reason,
      message,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: before?.lastTransitionTime ?? formatTime(now),
    };
    if (before?.reason === reason && before.observedGeneration === generation) return nothing;
    const text = `Pod resize ${reason}: ${summaryOf(pod, message)}`;
    return { events: [{ type: 'Warning', reason: 'ResizeDeferred', message: text }], restarts: [] };
  }

  #fail(pod: Pod, message: string, now: number): ResizeOutcome {
    const before = this.#failed;
    const { generation } = pod.metadata;
    this.#pending = undefined;
    this.#failed = {
      type: 'PodResizeInProgress',
      status: 'True',
      reason: 'Error',
      message,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: before?.lastTransitionTime ?? formatTime(now),
    };
    const isNew = before?.observedGeneration !== generation;
    if (!isNew && before?.message === message) return nothing;
    const text = `Pod resize error: ${summaryOf(pod, message)}`;
    return {
      events: [...(isNew ? [startOf(pod)] : []), { type: 'Warning', reason: 'ResizeError', message: text }],
      restarts: [],
    };
  }

  #of(container: Container): ResourceRequirements | undefined {
    return this.#given.has(container.name) ? this.#given.get(container.name) : container.resources;
  }

  #changed(pod: Pod): Container[] {
    return resizable(pod).filter((container) => !equalJson(container.resources ?? {}, this.#of(container) ?? {}));
  }
}

function startOf(pod: Pod): ResizeOutcome['events'][number] {
  return { type: 'Normal', reason: 'ResizeStarted', message: `Pod resize started: ${summaryOf(pod)}` };
}

function containersOf(spec: PodSpec | undefined): Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

/** The containers that can be given other resources while they run. */
function resizable({ spec }: Pod): Container[] {
  return containersOf(spec).filter((container) => isSidecar(container) || (spec?.containers ?? []).includes(container));
}

/** What a container is held to: where it has no limit of its own, that of the pod. */
function effective(
  own: ResourceRequirements | undefined,
  ofPod: ResourceRequirements | undefined,
): ResourceRequirements {
  return { ...own, limits: { ...ofPod?.limits, ...own?.limits } };
}

function allStatuses({ status }: Pod) {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function needsRestart(
  { resizePolicy = [] }: Container,
  now: ResourceRequirements,
  before: ResourceRequirements,
): boolean {
  const isChanged = (resource: string): boolean =>
    now.requests?.[resource] !== before.requests?.[resource] || now.limits?.[resource] !== before.limits?.[resource];
  return resizePolicy.some(
    ({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && isChanged(resourceName),
  );
}

/** What events say about a resize: all resources, the generation, and what went wrong. */
function summaryOf({ spec, metadata }: Pod, error?: string): string {
  const list = (containers: readonly Container[]) =>
    containers.map(({ name, resources = {} }) => {
      const { limits, requests } = resources;
      const present = Object.entries({ limits, requests }).filter(([, amounts]) => amounts !== undefined);
      return { name, resources: Object.fromEntries(present) };
    });
  const { initContainers = [], containers = [] } = spec ?? {};
  return JSON.stringify({
    ...(initContainers.length === 0 ? {} : { initContainers: list(initContainers) }),
    containers: list(containers),
    generation: metadata.generation ?? 0,
    ...(error === undefined ? {} : { error }),
  });
}
