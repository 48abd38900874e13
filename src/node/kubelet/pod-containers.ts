import type { Container, Pod } from '../../api/types/core-v1.ts';
import { formatDuration } from '../../apimachinery/duration.ts';
import type { ContainerStatus, LinuxResources, PodSandbox } from '../cri/runtime.ts';
import { exitAfterAnnotation } from '../cri/simulated-runtime.ts';
import { resetOrder } from './all-containers-restart.ts';
import { ContainerConfigError, containerEnvironment, expandVariables } from './container-environment.ts';
import { backoffKey, containerOf, killingMessage, probeGraceSeconds } from './container-endings.ts';
import { startCreated } from './container-start.ts';
import { containerMounts } from './container-mounts.ts';
import { checkNonRoot, containerUser, isSeccompFiltered } from './container-user.ts';
import { limitsOf } from './downward-fields.ts';
import { linuxResources } from './linux-resources.ts';
import { runHook } from './lifecycle-hooks.ts';
import { PodImages, type Waiting } from './pod-images.ts';
import { isSidecar, shouldRestart } from './pod-phase.ts';
import { latestAttempt } from './pod-status.ts';
import type { PodVolumes } from './pod-volumes.ts';
import type { PodWorkerContext } from './pod-worker-context.ts';
import { PodProbes, probeTitle } from './prober.ts';
import { RestartBackoff } from './restart-backoff.ts';
import { terminationMessage } from './termination-message.ts';

/** Whose containers they are. */
export interface ContainersOwner {
  readonly pod: () => Pod;
  /** Looks at the pod again. */
  readonly wake: () => void;
  readonly wakeIn: (millis: number) => void;
  /** A probe says something else of a container than before. */
  readonly readinessChanged: () => void;
  readonly volumes: PodVolumes;
}

/** The containers of one pod: their images, probes, restarts and what they wait for. */
export class PodContainers {
  readonly probes: PodProbes;
  /** Why containers are not started yet, by name. */
  readonly waiting = new Map<string, Waiting>();
  readonly #context: PodWorkerContext;
  readonly #owner: ContainersOwner;
  readonly #images: PodImages;
  readonly #backoff = new RestartBackoff();
  readonly #reported = new Set<string>();
  /** Ids of containers that were ended because a probe failed. */
  readonly #unhealthy = new Set<string>();
  /** Ids of containers that were ended to start anew, of another image or with other resources. */
  readonly #toRestart = new Set<string>();
  /** The last words of those that ended, by id. */
  readonly #messages = new Map<string, string>();

  constructor(context: PodWorkerContext, owner: ContainersOwner) {
    this.#context = context;
    this.#owner = owner;
    this.#images = new PodImages(context);
    this.probes = new PodProbes(context.prober, context.clock, {
      onChange: () => owner.readinessChanged(),
      onUnhealthy: (container, kind) => void this.#killUnhealthy(container, kind),
      onResult: ({ name }, kind, ok) => context.countProbe({ pod: owner.pod(), container: name, kind, ok }),
      onFailure: (container, kind, output) => {
        const text = `${probeTitle(kind)} probe failed: ${output}`;
        context.recordEvent(owner.pod(), 'Warning', 'Unhealthy', text, container.name);
      },
      onWarning: (container, kind, output) => {
        const text = `${probeTitle(kind)} probe warning: ${output}`;
        context.recordEvent(owner.pod(), 'Warning', 'ProbeWarning', text, container.name);
      },
    });
  }

  /** The pod's sandboxes, also those that were stopped. */
  async sandboxes(): Promise<readonly PodSandbox[]> {
    return this.#context.runtime.listPodSandbox({ podUid: this.#owner.pod().metadata.uid ?? '' });
  }

