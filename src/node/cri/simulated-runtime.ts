import type { Duplex } from 'node:stream';
import { parseQuantity, QuantityError } from '../../apimachinery/quantity.ts';
import type { Clock, Timer } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';
import type { NetworkPlugin } from '../cni/network-plugin.ts';
import { findPlaces, type MessageProtocol, type NetworkTarget } from './pod-place.ts';
import {
  RuntimeError,
  type ByteSink,
  type ContainerConfig,
  type ContainerEvent,
  type ContainerLog,
  type ContainerStats,
  type ContainerStatus,
  type DnsConfig,
  type ExecRequest,
  type ExecSyncResult,
  type Image,
  type ImageService,
  type LinuxResources,
  type PodSandbox,
  type ProcessStreams,
  type RegistryLogin,
  type RuntimeService,
  type UserNamespace,
} from './runtime.ts';
import { ContainerProcess } from './simulation/container-process.ts';
import { connectionPair } from './connection-pair.ts';
import { MemoryFiles } from './simulation/memory-files.ts';
import { killedExitCode, type Program } from './simulation/process-context.ts';
import { PortServer } from './simulation/port-server.ts';
import { SimulatedImages } from './simulation/simulated-images.ts';

/** Annotation of a pod, or of one container's config: seconds after which it ends by itself. */
export const exitAfterAnnotation = 'simulation.kubectl-ts.dev/exit-after-seconds';
/** Annotation beside it: the exit code it ends with. */
export const exitCodeAnnotation = 'simulation.kubectl-ts.dev/exit-code';
/** Annotation of a pod: processors that each of its containers keeps busy (`250m`), beside what its programs use. */
export const cpuUsageAnnotation = 'simulation.kubectl-ts.dev/cpu-usage';
/** The same for memory (`64Mi`). */
export const memoryUsageAnnotation = 'simulation.kubectl-ts.dev/memory-usage';

/** The usual one by its names, and the one that clusters of Kubernetes' tests have beside it. */
const runtimeHandlers = new Set(['', 'runc', 'simulated', 'test-handler']);

/** What containerd tells of a command that cannot be started, and the exit code that the container has then. */
const startFailure =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ' +
  'unable to start container process: error during container init';
const startErrorCode = 128;

/** Pods of a Job end by themselves; others run until they are stopped. */
const jobNameLabel = 'batch.kubernetes.io/job-name';
const jobSeconds = 1;

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: NetworkPlugin;
  /** The node's files; of its own when absent. */
  readonly files?: MemoryFiles;
  /** How programs reach ports of pods. @throws Error when nothing listens there */
  readonly dial?: (address: string, port: number, from: string) => Promise<Duplex>;
  /** How programs send datagrams to ports of pods, and get what comes back. */
  readonly sendDatagram?: (
    address: string,
    port: number,
    payload: Uint8Array,
    from: string,
    protocol?: MessageProtocol,
  ) => Promise<Uint8Array | undefined>;
  /** The node's address, which pods of the host's network have. */
  readonly hostIP?: string;
  /** What of the node itself listens on its loopback addresses; undefined when nothing does. */
  readonly dialHost?: (port: number) => Promise<Duplex | undefined>;
  /** Programs of known images that are not built in, by their path: they need more than what a process sees. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** How long a pull takes. */
  readonly pullMillis?: number;
  /** How many processors the node has, which containers share; without an end when absent. */
  readonly processors?: number;
}

type MutableContainer = { -readonly [Key in keyof ContainerStatus]: ContainerStatus[Key] } & {
  readonly annotations: Readonly<Record<string, string>>;
  readonly process: ContainerProcess;
  timer?: Timer;
};

interface SandboxEntry {
  sandbox: PodSandbox;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly dnsConfig: DnsConfig;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly userNamespace: UserNamespace | undefined;
  readonly server: PortServer;
}

/**
 * A container runtime that runs nothing: sandboxes and containers go through the states of a real one, with addresses
 * of the network plugin and images that can always be had (but for registries with `invalid` in their host name and
 * repositories and tags like `nonexistent` or `404`, so that ErrImagePull can be seen). Containers run until they are stopped; those of a Job, and those whose pod carries the
 * annotation above, end by themselves. What they use is what their programs say that they would, and annotations. A few commands are built in (see simulation/programs.ts) and do what they say on
 * a small file system in memory; for all others the log says what would run.
 */
