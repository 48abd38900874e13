import type { Container, Pod, PodStatus } from '../../api/types/core-v1.ts';
import { formatDuration } from '../../apimachinery/duration.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import type { Clock, Timer } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { ContainerStatus, ImageService, PodSandbox, RuntimeService } from '../cri/runtime.ts';
import { exitAfterAnnotation } from '../cri/simulated-runtime.ts';
import { ContainerConfigError, containerEnvironment } from './container-environment.ts';
import type { Rejection } from './pod-admission.ts';
import { PodImages, type Waiting } from './pod-images.ts';
import { sandboxConfig } from './pod-sandbox.ts';
import { finalStatus, isSidecar, shouldRestart } from './pod-phase.ts';
import { generatePodStatus, isTerminal, latestAttempt, rejectedStatus } from './pod-status.ts';
import { versionOf, writePodStatus } from './pod-status-writer.ts';
import { ensureVolumes, VolumeError } from './pod-volumes.ts';
import { PodProbes, type Prober } from './prober.ts';
import { RestartBackoff } from './restart-backoff.ts';

/** What the workers of a node share. */
export interface PodWorkerContext {
  readonly client: Client;
  readonly runtime: RuntimeService & ImageService;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hostIP: string;
  /** Records an event about a pod or (with `container`) one of its containers. */
  readonly recordEvent: (
    pod: Pod,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    container?: string,
  ) => void;
}

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/**
 * Brings one pod from what its spec says to what runs, one step after the other: sandbox, volumes, init containers,
 * containers, and back down when it is deleted. There is one worker a pod; it never runs twice at once.
 */
export class PodWorker {
  readonly #context: PodWorkerContext;
  readonly #probes: PodProbes;
  readonly #waiting = new Map<string, Waiting>();
  readonly #images: PodImages;
  readonly #backoff = new RestartBackoff();
  readonly #reported = new Set<string>();
  /** Ids of containers that were ended because a probe failed. */
  readonly #unhealthy = new Set<string>();
  #admit: (() => Promise<Rejection | undefined>) | undefined;
  #rejection: Rejection | undefined;
  #pod: Pod;
  #running = false;
  #again = false;
  #stopped = false;
  #done = false;
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #idle: Promise<void> = Promise.resolve();
  #isWriting = false;
  #volumesReady = false;
  #failures = 0;

