import type { Container, Pod, Probe } from '../../api/types/core-v1.ts';
import type { Clock, Timer } from '../../system/clock.ts';
import { RuntimeError } from '../cri/runtime.ts';
import { grpcHandler } from './grpc-probe.ts';
import { isSidecar } from './pod-phase.ts';
import { execHandler, type HandlerContext, type HandlerResult, httpHandler, tcpHandler } from './runtime-prober.ts';

/** Carries out one probe. */
export interface Prober {
  /** @param containerId the running container */
  probe(pod: Pod, container: Container, probe: Probe, containerId: string): Promise<HandlerResult>;
}

/** Carries probes out in the pods of a runtime. */
export function createRuntimeProber(context: HandlerContext): Prober {
  return {
    async probe(pod, container, probe, containerId) {
      const { exec, httpGet, tcpSocket, grpc, timeoutSeconds = 1 } = probe;
      const target = { pod, container, containerId, podIP: pod.status?.podIP ?? '' };
      try {
        if (exec !== undefined) return await execHandler(context, target, exec.command ?? [], timeoutSeconds);
        if (httpGet !== undefined) return await httpHandler(context, target, httpGet, timeoutSeconds);
        if (tcpSocket !== undefined) return await tcpHandler(context, target, tcpSocket);
        if (grpc !== undefined) return await grpcHandler(context, target, grpc, timeoutSeconds);
      } catch (error) {
        // The container may have gone since the probe was due.
        if (error instanceof RuntimeError) return { ok: false, output: error.message };
        throw error;
      }
      return { ok: true, output: '' };
    },
  };
}

const firstStatusMillis = 100;

/** What a probe is for. */
export type ProbeKind = 'startup' | 'readiness' | 'liveness';

/** As events and metrics name it: `Liveness`. */
export function probeTitle(kind: ProbeKind): string {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}

/** What the probes of a pod tell its worker. */
export interface ProbeListener {
  /** Readiness or startup changed: the status should be made anew. */
  onChange(): void;
  /** Liveness or startup failed for good. */
  onUnhealthy(container: string, kind: 'startup' | 'liveness'): void;
  /** One probe was carried out. */
  onResult(container: Container, kind: ProbeKind, ok: boolean): void;
  /** One probe failed: an `Unhealthy` event. */
  onFailure(container: Container, kind: ProbeKind, output: string): void;
  /** One probe succeeded, but not quite as it was meant to: a `ProbeWarning` event. */
  onWarning(container: Container, kind: ProbeKind, output: string): void;
}

interface ProbeWorker {
  readonly containerId: string;
  readonly cancel: () => void;
  /** Only readiness is still asked for. */
  isEnding: boolean;
}

/** Runs the probes of one pod's running containers and remembers their results. */
export class PodProbes {
  readonly #prober: Prober;
  readonly #clock: Clock;
  readonly #listener: ProbeListener;
  readonly #workers = new Map<string, ProbeWorker>();
  readonly #started = new Set<string>();
  readonly #ready = new Set<string>();
  /** What begins when a container's startup probe has succeeded. */
  readonly #afterStartup = new Map<string, () => void>();

  constructor(prober: Prober, clock: Clock, listener: ProbeListener) {
    this.#prober = prober;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Containers without a startup probe are started when they run. */
  isStarted(container: string): boolean {
    return this.#started.has(container);
  }

  isReady(container: string): boolean {
    return this.#ready.has(container);
  }

  /** A container runs (again): its probes begin. Calling it again for the same run does nothing. */
  begin(pod: () => Pod, container: Container, containerId: string): void {
    if (this.#workers.get(container.name)?.containerId === containerId) return;
    this.end(container.name);
    const timers = new Set<Timer>();
    const cancel = (): void => timers.forEach((timer) => timer.cancel());
    const worker: ProbeWorker = { containerId, cancel, isEnding: false };
    this.#workers.set(container.name, worker);
    const isCurrent = (kind: ProbeKind): boolean =>
      this.#workers.get(container.name) === worker && (kind === 'readiness' || !worker.isEnding);
    const run = (kind: ProbeKind, probe: Probe): void =>
      this.#run({ pod, containerId, container, kind, probe, timers, isCurrent: () => isCurrent(kind) });
    const afterStart = (): void => {
      this.#started.add(container.name);
      if (container.readinessProbe === undefined) this.#ready.add(container.name);
      else run('readiness', container.readinessProbe);
      if (container.livenessProbe !== undefined) run('liveness', container.livenessProbe);
    };
    const probed = isSidecar(container) || !(pod().spec?.initContainers ?? []).includes(container);
    if (probed && container.startupProbe !== undefined) {
      this.#afterStartup.set(container.name, afterStart);
      run('startup', container.startupProbe);
    } else {
      afterStart();
    }
  }

  /** A container is to stop: whether it is alive matters no more, whether it is ready does until it is gone. */
  endChecks(container: string): void {
    const worker = this.#workers.get(container);
    if (worker !== undefined) worker.isEnding = true;
  }

  /** A container stopped. */
  end(container: string): void {
    this.#workers.get(container)?.cancel();
    this.#workers.delete(container);
    this.#started.delete(container);
    this.#ready.delete(container);
    this.#afterStartup.delete(container);
  }

  /** The pod is going: nothing is probed any more. */
  endAll(): void {
    for (const name of this.#workers.keys()) this.end(name);
  }

  #run(work: {
    pod: () => Pod;
    containerId: string;
    container: Container;
    kind: ProbeKind;
    probe: Probe;
    timers: Set<Timer>;
    isCurrent: () => boolean;
  }): void {
    const { pod, container, containerId, kind, probe, timers, isCurrent } = work;
    let successes = 0;
    let failures = 0;
    const schedule = (delayMillis: number): void => {
      const timer = this.#clock.setTimer(
        () => {
          timers.delete(timer);
          void step();
        },
        delayMillis,
        { unref: true },
      );
      timers.add(timer);
    };
    const step = async (): Promise<void> => {
      if (!isCurrent()) return;
      // Its address is told with its first status.
      if (pod().status?.podIP === undefined) return schedule(firstStatusMillis);
      const { ok, output, isWarning } = await this.#prober.probe(pod(), container, probe, containerId);
      if (!isCurrent()) return;
      this.#listener.onResult(container, kind, ok);
      if (ok) {
        successes++;
        failures = 0;
        if (isWarning === true) this.#listener.onWarning(container, kind, output);
      } else {
        failures++;
        successes = 0;
        this.#listener.onFailure(container, kind, output);
      }
      const goOn = this.#judge(container.name, kind, {
        succeeded: successes >= (probe.successThreshold ?? 1),
        failed: failures >= (probe.failureThreshold ?? 3),
      });
      if (goOn) schedule((probe.periodSeconds ?? 10) * 1000);
    };
    schedule((probe.initialDelaySeconds ?? 0) * 1000);
  }

  /** @returns whether this probe goes on. */
  #judge(name: string, kind: ProbeKind, result: { succeeded: boolean; failed: boolean }): boolean {
    if (kind === 'readiness') {
      const was = this.#ready.has(name);
      if (result.succeeded) this.#ready.add(name);
      else if (result.failed) this.#ready.delete(name);
      if (was !== this.#ready.has(name)) this.#listener.onChange();
      return true;
    }
    if (result.failed) {
      this.#listener.onUnhealthy(name, kind);
      return false;
    }
    if (kind === 'startup' && result.succeeded) {
      this.#afterStartup.get(name)?.();
      this.#afterStartup.delete(name);
      this.#listener.onChange();
      return false;
    }
    return true;
  }
}