export function createSimulatedRuntime(options: SimulatedRuntimeOptions): RuntimeService & ImageService {
  return new SimulatedRuntime(options);
}

class SimulatedRuntime implements RuntimeService, ImageService {
  readonly #options: SimulatedRuntimeOptions;
  readonly #sandboxes = new Map<string, SandboxEntry>();
  readonly #containers = new Map<string, MutableContainer>();
  readonly #images: SimulatedImages;
  readonly #listeners = new Set<(event: ContainerEvent) => void>();

  readonly #files: MemoryFiles;

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options;
    const { clock, pullMillis, dial, hostIP } = options;
    const dialLoopback =
      dial === undefined || hostIP === undefined
        ? undefined
        : (port: number): Promise<Duplex> => dial(hostIP, port, hostIP);
    this.#images = new SimulatedImages({ clock, pullMillis, dialLoopback });
    this.#files = options.files ?? new MemoryFiles(() => options.clock.now());
  }

  async version(): Promise<{ runtimeName: string; runtimeVersion: string; runtimeApiVersion: string }> {
    return { runtimeName: 'simulated', runtimeVersion: '1.0.0', runtimeApiVersion: 'v1' };
  }

  async runPodSandbox(config: Parameters<RuntimeService['runPodSandbox']>[0]): Promise<string> {
    if (!runtimeHandlers.has(config.runtimeHandler)) {
      const why = `no runtime for "${config.runtimeHandler}" is configured`;
      throw new RuntimeError('Unknown', `failed to get sandbox runtime: ${why}`);
    }
    const id = this.#id();
    const { name, namespace } = config.metadata;
    const ips = config.hostNetwork ? [] : await this.#options.network.add({ id, namespace, name });
    this.#sandboxes.set(id, {
      sandbox: {
        id,
        metadata: config.metadata,
        state: 'SANDBOX_READY',
        createdAt: this.#options.clock.now(),
        ips,
        portMappings: config.portMappings,
        hostNetwork: config.hostNetwork,
        labels: config.labels,
      },
      annotations: config.annotations,
      hostname: config.hostname,
      dnsConfig: config.dnsConfig,
      sysctls: config.sysctls,
      userNamespace: config.userNamespace,
      server: new PortServer(
        `${namespace}/${name}`,
        config.portMappings.flatMap(({ containerPort, protocol }) => (protocol === 'TCP' ? [containerPort] : [])),
      ),
    });
    this.#emit('CONTAINER_STARTED', id, id);
    return id;
  }

  async stopPodSandbox(podSandboxId: string): Promise<void> {
    const entry = this.#sandboxes.get(podSandboxId);
    if (entry === undefined) return;
    for (const container of this.#ofSandbox(podSandboxId)) this.#exit(container, 137, 'Error');
    if (entry.sandbox.state === 'SANDBOX_NOTREADY') return;
    entry.sandbox = { ...entry.sandbox, state: 'SANDBOX_NOTREADY' };
    await this.#options.network.remove(podSandboxId);
    this.#emit('CONTAINER_STOPPED', podSandboxId, podSandboxId);
  }

  async removePodSandbox(podSandboxId: string): Promise<void> {
    if (!this.#sandboxes.has(podSandboxId)) return;
    await this.stopPodSandbox(podSandboxId);
    for (const container of this.#ofSandbox(podSandboxId)) {
      container.process.discard();
      this.#containers.delete(container.id);
    }
    this.#emit('CONTAINER_DELETED', podSandboxId, podSandboxId);
    this.#sandboxes.delete(podSandboxId);
  }

  async listPodSandbox(filter: { readonly podUid?: string } = {}): Promise<readonly PodSandbox[]> {
    return [...this.#sandboxes.values()]
      .map((entry) => entry.sandbox)
      .filter((sandbox) => filter.podUid === undefined || sandbox.metadata.uid === filter.podUid);
  }

  async createContainer(podSandboxId: string, config: ContainerConfig): Promise<string> {
    const entry = this.#sandboxes.get(podSandboxId);
    if (entry === undefined) throw new RuntimeError('NotFound', `sandbox "${podSandboxId}" not found`);
    const image = this.#images.get(config.image);
    if (image === undefined) throw new RuntimeError('NotFound', `image "${config.image}": not found`);
    const id = this.#id();
    const process = new ContainerProcess(config, {
      clock: this.#options.clock,
      hostname: entry.hostname,
      dnsConfig: entry.dnsConfig,
      sysctls: entry.sysctls,
      userNamespace: entry.userNamespace,
      podIp: this.#addressOf(entry) || '127.0.0.1',
      random: () => this.#options.random.next(),
      nodeFiles: this.#files,
      ports: entry.server,
      ...(this.#options.programs === undefined ? {} : { programs: this.#options.programs }),
      ...(this.#options.processors === undefined ? {} : { processors: this.#options.processors }),
      dial: async (address, port) => {
        const near = this.#loopback(entry, { address, port, protocol: 'TCP' });
        const isOpen = near?.entry?.server.isOpen(near.port) === true;
        if (isOpen) return this.#connect(near.entry, near.port, address, address);
        const host = near !== undefined && entry.sandbox.hostNetwork ? await this.#options.dialHost?.(port) : undefined;
        if (host !== undefined) return host;
        try {
          // A control plane of the same process may be at a loopback address: there it says that it is.
          return await (this.#options.dial ?? this.#dial)(address, port, this.#addressOf(entry));
        } catch (error) {
          throw near === undefined ? error : new Error(`dial tcp ${address}:${port}: connect: connection refused`);
        }
      },
      sendDatagram: async (address, port, payload, protocol = 'UDP') => {
        const near = this.#loopback(entry, { address, port, protocol });
        if (near !== undefined) return near.entry?.server.datagram(near.port, payload, address, protocol);
        return this.#options.sendDatagram?.(address, port, payload, this.#addressOf(entry), protocol);
      },
    });
    this.#containers.set(id, {
      id,
      podSandboxId,
      metadata: config.metadata,
      state: 'CONTAINER_CREATED',
      createdAt: this.#options.clock.now(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      image: config.image,
      imageRef: image.repoDigests[0] ?? image.id,
      imageId: image.id,
      reason: '',
      message: '',
      labels: config.labels,
      annotations: config.annotations,
      user: process.user,
      process,
    });
    this.#emit('CONTAINER_CREATED', id, podSandboxId);
    return id;
  }

  async startContainer(containerId: string): Promise<void> {
    const container = this.#container(containerId);
    const entry = this.#sandboxes.get(container.podSandboxId);
    if (container.state !== 'CONTAINER_CREATED' || entry?.sandbox.state !== 'SANDBOX_READY') {
      throw new RuntimeError('InvalidArgument', `container "${containerId}" cannot be started: ${container.state}`);
    }
    const { startProblem } = container.process;
    if (startProblem !== undefined) {
      container.message = `${startFailure}: ${startProblem}: unknown`;
      this.#exit(container, startErrorCode, 'StartError');
      throw new RuntimeError('Unknown', container.message);
    }
    container.state = 'CONTAINER_RUNNING';
    container.startedAt = this.#options.clock.now();
    this.#emit('CONTAINER_STARTED', containerId, container.podSandboxId);
    const annotations = { ...entry.annotations, ...container.annotations };
    // What the pod asks for goes before what a command does; what the kubelet assumes of init containers does not.
    const isTimed =
      entry.annotations[exitAfterAnnotation] !== undefined && container.annotations[exitAfterAnnotation] === undefined;
    const runs = container.process.start(
      (exitCode) => {
        if (!isTimed) this.#exit(container, exitCode, exitCode === 0 ? 'Completed' : 'Error');
      },
      () => this.#exit(container, killedExitCode, 'OOMKilled'),
    );
    container.process.use(amountOf(annotations, cpuUsageAnnotation), amountOf(annotations, memoryUsageAnnotation));
    const seconds = lifetimeSeconds(annotations, entry.sandbox.labels);
    if (seconds === undefined || (runs && !isTimed)) return;
    const code = Number(annotations[exitCodeAnnotation] ?? '0');
    container.timer = this.#options.clock.setTimer(
      () => this.#exit(container, code, code === 0 ? 'Completed' : 'Error'),
      seconds * 1000,
      { unref: true },
    );
  }

  async stopContainer(containerId: string, timeoutSeconds: number): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container?.state !== 'CONTAINER_RUNNING') return;
    if (!container.process.isModelled) {
      // Nothing runs, so SIGTERM is obeyed at once: a process that handles it ends with 0.
      this.#exit(container, 0, 'Completed');
      return;
    }
    if (!container.process.signal('TERM')) return;
    await this.#ended(container, timeoutSeconds);
    this.#exit(container, killedExitCode, 'Error');
  }

  /** Waits until a container has ended by itself, or the time is over. */
  async #ended(container: MutableContainer, timeoutSeconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimer(() => finish(), timeoutSeconds * 1000, { unref: true });
      const unsubscribe = this.subscribe(({ containerId, type }) => {
        if (containerId === container.id && type !== 'CONTAINER_STARTED') finish();
      });
      const finish = (): void => {
        timer.cancel();
        unsubscribe();
        resolve();
      };
    });
  }

  async removeContainer(containerId: string): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container === undefined) return;
    this.#exit(container, 137, 'Error');
    container.process.discard();
    this.#containers.delete(containerId);
    this.#emit('CONTAINER_DELETED', containerId, container.podSandboxId);
  }

  async updateContainerResources(containerId: string, resources: LinuxResources): Promise<void> {
    this.#container(containerId).process.hold(resources);
  }

  async listContainers(filter: { readonly podSandboxId?: string } = {}): Promise<readonly ContainerStatus[]> {
    return filter.podSandboxId === undefined ? [...this.#containers.values()] : this.#ofSandbox(filter.podSandboxId);
  }

  async runs(containerId: string): Promise<boolean> {
    return this.#container(containerId).process.isModelled;
  }

  async containerLog(containerId: string): Promise<ContainerLog> {
    return this.#container(containerId).process.log;
  }

  async exec({ containerId, cmd, tty }: ExecRequest, streams: ProcessStreams, signal: AbortSignal): Promise<number> {
    return this.#running(containerId).process.exec(cmd, tty, streams, signal);
  }

  async execSync(containerId: string, cmd: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult> {
    const written = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
    const keep = (into: Uint8Array[]): ByteSink => ({
      write: (chunk) => Promise.resolve(void into.push(Uint8Array.from(chunk))),
    });
    const streams = { stdout: keep(written.stdout), stderr: keep(written.stderr) };
    const late = new AbortController();
    const timer =
      timeoutSeconds > 0 ? this.#options.clock.setTimer(() => late.abort(), timeoutSeconds * 1000) : undefined;
    const exitCode = await this.#running(containerId).process.exec(cmd, false, streams, late.signal);
    timer?.cancel();
    if (late.signal.aborted) throw new RuntimeError('DeadlineExceeded', `timeout ${timeoutSeconds}s exceeded`);
    return { stdout: Buffer.concat(written.stdout), stderr: Buffer.concat(written.stderr), exitCode };
  }

  async attach(containerId: string, streams: ProcessStreams, signal: AbortSignal): Promise<void> {
    await this.#running(containerId).process.attach(streams, signal);
  }

  async portForward(podSandboxId: string, port: number, connection: Duplex): Promise<void> {
    const entry = this.#sandboxes.get(podSandboxId);
    if (entry?.sandbox.state !== 'SANDBOX_READY') {
      throw new RuntimeError('NotFound', `sandbox "${podSandboxId}" not found`);
    }
    if (!entry.server.isOpen(port)) {
      throw new RuntimeError(
        'Unknown',
        `failed to connect to localhost:${port} inside namespace "${podSandboxId}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found `,
      );
    }
    await entry.server.serve(port, connection);
  }

  async datagram(
    podSandboxId: string,
    port: number,
    payload: Uint8Array,
    from: string,
    protocol?: MessageProtocol,
  ): Promise<Uint8Array | undefined> {
    const entry = this.#sandboxes.get(podSandboxId);
    return entry?.sandbox.state === 'SANDBOX_READY' ? entry.server.datagram(port, payload, from, protocol) : undefined;
  }

  async containerStats(containerId: string): Promise<ContainerStats> {
    return { timestamp: this.#options.clock.now(), ...this.#container(containerId).process.stats() };
  }

  subscribe(listener: (event: ContainerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  imageStatus(image: string): Promise<Image | undefined> {
    return this.#images.imageStatus(image);
  }

  pullImage(image: string, login?: RegistryLogin): Promise<string> {
    return this.#images.pullImage(image, login);
  }

  imageFiles(image: string): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#images.imageFiles(image);
  }

  listImages(): Promise<readonly Image[]> {
    return this.#images.listImages();
  }

  #exit(container: MutableContainer, exitCode: number, reason: string): void {
    if (container.state === 'CONTAINER_EXITED') return;
    container.timer?.cancel();
    container.state = 'CONTAINER_EXITED';
    container.finishedAt = this.#options.clock.now();
    container.exitCode = exitCode;
    container.reason = reason;
    container.process.end();
    this.#emit('CONTAINER_STOPPED', container.id, container.podSandboxId);
  }

  #running(id: string): MutableContainer {
    const container = this.#container(id);
    if (container.state === 'CONTAINER_RUNNING') return container;
    throw new RuntimeError('Unknown', `container is in ${container.state} state`);
  }

  #container(id: string): MutableContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw new RuntimeError('NotFound', `container "${id}" not found`);
    return container;
  }

  #ofSandbox(podSandboxId: string): MutableContainer[] {
    return [...this.#containers.values()].filter((container) => container.podSandboxId === podSandboxId);
  }

  #emit(type: ContainerEvent['type'], containerId: string, podSandboxId: string): void {
    const podUid = this.#sandboxes.get(podSandboxId)?.sandbox.metadata.uid ?? '';
    for (const listener of this.#listeners) listener({ type, containerId, podSandboxId, podUid });
  }

  /** Without a network of its own a program reaches the pods of this node. */
  readonly #dial = (address: string, port: number, from: string): Promise<Duplex> => {
    const entry = [...this.#sandboxes.values()].find(({ sandbox }) => sandbox.ips.includes(address));
    return this.#connect(entry, port, address, from);
  };

  /** The first address of a pod; empty when it has none that is known. */
  #addressOf({ sandbox }: SandboxEntry): string {
    return sandbox.ips[0] ?? (sandbox.hostNetwork ? (this.#options.hostIP ?? '') : '');
  }

  async #connect(entry: SandboxEntry | undefined, port: number, address: string, from: string): Promise<Duplex> {
    if (entry?.server.isOpen(port) !== true)
      throw new Error(`dial tcp ${address}:${port}: connect: connection refused`);
    const [near, far] = connectionPair(from);
    void entry.server.serve(port, far);
    return near;
  }

  /** Where a loopback address leads from a pod: to itself, or with the host's network to the node's host ports. */
  #loopback(
    entry: SandboxEntry,
    target: NetworkTarget,
  ): { readonly entry: SandboxEntry | undefined; readonly port: number } | undefined {
    const { address, port } = target;
    if (!address.startsWith('127.') && address !== '::1') return undefined;
    if (!entry.sandbox.hostNetwork || entry.server.isOpen(port)) return { entry, port };
    const sandboxes = [...this.#sandboxes.values()].map(({ sandbox }) => sandbox);
    const places = findPlaces(sandboxes, target, address).flatMap(({ sandboxId, port: own }) => {
      const found = this.#sandboxes.get(sandboxId);
      return found === undefined ? [] : [{ entry: found, port: own }];
    });
    const takes = (place: { readonly entry: SandboxEntry; readonly port: number }): boolean =>
      target.protocol === 'TCP'
        ? place.entry.server.isOpen(place.port)
        : place.entry.server.takesDatagrams(place.port, target.protocol);
    return places.find(takes) ?? { entry: places[0]?.entry, port: places[0]?.port ?? port };
  }

  #id(): string {
    const uuid = (): string => this.#options.random.uuid().replaceAll('-', '');
    return uuid() + uuid();
  }
}

/** An amount that an annotation tells; 0 for none, and for what is no amount. */
function amountOf(annotations: Readonly<Record<string, string>>, name: string): number {
  try {
    return Math.max(0, parseQuantity(annotations[name] ?? '0').toNumber());
  } catch (error) {
    if (error instanceof QuantityError) return 0;
    throw error;
  }
}

function lifetimeSeconds(
  annotations: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  const asked = annotations[exitAfterAnnotation];
  if (asked !== undefined && Number.isFinite(Number(asked))) return Math.max(0, Number(asked));
  return labels[jobNameLabel] === undefined ? undefined : jobSeconds;
}