  /** @param admit whether the node takes the pod; asked once, before anything is done for it */
  constructor(context: PodWorkerContext, pod: Pod, admit: () => Promise<Rejection | undefined>) {
    this.#admit = admit;
    this.#context = context;
    this.#pod = pod;
    this.#images = new PodImages(context);
    this.#probes = new PodProbes(context.prober, context.clock, {
      onChange: () => this.wake(),
      onUnhealthy: (container, kind) => void this.#killUnhealthy(container, kind),
      onFailure: (container, kind, output) => {
        const title = `${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)}`;
        context.recordEvent(this.#pod, 'Warning', 'Unhealthy', `${title} probe failed: ${output}`, container.name);
      },
    });
  }

  /** The pod as it is known here, with the status that was told last. */
  get pod(): Pod {
    return this.#pod;
  }

  /** A newer version of the pod. */
  update(pod: Pod): void {
    const isOwnWrite = pod.metadata.resourceVersion === this.#pod.metadata.resourceVersion;
    this.#pod = pod;
    // While a status is on its way, whether this is more than its echo is seen when the answer is there.
    if (!isOwnWrite && !this.#isWriting) this.wake();
  }

  /** Runs the sync again, soon. */
  wake(): void {
    if (this.#stopped || this.#done) return;
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    this.#idle = this.#loop();
  }

  /** Stops working on the pod (the node goes down): what runs is left as it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#probes.endAll();
    await this.#idle;
  }

  /** The pod is gone from the API: everything of it is removed from the runtime. */
  async remove(): Promise<void> {
    await this.stop();
    for (const sandbox of await this.#sandboxes()) await this.#context.runtime.removePodSandbox(sandbox.id);
  }

  async #loop(): Promise<void> {
    while (this.#again && !this.#stopped && !this.#done) {
      this.#again = false;
      try {
        await this.#sync(this.#pod);
        this.#failures = 0;
      } catch (error) {
        this.#failures++;
        const name = `${this.#pod.metadata.namespace ?? ''}/${this.#pod.metadata.name ?? ''}`;
        this.#context.log.warn('pod sync failed', { pod: name, error: String(error) });
        this.#wakeIn(Math.min(500 * 2 ** (this.#failures - 1), 60_000));
      }
    }
    this.#running = false;
  }

  #wakeIn(millis: number): void {
    this.#timer?.cancel();
    this.#timer = this.#context.clock.setTimer(() => this.wake(), Math.max(0, millis), { unref: true });
  }

  async #sync(pod: Pod): Promise<void> {
    if (pod.metadata.deletionTimestamp !== undefined) {
      await this.#terminate(pod);
      return;
    }
    if (isTerminal(pod)) {
      await this.#stopEverything(pod);
      return;
    }
    if (this.#admit !== undefined) this.#rejection = await this.#admit();
    if (this.#rejection !== undefined) {
      await this.#reject(pod, this.#rejection);
      return;
    }
    if (this.#isOverdue(pod)) {
      await this.#failOverdue(pod);
      return;
    }
    this.#admit = undefined;
    const sandbox = await this.#ensureSandbox(pod);
    if (sandbox !== undefined) await this.#syncContainers(pod, sandbox);
    await this.#report(pod);
    // What the status says now may end the pod, at once or in time.
    if (isTerminal(this.#pod)) await this.#stopEverything(this.#pod);
    else if (this.#isOverdue(this.#pod)) this.wake();
  }

  /** Whether the pod has been active for as long as it may; wakes up when it will have been. */
  #isOverdue({ spec, status }: Pod): boolean {
    const { activeDeadlineSeconds } = spec ?? {};
    if (activeDeadlineSeconds === undefined || status?.startTime === undefined) return false;
    const left = Date.parse(status.startTime) + activeDeadlineSeconds * 1000 - this.#context.clock.now();
    if (left > 0) this.#deadline ??= this.#context.clock.setTimer(() => this.wake(), left, { unref: true });
    return left <= 0;
  }

  async #failOverdue(pod: Pod): Promise<void> {
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#context.recordEvent(pod, 'Normal', 'DeadlineExceeded', message);
    await this.#stopEverything(pod);
    await this.#report({ ...pod, status: { ...pod.status, phase: 'Failed', reason: 'DeadlineExceeded', message } });
  }

  async #reject(pod: Pod, { reason, message }: Rejection): Promise<void> {
    if (this.#admit !== undefined) this.#context.recordEvent(pod, 'Warning', reason, message);
    this.#admit = undefined;
    const { clock } = this.#context;
    await this.#write(pod, rejectedStatus(pod, reason, `Pod was rejected: ${message}`, clock.now()));
  }

  async #sandboxes(): Promise<readonly PodSandbox[]> {
    return this.#context.runtime.listPodSandbox({ podUid: this.#pod.metadata.uid ?? '' });
  }

  async #containers(): Promise<readonly ContainerStatus[]> {
    const all: ContainerStatus[] = [];
    for (const sandbox of await this.#sandboxes()) {
      all.push(...(await this.#context.runtime.listContainers({ podSandboxId: sandbox.id })));
    }
    return all;
  }

  /** The pod's running sandbox, made when there is none; undefined while its volumes are not ready. */
  async #ensureSandbox(pod: Pod): Promise<PodSandbox | undefined> {
    const sandboxes = await this.#sandboxes();
    const ready = sandboxes.find((sandbox) => sandbox.state === 'SANDBOX_READY');
    if (ready !== undefined) return ready;
    if (!(await this.#mountVolumes(pod))) return undefined;
    await this.#context.runtime.runPodSandbox(sandboxConfig(pod, sandboxes.length));
    return (await this.#sandboxes()).find((sandbox) => sandbox.state === 'SANDBOX_READY');
  }

  async #mountVolumes(pod: Pod): Promise<boolean> {
    if (this.#volumesReady) return true;
    try {
      await ensureVolumes(this.#context.client, pod);
      this.#volumesReady = true;
      return true;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      this.#context.recordEvent(pod, 'Warning', 'FailedMount', error.message);
      this.#failures++;
      this.#wakeIn(Math.min(500 * 2 ** (this.#failures - 1), 122_000));
      return false;
    }
  }

  async #syncContainers(pod: Pod, sandbox: PodSandbox): Promise<void> {
    const initDone = await this.#syncInitContainers(pod, sandbox);
    if (!initDone) return;
    for (const container of pod.spec?.containers ?? []) await this.#syncContainer(pod, container, sandbox);
    await this.#startEphemeralContainers(pod, sandbox);
    await this.#stopSidecarsWhenDone(pod);
  }

  /** Each is started once; what has ended stays so (KEP-277). */
  async #startEphemeralContainers(pod: Pod, sandbox: PodSandbox): Promise<void> {
    const all = await this.#containers();
    for (const container of pod.spec?.ephemeralContainers ?? []) {
      const told = pod.status?.ephemeralContainerStatuses?.find(({ name }) => name === container.name);
      if (told?.containerID === undefined && latestAttempt(all, container.name) === undefined) {
        await this.#startContainer(pod, container, sandbox, undefined);
      }
    }
  }

  /** @returns whether the ordinary containers may start. */
  async #syncInitContainers(pod: Pod, sandbox: PodSandbox): Promise<boolean> {
    const all = await this.#containers();
    const started = (pod.spec?.containers ?? []).some((container) => latestAttempt(all, container.name) !== undefined);
    for (const container of pod.spec?.initContainers ?? []) {
      if (!isSidecar(container)) {
        const latest = latestAttempt(all, container.name);
        if (started || (latest?.state === 'CONTAINER_EXITED' && latest.exitCode === 0)) continue;
        await this.#syncContainer(pod, container, sandbox);
        return false;
      }
      await this.#syncContainer(pod, container, sandbox);
      if (!started && !this.#probes.isStarted(container.name)) return false;
    }
    return true;
  }

  async #stopSidecarsWhenDone(pod: Pod): Promise<void> {
    const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar);
    if (sidecars.length === 0) return;
    const all = await this.#containers();
    const done = (pod.spec?.containers ?? []).every((container) => {
      const latest = latestAttempt(all, container.name);
      return latest?.state === 'CONTAINER_EXITED' && !shouldRestart(pod, container, latest.exitCode);
    });
    if (!done) return;
    for (const container of sidecars) await this.#stopContainer(pod, latestAttempt(all, container.name), 30);
  }

  async #syncContainer(pod: Pod, container: Container, sandbox: PodSandbox): Promise<void> {
    const latest = latestAttempt(await this.#containers(), container.name);
    if (latest?.state === 'CONTAINER_RUNNING') {
      this.#probes.begin(pod, container, latest.id);
      return;
    }
    if (latest?.state === 'CONTAINER_EXITED') {
      this.#probes.end(container.name);
      const mayTryAgain =
        this.#unhealthy.has(latest.id) && (container.restartPolicy ?? pod.spec?.restartPolicy) !== 'Never';
      if (!mayTryAgain && !shouldRestart(pod, container, latest.exitCode)) return;
      if (this.#mustWait(pod, container, latest)) return;
    }
    await this.#startContainer(pod, container, sandbox, latest);
  }

  /** A container that ends again and again waits before it starts once more. */
  #mustWait(pod: Pod, container: Container, latest: ContainerStatus): boolean {
    const now = this.#context.clock.now();
    const wait = this.#backoff.waitOf(container.name, latest.finishedAt, now);
    if (wait === undefined) {
      this.#backoff.restarted(container.name, latest.finishedAt, now);
      return false;
    }
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const podName = `${name}_${namespace}(${uid})`;
    if (this.#waiting.get(container.name)?.reason !== 'CrashLoopBackOff') {
      const message = `Back-off restarting failed container ${container.name} in pod ${podName}`;
      this.#context.recordEvent(pod, 'Warning', 'BackOff', message, container.name);
    }
    this.#waiting.set(container.name, {
      reason: 'CrashLoopBackOff',
      message: `back-off ${formatDuration(wait.millis)} restarting failed container=${container.name} pod=${podName}`,
    });
    this.#wakeIn(wait.left);
    return true;
  }

  async #startContainer(
    pod: Pod,
    container: Container,
    sandbox: PodSandbox,
    latest: ContainerStatus | undefined,
  ): Promise<void> {
    const { runtime, client, hostIP } = this.#context;
    const delay = await this.#images.ensure(pod, container);
    if (delay !== undefined) {
      this.#waiting.set(container.name, { reason: delay.reason, message: delay.message });
      if (delay.again !== undefined) this.#wakeIn(delay.again);
      return;
    }
    const podIPs = sandbox.ips.length > 0 ? sandbox.ips : [hostIP];
    let envs;
    try {
      envs = await containerEnvironment(client, pod, container, { podIPs, hostIP });
    } catch (error) {
      if (!(error instanceof ContainerConfigError)) throw error;
      this.#waiting.set(container.name, { reason: error.reason, message: error.message });
      this.#context.recordEvent(pod, 'Warning', 'Failed', `Error: ${error.message}`, container.name);
      this.#wakeIn(10_000);
      return;
    }
    const isInit = (pod.spec?.initContainers ?? []).includes(container) && !isSidecar(container);
    const id = await runtime.createContainer(sandbox.id, {
      metadata: { name: container.name, attempt: this.#nextAttempt(pod, container, latest) },
      image: container.image ?? '',
      command: container.command ?? [],
      args: container.args ?? [],
      workingDir: container.workingDir ?? '',
      envs,
      stdin: container.stdin === true,
      stdinOnce: container.stdinOnce === true,
      tty: container.tty === true,
      labels: { 'io.kubernetes.container.name': container.name },
      // Nothing really runs: an init container has done its work at once.
      annotations: isInit ? { [exitAfterAnnotation]: '0' } : {},
    });
    this.#context.recordEvent(pod, 'Normal', 'Created', 'Container created', container.name);
    await runtime.startContainer(id);
    this.#context.recordEvent(pod, 'Normal', 'Started', 'Container started', container.name);
    this.#waiting.delete(container.name);
    this.#probes.begin(pod, container, id);
  }

  /** One more than the last start, also when the runtime has forgotten it (the node was restarted). */
  #nextAttempt(pod: Pod, container: Container, latest: ContainerStatus | undefined): number {
    if (latest !== undefined) return latest.metadata.attempt + 1;
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    const before = statuses.find((status) => status.name === container.name);
    return before?.containerID === undefined ? 0 : (before.restartCount ?? 0) + 1;
  }

  async #killUnhealthy(name: string, kind: 'startup' | 'liveness'): Promise<void> {
    const container = latestAttempt(await this.#containers(), name);
    const message = `Container ${name} failed ${kind} probe, will be restarted`;
    this.#context.recordEvent(this.#pod, 'Normal', 'Killing', message, name);
    if (container !== undefined) {
      this.#unhealthy.add(container.id);
      await this.#context.runtime.stopContainer(container.id, 30);
    }
    this.wake();
  }

  async #stopContainer(pod: Pod, container: ContainerStatus | undefined, graceSeconds: number): Promise<void> {
    if (container?.state !== 'CONTAINER_RUNNING') return;
    const { name } = container.metadata;
    if (!this.#reported.has(container.id)) {
      this.#reported.add(container.id);
      this.#context.recordEvent(pod, 'Normal', 'Killing', `Stopping container ${name}`, name);
    }
    this.#probes.end(name);
    await this.#context.runtime.stopContainer(container.id, graceSeconds);
  }

  async #stopEverything(pod: Pod): Promise<void> {
    const grace = pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
    for (const container of await this.#containers()) await this.#stopContainer(pod, container, grace);
    for (const sandbox of await this.#sandboxes()) await this.#context.runtime.stopPodSandbox(sandbox.id);
    this.#probes.endAll();
  }

  /** A deleted pod: everything stops, the last status is told, then the object is removed for good. */
  async #terminate(pod: Pod): Promise<void> {
    await this.#stopEverything(pod);
    if (!isTerminal(pod)) await this.#report(pod, true);
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    try {
      await this.#context.client
        .resource(podsResource, namespace)
        .delete(name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
    }
    if ((pod.metadata.finalizers ?? []).length === 0) this.#done = true;
  }

  /** Tells how it stands. */
  async #report(pod: Pod, isLast = false): Promise<void> {
    const sandboxes = await this.#sandboxes();
    const current = generatePodStatus(
      pod,
      {
        sandbox: sandboxes.find((sandbox) => sandbox.state === 'SANDBOX_READY') ?? sandboxes.at(-1),
        containers: await this.#containers(),
        waiting: this.#waiting,
        isStarted: (container) => this.#probes.isStarted(container),
        isReady: (container) => this.#probes.isReady(container),
      },
      { hostIP: this.#context.hostIP },
      this.#context.clock.now(),
    );
    await this.#write(pod, isLast ? finalStatus(pod, current) : current);
  }

  /** Writes a status when it differs from what the API has. */
  async #write(pod: Pod, status: PodStatus): Promise<void> {
    if (equalJson(status, this.#pod.status ?? {})) return;
    this.#isWriting = true;
    try {
      const written = await writePodStatus(this.#context.client, this.#pod, status);
      if (versionOf(this.#pod) > versionOf(written)) this.wake();
      else this.#pod = written;
    } catch (error) {
      if (this.#pod !== pod) this.wake();
      if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
    } finally {
      this.#isWriting = false;
    }
  }
}