  /** All attempts of all containers, as the runtime has them. */
  async list(): Promise<readonly ContainerStatus[]> {
    const all: ContainerStatus[] = [];
    for (const sandbox of await this.sandboxes()) {
      for (const status of await this.#context.runtime.listContainers({ podSandboxId: sandbox.id })) {
        all.push(status.state === 'CONTAINER_EXITED' ? { ...status, message: await this.#messageOf(status) } : status);
      }
    }
    return all;
  }

  async #messageOf(status: ContainerStatus): Promise<string> {
    const known = this.#messages.get(status.id);
    if (known !== undefined) return known;
    const message = await terminationMessage(this.#owner.pod(), status, this.#context);
    this.#messages.set(status.id, message);
    this.#context.countTermination(kindOf(this.#owner.pod(), status.metadata.name), status);
    return message;
  }

  /** Brings the containers of a pod to what its spec says: first those that come before the others. */
  async sync(pod: Pod, sandbox: PodSandbox): Promise<void> {
    const initDone = await this.#syncInitContainers(pod, sandbox);
    if (!initDone) return;
    for (const container of pod.spec?.containers ?? []) await this.#syncContainer(pod, container, sandbox);
    await this.#startEphemeralContainers(pod, sandbox);
    await this.#stopSidecarsWhenDone(pod);
  }

  /** Each is started once; what has ended stays so (KEP-277). */
  async #startEphemeralContainers(pod: Pod, sandbox: PodSandbox): Promise<void> {
    const all = await this.list();
    for (const container of pod.spec?.ephemeralContainers ?? []) {
      const told = pod.status?.ephemeralContainerStatuses?.find(({ name }) => name === container.name);
      if (told?.containerID === undefined && latestAttempt(all, container.name) === undefined) {
        await this.#startContainer(pod, container, sandbox, undefined);
      }
    }
  }

  /** @returns whether the ordinary containers may start. */
  async #syncInitContainers(pod: Pod, sandbox: PodSandbox): Promise<boolean> {
    const all = await this.list();
    const started = (pod.spec?.containers ?? []).some((container) => latestAttempt(all, container.name) !== undefined);
    for (const container of pod.spec?.initContainers ?? []) {
      if (!isSidecar(container)) {
        const latest = latestAttempt(all, container.name);
        if (started || (latest?.state === 'CONTAINER_EXITED' && latest.exitCode === 0)) continue;
        await this.#syncContainer(pod, container, sandbox);
        return false;
      }
      await this.#syncContainer(pod, container, sandbox);
      if (!started && !this.probes.isStarted(container.name)) return false;
    }
    return true;
  }

