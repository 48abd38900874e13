import type { Pod, PodStatus } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Timer } from '../../system/clock.ts';
import { type PodSandbox, RuntimeError } from '../cri/runtime.ts';
import { isCleanedUp, mustRestartAll } from './all-containers-restart.ts';
import { isCritical, type Rejection } from './pod-admission.ts';
import { PodAllocation } from './pod-allocation.ts';
import { PodContainers } from './pod-containers.ts';
import { cgroupTexts } from '../cri/simulation/cgroup-files.ts';
import { podCgroup, podLinuxResources } from './pod-level-resources.ts';
import { limitsOf } from './downward-fields.ts';
import { finalStatus } from './pod-phase.ts';
import { hasStorageLimit, storageExcess } from './local-storage-eviction.ts';
import { HostnameError } from './pod-hostname.ts';
import { failureText, runtimeHandlerOf, sandboxConfig } from './pod-sandbox.ts';
import { generatePodStatus, isTerminal, rejectedStatus } from './pod-status.ts';
import { versionOf, writePodStatus } from './pod-status-writer.ts';
import { checkPullSecrets } from './pod-images.ts';
import { PodVolumes, VolumeError } from './pod-volumes.ts';
import type { PodWorkerContext } from './pod-worker-context.ts';

/** What pods get to end that leave at once. */
const evictionGraceSeconds = 1;
/** How often it is tried again to lower limits. */
const resizeRetryMillis = 60_000;
const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/**
 * Brings one pod from what its spec says to what runs, one step after the other: sandbox, volumes, init containers,
 * containers, and back down when it is deleted. There is one worker a pod; it never runs twice at once.
 */
export class PodWorker {
  readonly #context: PodWorkerContext;
  readonly #containers: PodContainers;
  readonly #allocation: PodAllocation;
  readonly #volumes: PodVolumes;
  #admit: (() => Promise<Rejection | undefined>) | undefined;
  #rejection: Rejection | undefined;
  #pod: Pod;
  #running = false;
  #again = false;
  #stopped = false;
  #done = false;
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #refresh: Timer | undefined;
  #idle: Promise<void> = Promise.resolve();
  #isWriting = false;
  /** The versions that came while a status was on its way. */
  #seenMeanwhile: number[] = [];
  #failures = 0;
  #isStopping = false;
  /** Why the pod has to leave the node. */
  #eviction: string | undefined;
  /** Statuses that are told while containers end. */
  #reports: Promise<void> = Promise.resolve();

