import type { Clock } from '../../../system/clock.ts';
import {
  type ContainerStats,
  type ContainerStatus,
  type PodSandbox,
  RuntimeError,
  type RuntimeService,
} from '../../cri/runtime.ts';
import { UsageRates } from './usage-rates.ts';

/** Processor time and memory at a time. */
export interface Use {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Since when the processor time counts. */
  readonly since: number;
  readonly cpuSeconds: number;
  /** How many processors were busy of late; undefined when it is too early to tell. */
  readonly processors: number | undefined;
  readonly memoryBytes: number;
}

/** What a container that runs uses. */
export interface ContainerUse extends Use {
  readonly status: ContainerStatus;
  readonly stats: ContainerStats;
}

/** What a pod uses, with what its containers used that have ended. */
export interface PodUse extends Use {
  readonly sandbox: PodSandbox;
  readonly containers: readonly ContainerUse[];
}

/** What a node uses: its pods and, where that is known, the kubelet itself. */
export interface NodeUse extends Use {
  readonly kubelet: Use | undefined;
  readonly allPods: Use;
  readonly pods: readonly PodUse[];
}

/** What runs on a node beside its pods, as the operating system tells. */
export interface SystemUse {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

export interface NodeUsageOptions {
  readonly runtime: Pick<RuntimeService, 'containerStats' | 'listContainers' | 'listPodSandbox'>;
  readonly clock: Clock;
  /** Absent when nothing is known of it. */
  readonly systemUse?: () => SystemUse;
}

interface Ended {
  readonly podUid: string;
  readonly cpuSeconds: number;
}

/** Adds up what the containers of a node use. Processor time is not lost when a container ends or is removed. */
export class NodeUsage {
  readonly #options: NodeUsageOptions;
  readonly #rates = new UsageRates();
  readonly #startedAt: number;
  /** What the system had used before this began to count. */
  readonly #systemBefore: number;
  /** The processor time of each container that the runtime knows, as it was last seen. */
  readonly #seen = new Map<string, Ended>();
  /** That of those that are gone, by pod. */
  readonly #gone = new Map<string, number>();
  /** And that of pods that are gone. */
  #goneWithPods = 0;

  constructor(options: NodeUsageOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#systemBefore = options.systemUse?.().cpuSeconds ?? 0;
  }

  /** A container has ended, and may be removed before anybody asks. */
  async containerEnded(containerId: string, podUid: string): Promise<void> {
    await this.#look(containerId, podUid);
  }

  /** What is used now. */
  async measure(): Promise<NodeUse> {
    const { runtime, clock } = this.#options;
    // Only what was known before can be gone: what comes while this waits is in none of the lists.
    const before = [...this.#seen.keys()];
    const sandboxes = await runtime.listPodSandbox({});
    const containers = await runtime.listContainers({});
    const uidOf = new Map(sandboxes.map(({ id, metadata }) => [id, metadata.uid]));
    const running = new Map<string, ContainerUse[]>();
    const observed = new Set<string>();
    const used = (key: string, since: number, use: { at: number; cpuSeconds: number; memoryBytes: number }): Use => {
      observed.add(key);
      const { at, memoryBytes } = use;
      const cpuSeconds = Math.round(use.cpuSeconds * 1e9) / 1e9;
      const processors = this.#rates.observe(key, since, { at, seconds: cpuSeconds });
      return { at, since, cpuSeconds, processors, memoryBytes };
    };
    for (const status of containers) {
      const stats = await this.#look(status.id, uidOf.get(status.podSandboxId) ?? '');
      if (stats === undefined || status.state !== 'CONTAINER_RUNNING') continue;
      const { timestamp: at, cpuSeconds, memoryBytes } = stats;
      const use = { ...used(status.id, status.startedAt, { at, cpuSeconds, memoryBytes }), status, stats };
      running.set(status.podSandboxId, [...(running.get(status.podSandboxId) ?? []), use]);
    }
    const listed = new Set(containers.map(({ id }) => id));
    this.#forget(
      before.filter((id) => !listed.has(id)),
      new Set(uidOf.values()),
    );
    const at = clock.now();
    const seconds = this.#secondsByPod();
    const pods = sandboxes
      .filter(({ state }) => state === 'SANDBOX_READY')
      .map((sandbox): PodUse => {
        const own = running.get(sandbox.id) ?? [];
        const total = { at, cpuSeconds: seconds.get(sandbox.metadata.uid) ?? 0, memoryBytes: memoryOf(own) };
        return { ...used(`pod ${sandbox.metadata.uid}`, sandbox.createdAt, total), sandbox, containers: own };
      });
    const cpuSeconds = [...seconds.values()].reduce((sum, some) => sum + some, this.#goneWithPods);
    const allPods = used('pods', this.#startedAt, { at, cpuSeconds, memoryBytes: memoryOf(pods) });
    const system = this.#options.systemUse?.();
    const kubelet =
      system === undefined
        ? undefined
        : used('kubelet', this.#startedAt, {
            at,
            cpuSeconds: Math.max(0, system.cpuSeconds - this.#systemBefore),
            memoryBytes: system.memoryBytes,
          });
    const whole = {
      at,
      cpuSeconds: allPods.cpuSeconds + (kubelet?.cpuSeconds ?? 0),
      memoryBytes: allPods.memoryBytes + (kubelet?.memoryBytes ?? 0),
    };
    const node = used('node', this.#startedAt, whole);
    this.#rates.keep(observed);
    return { ...node, kubelet, allPods, pods };
  }

  /** @returns undefined for a container that is gone by now */
  async #look(containerId: string, podUid: string): Promise<ContainerStats | undefined> {
    try {
      const stats = await this.#options.runtime.containerStats(containerId);
      this.#seen.set(containerId, { podUid, cpuSeconds: stats.cpuSeconds });
      return stats;
    } catch (error) {
      if (error instanceof RuntimeError && error.code === 'NotFound') return undefined;
      throw error;
    }
  }

  /** Keeps the processor time of containers that are gone. @param podUids the pods that are there */
  #forget(containers: readonly string[], podUids: ReadonlySet<string>): void {
    for (const id of containers) {
      const last = this.#seen.get(id);
      if (last === undefined) continue;
      this.#seen.delete(id);
      this.#gone.set(last.podUid, (this.#gone.get(last.podUid) ?? 0) + last.cpuSeconds);
    }
    for (const [uid, seconds] of this.#gone) {
      if (podUids.has(uid)) continue;
      this.#gone.delete(uid);
      this.#goneWithPods += seconds;
    }
  }

  #secondsByPod(): ReadonlyMap<string, number> {
    const sums = new Map(this.#gone);
    for (const { podUid, cpuSeconds } of this.#seen.values()) {
      sums.set(podUid, (sums.get(podUid) ?? 0) + cpuSeconds);
    }
    return sums;
  }
}

function memoryOf(uses: readonly { readonly memoryBytes: number }[]): number {
  return uses.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
}