  async #stopSidecarsWhenDone(pod: Pod): Promise<void> {
    const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar);
    if (sidecars.length === 0) return;
    const all = await this.list();
    const done = (pod.spec?.containers ?? []).every((container) => {
      const latest = latestAttempt(all, container.name);
      return latest?.state === 'CONTAINER_EXITED' && !shouldRestart(pod, container, latest.exitCode);
    });
    if (!done) return;
    for (const container of sidecars) await this.#stopContainer(pod, latestAttempt(all, container.name), 30);
  }

  async #syncContainer(pod: Pod, container: Container, sandbox: PodSandbox): Promise<void> {
    let latest = latestAttempt(await this.list(), container.name);
    if (latest?.state === 'CONTAINER_RUNNING' && latest.image !== container.image) {
      this.#toRestart.add(latest.id);
      const grace = pod.spec?.terminationGracePeriodSeconds ?? 30;
      await this.#stopContainer(pod, latest, grace, killingMessage(pod, container, 'definition changed'));
      latest = latestAttempt(await this.list(), container.name);
    }
    if (latest?.state === 'CONTAINER_RUNNING') {
      this.probes.begin(this.#owner.pod, container, latest.id);
      await this.#context.runtime.updateContainerResources(latest.id, this.#resources(pod, container));
      return;
    }
    if (latest?.state === 'CONTAINER_EXITED') {
      this.probes.end(container.name);
      const mayTryAgain =
        this.#unhealthy.has(latest.id) && (container.restartPolicy ?? pod.spec?.restartPolicy) !== 'Never';
      const isChanged = this.#toRestart.has(latest.id);
      if (!isChanged && !mayTryAgain && !shouldRestart(pod, container, latest.exitCode)) return;
      if (this.#mustWait(pod, container, latest)) return;
    }
    await this.#startContainer(pod, container, sandbox, latest);
  }

  /** A container that ends again and again waits before it starts once more. */
  #mustWait(pod: Pod, container: Container, latest: ContainerStatus): boolean {
    const now = this.#context.clock.now();
    const key = backoffKey(container);
    const wait = this.#backoff.waitOf(key, latest.finishedAt, now);
    if (wait === undefined) {
      this.#backoff.restarted(key, latest.finishedAt, now);
      return false;
    }
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const podName = `${name}_${namespace}(${uid})`;
    if (this.waiting.get(container.name)?.reason !== 'CrashLoopBackOff') {
      const message = `Back-off restarting failed container ${container.name} in pod ${podName}`;
      this.#context.recordEvent(pod, 'Warning', 'BackOff', message, container.name);
    }
    this.waiting.set(container.name, {
      reason: 'CrashLoopBackOff',
      message: `back-off ${formatDuration(wait.millis)} restarting failed container=${container.name} pod=${podName}`,
    });
    this.#owner.wakeIn(wait.left);
    return true;
  }

  async #startContainer(
    pod: Pod,
    container: Container,
    sandbox: PodSandbox,
    latest: ContainerStatus | undefined,
  ): Promise<void> {
    const { runtime, client, hostIP, starts } = this.#context;
    const kind = kindOf(pod, container.name);
    starts.container(kind);
    const delay = await this.#images.ensure(pod, container);
    if (delay !== undefined) {
      starts.containerFailed(pod, kind, delay.reason);
      this.waiting.set(container.name, { reason: delay.reason, message: delay.message });
      if (delay.again !== undefined) this.#owner.wakeIn(delay.again);
      return;
    }
    const podIPs = sandbox.ips.length > 0 ? sandbox.ips : [hostIP];
    const { allocatable, services, files } = this.#context;
    const pathOf = (volume: string): string | undefined => this.#owner.volumes.pathOf(volume);
    const facts = { podIPs, hostIP, allocatable: limitsOf(pod, allocatable()), services: services(), files, pathOf };
    const attempt = this.#nextAttempt(pod, container, latest);
    let envs;
    let mounts;
    let words: (given: readonly string[] | undefined) => string[];
    const image = await runtime.imageStatus(container.image ?? '');
    try {
      checkNonRoot(pod, container, image?.uid);
      envs = await containerEnvironment(client, pod, container, facts);
      const env = new Map(envs.map(({ key, value }) => [key, value]));
      words = (given = []) => given.map((word) => expandVariables(word, env));
      mounts = containerMounts(pod, container, attempt, { files, pathOf, env, podIPs });
    } catch (error) {
      if (!(error instanceof ContainerConfigError)) throw error;
      starts.containerFailed(pod, kind, error.reason);
      this.waiting.set(container.name, { reason: error.reason, message: error.message });
      this.#context.recordEvent(pod, 'Warning', 'Failed', `Error: ${error.message}`, container.name);
      this.#owner.wakeIn(10_000);
      return;
    }
    const isInit = (pod.spec?.initContainers ?? []).includes(container) && !isSidecar(container);
    const id = await runtime.createContainer(sandbox.id, {
      metadata: { name: container.name, attempt },
      image: container.image ?? '',
      command: words(container.command),
      args: words(container.args),
      workingDir: container.workingDir ?? '',
      envs,
      stdin: container.stdin === true,
      stdinOnce: container.stdinOnce === true,
      tty: container.tty === true,
      mounts,
      user: containerUser(pod, container, image?.uid),
      resources: this.#resources(pod, container),
      privileged: container.securityContext?.privileged === true,
      addedCapabilities: container.securityContext?.capabilities?.add ?? [],
      noNewPrivileges: container.securityContext?.allowPrivilegeEscalation === false,
      isSeccompFiltered: isSeccompFiltered(pod, container),
      readonlyRootfs: container.securityContext?.readOnlyRootFilesystem === true,
      labels: { 'io.kubernetes.container.name': container.name },
      // Nothing really runs: an init container has done its work at once.
      annotations: isInit ? { [exitAfterAnnotation]: '0' } : {},
    });
    this.#context.recordEvent(pod, 'Normal', 'Created', 'Container created', container.name);
    if (!(await startCreated(this.#context, { pod, container, containerId: id }, this.waiting))) {
      starts.containerFailed(pod, kind, 'RunContainerError');
      this.#owner.wake();
      return;
    }
    if (!(await this.#afterStart(pod, container, id, podIPs[0] ?? hostIP))) return;
    this.probes.begin(this.#owner.pod, container, id);
  }

  #resources(pod: Pod, container: Container): LinuxResources {
    return linuxResources(pod, container, this.#context.memoryBytes);
  }

  /** The postStart hook; a container whose hook fails is ended. @returns whether the container goes on */
  async #afterStart(pod: Pod, container: Container, containerId: string, podIP: string): Promise<boolean> {
    const hook = container.lifecycle?.postStart;
    if (hook === undefined) return true;
    const { ok, output } = await runHook(this.#context, { pod, container, containerId, podIP }, hook, 0);
    if (ok) return true;
    const why = output === '' ? '' : `: ${output}`;
    this.#context.recordEvent(pod, 'Warning', 'FailedPostStartHook', `PostStartHook failed${why}`, container.name);
    this.#unhealthy.add(containerId);
    this.#context.recordEvent(pod, 'Normal', 'Killing', 'FailedPostStartHook', container.name);
    await this.#context.runtime.stopContainer(containerId, pod.spec?.terminationGracePeriodSeconds ?? 30);
    this.#owner.wake();
    return false;
  }

  /** The preStop hook. @returns how many seconds are left for the container to end */
  async #beforeStop(pod: Pod, container: Container, containerId: string, graceSeconds: number): Promise<number> {
    const hook = container.lifecycle?.preStop;
    if (hook === undefined || graceSeconds <= 0) return graceSeconds;
    const begun = this.#context.clock.now();
    const target = { pod, container, containerId, podIP: pod.status?.podIP ?? '' };
    const { ok } = await runHook(this.#context, target, hook, graceSeconds);
    if (!ok) this.#context.recordEvent(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', container.name);
    return Math.max(2, graceSeconds - (this.#context.clock.now() - begun) / 1000);
  }

  /** One more than the last start, also when the runtime has forgotten it (the node was restarted). */
  #nextAttempt(pod: Pod, container: Container, latest: ContainerStatus | undefined): number {
    if (latest !== undefined) return latest.metadata.attempt + 1;
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    const before = statuses.find((status) => status.name === container.name);
    return (before?.restartCount ?? 0) + (before?.containerID === undefined ? 0 : 1);
  }

  async #killUnhealthy(name: string, kind: 'startup' | 'liveness'): Promise<void> {
    const pod = this.#owner.pod();
    const container = containerOf(pod, name);
    const latest = latestAttempt(await this.list(), name);
    if (container !== undefined && latest !== undefined) {
      this.#unhealthy.add(latest.id);
      const message = killingMessage(pod, container, `failed ${kind} probe`);
      await this.#stopContainer(pod, latest, probeGraceSeconds(pod, container, kind), message);
    }
    this.#owner.wake();
  }

  /** Ends one that runs, after its preStop hook. @param message what is told of it, once */
  async #stopContainer(
    pod: Pod,
    container: ContainerStatus | undefined,
    graceSeconds: number,
    message?: string,
  ): Promise<void> {
    if (container?.state !== 'CONTAINER_RUNNING') return;
    const { name } = container.metadata;
    if (!this.#reported.has(container.id)) {
      this.#reported.add(container.id);
      this.#context.recordEvent(pod, 'Normal', 'Killing', message ?? `Stopping container ${name}`, name);
    }
    this.probes.endChecks(name);
    const spec = containerOf(pod, name);
    const left = spec === undefined ? graceSeconds : await this.#beforeStop(pod, spec, container.id, graceSeconds);
    await this.#context.runtime.stopContainer(container.id, left);
    this.probes.end(name);
  }

  /** Ends containers so that they start anew with other resources. */
  async restart(pod: Pod, containers: readonly Container[]): Promise<void> {
    if (containers.length === 0) return;
    const all = await this.list();
    for (const { name } of containers) {
      const latest = latestAttempt(all, name);
      if (latest?.state !== 'CONTAINER_RUNNING') continue;
      this.#toRestart.add(latest.id);
      const grace = pod.spec?.terminationGracePeriodSeconds ?? 30;
      await this.#stopContainer(pod, latest, grace, `Container ${name} resize requires restart`);
    }
  }

  /** Removes all of them, what runs at once, so that the pod begins anew in its sandbox. */
  async reset(pod: Pod): Promise<void> {
    const { runtime, recordEvent } = this.#context;
    for (const { id, state, metadata } of resetOrder(pod, await this.list())) {
      if (state === 'CONTAINER_RUNNING') {
        recordEvent(pod, 'Normal', 'Killing', 'killing', metadata.name);
        await runtime.stopContainer(id, 2);
      }
      this.probes.end(metadata.name);
      this.waiting.delete(metadata.name);
      await runtime.removeContainer(id);
    }
  }

  /** How many bytes of memory each running container uses, by its name. */
  async memoryUsage(): Promise<ReadonlyMap<string, number>> {
    const used = new Map<string, number>();
    for (const { id, metadata, state } of await this.list()) {
      if (state === 'CONTAINER_RUNNING') {
        used.set(metadata.name, (await this.#context.runtime.containerStats(id)).memoryBytes);
      }
    }
    return used;
  }

  /** How many bytes each container has on the disk, by its name. */
  async diskUsage(): Promise<ReadonlyMap<string, number>> {
    const used = new Map<string, number>();
    for (const { id, metadata } of await this.list()) {
      const { writableLayerBytes, logBytes } = await this.#context.runtime.containerStats(id);
      used.set(metadata.name, (used.get(metadata.name) ?? 0) + writableLayerBytes + logBytes);
    }
    return used;
  }

  /** Ends all of them. @param graceSeconds what they get; as their pod says when absent */
  async stopAll(pod: Pod, graceSeconds?: number): Promise<void> {
    const grace =
      graceSeconds ?? pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
    const all = await this.list();
    const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
    const isLast = ({ metadata }: ContainerStatus): boolean => sidecars.includes(metadata.name);
    await Promise.all(all.filter((one) => !isLast(one)).map((one) => this.#stopContainer(pod, one, grace)));
    // Sidecars go when the others are gone, the last one first.
    for (const name of sidecars.toReversed()) await this.#stopContainer(pod, latestAttempt(all, name), grace);
    this.probes.endAll();
  }

  /** No probe runs any more. */
  endProbes(): void {
    this.probes.endAll();
  }
}

/** What kind of container a name is of, as metrics have it. */
function kindOf({ spec }: Pod, name: string): string {
  if (spec?.initContainers?.some((container) => container.name === name) === true) return 'init_container';
  const isEphemeral = spec?.ephemeralContainers?.some((container) => container.name === name) === true;
  return isEphemeral ? 'ephemeral_container' : 'container';
}