  /** @param admit whether the node takes the pod; asked once, before anything is done for it */
  constructor(context: PodWorkerContext, pod: Pod, admit: () => Promise<Rejection | undefined>) {
    this.#admit = admit;
    this.#allocation = new PodAllocation(pod);
    this.#context = context;
    this.#pod = pod;
    this.#volumes = new PodVolumes(context);
    this.#containers = new PodContainers(context, {
      pod: () => this.#pod,
      wake: () => this.wake(),
      wakeIn: (millis) => this.#wakeIn(millis),
      readinessChanged: () => this.#readinessChanged(),
      volumes: this.#volumes,
    });
  }

  /** The pod as it is known here, with the status that was told last. */
  get pod(): Pod {
    return this.#pod;
  }

  /** The pod with the resources that it has here, whatever it asks for by now. */
  get allocated(): Pod {
    return this.#allocation.allocated(this.#pod);
  }

  /** Where a volume of the pod is on the node; undefined when it has no such. */
  volumePath(name: string): string | undefined {
    return this.#volumes.pathOf(name);
  }

  /** Since when the pod waits for the resources that it asks for; undefined when it does not. */
  get resizePendingSince(): string | undefined {
    return this.#allocation.pending?.lastTransitionTime;
  }

  /** Looks again whether there is room now for what the pod asks for; nothing to do when it has it. */
  retryResize(): void {
    if (this.#allocation.pending !== undefined) this.wake();
  }

  /** A config map or secret has changed. */
  sourceChanged(kind: 'configmap' | 'secret', name: string): void {
    if (this.#volumes.sourceChanged(this.#pod, kind, name)) this.wake();
  }

  /** Has the pod leave when it has more on the disk of its node than it may. */
  async checkStorage(): Promise<void> {
    if (this.#eviction !== undefined || isTerminal(this.#pod) || !hasStorageLimit(this.#pod)) return;
    const pod = this.#pod;
    const used = await this.#containers.diskUsage();
    const excess = storageExcess(pod, {
      container: (name) => used.get(name) ?? 0,
      volume: (name) => this.#context.files.usage(this.#volumes.pathOf(name) ?? ''),
    });
    if (excess === undefined || isCritical(pod)) return;
    this.#eviction = excess;
    this.#context.recordEvent(pod, 'Warning', 'Evicted', excess);
    this.wake();
  }

  /** A newer version of the pod. */
  update(pod: Pod): void {
    const isOwnWrite = pod.metadata.resourceVersion === this.#pod.metadata.resourceVersion;
    this.#pod = pod;
    // While a status is on its way, whether this is more than its echo is seen when the answer is there.
    if (this.#isWriting) this.#seenMeanwhile.push(versionOf(pod));
    else if (!isOwnWrite) this.wake();
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
    this.#refresh?.cancel();
    this.#containers.endProbes();
    await this.#idle;
  }

  /** The pod is gone from the API: everything of it is removed from the runtime. */
  async remove(): Promise<void> {
    await this.stop();
    for (const sandbox of await this.#containers.sandboxes()) await this.#context.runtime.removePodSandbox(sandbox.id);
    this.#volumes.remove(this.#pod);
    this.#context.files.remove(podCgroup(this.allocated));
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
    if (this.#eviction !== undefined) {
      await this.#stopEverything(pod, evictionGraceSeconds);
      const status = { ...pod.status, phase: 'Failed', reason: 'Evicted', message: this.#eviction };
      await this.#report({ ...pod, status });
      return;
    }
    this.#admit = undefined;
    await this.#resize(pod);
    const sandbox = await this.#ensureSandbox(pod);
    this.#writeCgroup();
    const mayStart = await this.#restartAll(pod);
    if (sandbox !== undefined && mayStart) await this.#containers.sync(this.#latestOf(pod), sandbox);
    await this.#report(this.#latestOf(pod));
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

  /** Gives the containers what they ask for by now. */
  async #resize(pod: Pod): Promise<void> {
    const { rejects, recordEvent, resized, clock } = this.#context;
    const isChanged = this.#allocation.isChanged(pod);
    const usage = isChanged ? await this.#containers.memoryUsage() : undefined;
    const { events, restarts } = this.#allocation.resize(pod, rejects, clock.now(), usage);
    // They may use less by then.
    if (this.#allocation.failed !== undefined) this.#wakeIn(resizeRetryMillis);
    for (const { type, reason, message } of events) recordEvent(pod, type, reason, message);
    if (isChanged && !this.#allocation.isChanged(pod)) resized();
    await this.#containers.restart(pod, restarts);
  }

  /** What the kernel would hold the pod as a whole to. */
  #writeCgroup(): void {
    const { files } = this.#context;
    const pod = this.allocated;
    const folder = podCgroup(pod);
    files.makeFolder(folder);
    for (const [name, text] of cgroupTexts(podLinuxResources(pod))) {
      files.writeFile(`${folder}/${name}`, Buffer.from(`${text}\n`));
    }
  }

  /** Has all containers start anew where a rule of one that ended wants that. @returns whether containers may start */
  async #restartAll(pod: Pod): Promise<boolean> {
    const all = await this.#containers.list();
    if (!mustRestartAll(pod, all)) return true;
    if (!isCleanedUp(pod, all)) {
      await this.#report(pod);
      await this.#containers.reset(pod);
    }
    await this.#report(this.#latestOf(pod));
    // What could not be told would begin it once more.
    const isTold = !mustRestartAll(this.#latestOf(pod), []);
    if (!isTold) this.#wakeIn(500);
    return isTold;
  }

  /** The pod as it is worked on, with the status that was written last. */
  #latestOf(pod: Pod): Pod {
    if (this.#pod.metadata.generation === pod.metadata.generation) return this.#pod;
    return { ...pod, status: this.#pod.status ?? {} };
  }

  async #reject(pod: Pod, { reason, message }: Rejection): Promise<void> {
    if (this.#admit !== undefined) this.#context.recordEvent(pod, 'Warning', reason, message);
    this.#admit = undefined;
    const { clock } = this.#context;
    await this.#write(pod, rejectedStatus(pod, reason, `Pod was rejected: ${message}`, clock.now()));
  }

  /** The pod's running sandbox, made when there is none; undefined while its volumes are not ready. */
  async #ensureSandbox(pod: Pod): Promise<PodSandbox | undefined> {
    const sandboxes = await this.#containers.sandboxes();
    const ready = sandboxes.find((sandbox) => sandbox.state === 'SANDBOX_READY');
    const mounted = await this.#mountVolumes(pod, ready);
    if (mounted || ready !== undefined) checkPullSecrets(pod, this.#context);
    if (ready !== undefined) return ready;
    if (!mounted) return undefined;
    const { runtime, client, dns, recordEvent, userNamespaces, starts } = this.#context;
    starts.pod(pod);
    try {
      const handler = await runtimeHandlerOf(client, pod);
      await runtime.runPodSandbox(sandboxConfig(pod, sandboxes.length, dns, handler, userNamespaces.of(pod)));
    } catch (error) {
      if (!(error instanceof HostnameError) && !(error instanceof RuntimeError)) throw error;
      starts.podFailed(pod);
      recordEvent(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${failureText(error)}`);
      this.#wakeAfterFailure();
      return undefined;
    }
    return (await this.#containers.sandboxes()).find((sandbox) => sandbox.state === 'SANDBOX_READY');
  }

  async #mountVolumes(pod: Pod, sandbox: PodSandbox | undefined): Promise<boolean> {
    const { hostIP, allocatable, recordEvent } = this.#context;
    const podIPs = sandbox === undefined || sandbox.ips.length === 0 ? [hostIP] : sandbox.ips;
    try {
      await this.#volumes.sync(pod, { hostIP, podIPs, allocatable: limitsOf(pod, allocatable()) });
      if (Number.isFinite(this.#volumes.refreshMillis)) this.#refreshIn(this.#volumes.refreshMillis);
      return true;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      recordEvent(pod, 'Warning', error.reason, error.message);
      this.#wakeAfterFailure();
      return false;
    }
  }

  /** Tries again, later each time. */
  #wakeAfterFailure(): void {
    this.#failures++;
    this.#wakeIn(Math.min(500 * 2 ** (this.#failures - 1), 122_000));
  }

  /** Files that get old are made anew. */
  #refreshIn(millis: number): void {
    this.#refresh?.cancel();
    this.#refresh = this.#context.clock.setTimer(() => this.wake(), Math.max(1000, millis), { unref: true });
  }

  async #stopEverything(pod: Pod, graceSeconds?: number): Promise<void> {
    this.#isStopping = true;
    try {
      await this.#containers.stopAll(pod, graceSeconds);
    } finally {
      this.#isStopping = false;
      await this.#reports;
    }
    for (const sandbox of await this.#containers.sandboxes()) await this.#context.runtime.stopPodSandbox(sandbox.id);
  }

  /** Services learn at once of a pod that is ready no more, also while it takes its time to end. */
  #readinessChanged(): void {
    if (!this.#isStopping) {
      this.wake();
      return;
    }
    this.#reports = this.#reports
      .then(() => this.#report(this.#pod))
      .catch((error: unknown) => this.#context.log.warn('pod status not told', { error: String(error) }));
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
    const sandboxes = await this.#containers.sandboxes();
    const current = generatePodStatus(
      this.#allocation.allocated(pod),
      {
        resizing: this.#allocation.pending ?? this.#allocation.failed,
        accepted: this.#allocation.failed === undefined ? undefined : pod,
        sandbox: sandboxes.find((sandbox) => sandbox.state === 'SANDBOX_READY') ?? sandboxes.at(-1),
        containers: await this.#containers.list(),
        waiting: this.#containers.waiting,
        isStarted: (container) => this.#containers.probes.isStarted(container),
        isReady: (container) => this.#containers.probes.isReady(container),
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
    this.#seenMeanwhile = [];
    try {
      const written = await writePodStatus(this.#context.client, this.#pod, status);
      // Also one that was overtaken by what was written says something new.
      if (this.#seenMeanwhile.some((version) => version !== versionOf(written))) this.wake();
      if (versionOf(this.#pod) <= versionOf(written)) this.#pod = written;
    } catch (error) {
      if (this.#pod !== pod) this.wake();
      if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
    } finally {
      this.#isWriting = false;
    }
  }
}
