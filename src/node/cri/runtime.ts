import type { Duplex } from 'node:stream';
import type { MessageProtocol } from './pod-place.ts';

/**
 * The container runtime interface, after k8s.io/cri-api's runtime.v1: the calls a kubelet makes, with their names and
 * meaning. Times are nanoseconds since the epoch in CRI; here they are milliseconds, 0 for "not yet".
 */

/** Names a pod sandbox; `attempt` counts re-creations. */
export interface PodSandboxMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
}

/** A port that a container declares, and where on the node it is wanted. */
export interface PortMapping {
  readonly containerPort: number;
  readonly protocol: string;
  /** 0 for none. */
  readonly hostPort: number;
  /** Empty for every address of the node. */
  readonly hostIp: string;
}

/** The settings of a pod's resolver. */
export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** Users of a pod that are others on the node: number 0 inside is the first outside. */
export interface UserNamespace {
  readonly hostId: number;
  readonly length: number;
}

export interface PodSandboxConfig {
  readonly metadata: PodSandboxMetadata;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The ports that the pod's containers declare. */
  readonly portMappings: readonly PortMapping[];
  readonly dnsConfig: DnsConfig;
  /** Which of the runtime's ways to run it is asked for (RuntimeClass); empty for the usual one. */
  readonly runtimeHandler: string;
  /** The pod shares the node's network and gets no address of its own. */
  readonly hostNetwork: boolean;
  /** Kernel parameters of the pod's namespaces, by names with dots. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Absent when the pod's users are the node's. */
  readonly userNamespace?: UserNamespace;
}

export interface PodSandbox {
  readonly id: string;
  readonly metadata: PodSandboxMetadata;
  readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
  readonly createdAt: number;
  /** The pod's addresses; empty with the host's network. */
  readonly ips: readonly string[];
  readonly portMappings: readonly PortMapping[];
  readonly hostNetwork: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ContainerMetadata {
  readonly name: string;
  /** Counts restarts. */
  readonly attempt: number;
}

/** A file or folder of the node inside a container. */
export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  /** What goes between the two places of what is mounted later; private when absent. */
  readonly propagation?: 'private' | 'hostToContainer' | 'bidirectional';
}

/** Who a container's processes run as; what is absent is up to the image. */
export interface ContainerUser {
  readonly uid?: number;
  readonly gid?: number;
  readonly supplementalGroups: readonly number[];
  /** Groups that the image has the user in do not count. */
  readonly isStrict?: boolean;
}

/** What the kernel holds a container to. */
export interface LinuxResources {
  /** Weight against others; 1024 for a processor. */
  readonly cpuShares: number;
  /** Microseconds of each period; -1 for no end. */
  readonly cpuQuota: number;
  readonly cpuPeriod: number;
  /** 0 for no end. */
  readonly memoryLimitBytes: number;
  /** From -1000 to 1000: the higher, the sooner it is ended when memory runs out. */
  readonly oomScoreAdjust: number;
}

export interface ContainerConfig {
  readonly metadata: ContainerMetadata;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly envs: readonly { readonly key: string; readonly value: string }[];
  /** The container keeps its standard input open for those who attach. */
  readonly stdin: boolean;
  /** Standard input ends with the first who attaches. */
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly mounts: readonly Mount[];
  readonly user: ContainerUser;
  readonly resources: LinuxResources;
  /** It may do all that root may on the node. */
  readonly privileged: boolean;
  /** What of that it may without being privileged: `NET_ADMIN`, beside what every container may. */
  readonly addedCapabilities: readonly string[];
  /** Programs never get more rights than their parent, whatever their files say. */
  readonly noNewPrivileges: boolean;
  /** A profile says which system calls there are. */
  readonly isSeccompFiltered: boolean;
  readonly readonlyRootfs: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ContainerStatus {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: ContainerMetadata;
  readonly state: 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly image: string;
  /** Digest form: `docker.io/library/nginx@sha256:…`. */
  readonly imageRef: string;
  readonly imageId: string;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`; empty while it runs. */
  readonly reason: string;
  readonly message: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Who its first process was run as, groups of the image included. */
  readonly user: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] };
}

/** What a container uses at a time (ContainerStats of CRI); after its end what it had used until then. */
export interface ContainerStats {
  /** When that was. */
  readonly timestamp: number;
  /** Processor time since its start, in seconds of one processor. */
  readonly cpuSeconds: number;
  /** Its working set. */
  readonly memoryBytes: number;
  /** What it wrote outside of what is mounted. */
  readonly writableLayerBytes: number;
  readonly logBytes: number;
}

/** Something that happened to a container or sandbox (GetContainerEvents). */
export interface ContainerEvent {
  readonly type: 'CONTAINER_CREATED' | 'CONTAINER_STARTED' | 'CONTAINER_STOPPED' | 'CONTAINER_DELETED';
  readonly containerId: string;
  readonly podSandboxId: string;
  readonly podUid: string;
}

/** What RuntimeService.Version answers. */
export interface RuntimeVersion {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly runtimeApiVersion: string;
}

/** What a container wrote: one line, or (`partial`, tag `P` of the CRI log format) a piece of one that goes on. */
export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly stream: 'stdout' | 'stderr';
  readonly partial: boolean;
  /** With its line end, unless it is partial. */
  readonly content: Uint8Array;
}

/** A container's log. A runtime that writes files (CRI's log_path) is read through this too. */
export interface ContainerLog {
  /** What is there from the entry `from` on, oldest first; entries are counted from the container's start. */
  read(from: number): readonly LogEntry[];
  /** How many entries there have been. */
  readonly length: number;
  /**
   * Waits for more than `length` entries.
   * @returns whether there are more; false when the container has ended or the signal aborts.
   */
  more(length: number, signal: AbortSignal): Promise<boolean>;
}

/** A terminal's size in characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** Where output goes; `write` resolves when more may follow. */
export interface ByteSink {
  write(chunk: Uint8Array): Promise<void>;
}

/**
 * The standard streams of exec and attach, as a CRI streaming server hands them on; those that nobody wants are absent.
 * With a terminal standard error is part of standard output.
 */
export interface ProcessStreams {
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly stdout?: ByteSink;
  readonly stderr?: ByteSink;
  /** New sizes of the terminal. */
  readonly resize?: AsyncIterable<TerminalSize>;
}

/** ExecRequest. */
export interface ExecRequest {
  readonly containerId: string;
  readonly cmd: readonly string[];
  readonly tty: boolean;
}

/** ExecSyncResponse. */
export interface ExecSyncResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}

/** An error of the runtime; `code` is the gRPC status name a real runtime would send. */
export class RuntimeError extends Error {
  readonly code: 'NotFound' | 'InvalidArgument' | 'AlreadyExists' | 'Unavailable' | 'DeadlineExceeded' | 'Unknown';

  constructor(code: RuntimeError['code'], message: string) {
    super(message);
    this.name = 'RuntimeError';
    this.code = code;
  }
}

/** Runs sandboxes and containers. Every call throws RuntimeError. */
export interface RuntimeService {
  version(): Promise<RuntimeVersion>;
  runPodSandbox(config: PodSandboxConfig): Promise<string>;
  /** Idempotent. */
  stopPodSandbox(podSandboxId: string): Promise<void>;
  /** Idempotent; removes its containers too. */
  removePodSandbox(podSandboxId: string): Promise<void>;
  listPodSandbox(filter?: { readonly podUid?: string }): Promise<readonly PodSandbox[]>;
  createContainer(podSandboxId: string, config: ContainerConfig): Promise<string>;
  /** @throws RuntimeError Unknown when its command cannot be started: it has ended then */
  startContainer(containerId: string): Promise<void>;
  /** SIGTERM, then SIGKILL after `timeoutSeconds`; idempotent. */
  stopContainer(containerId: string, timeoutSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  /** Holds a running container to something else. @throws RuntimeError NotFound */
  updateContainerResources(containerId: string, resources: LinuxResources): Promise<void>;
  listContainers(filter?: { readonly podSandboxId?: string }): Promise<readonly ContainerStatus[]>;
  /** Runs a command in a running container. @returns its exit code; the signal kills it */
  exec(request: ExecRequest, streams: ProcessStreams, signal: AbortSignal): Promise<number>;
  /** Runs a command and keeps what it writes; killed after `timeoutSeconds`, 0 for never. */
  execSync(containerId: string, cmd: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult>;
  /** Connects to a container's own streams until it ends, or the signal aborts. */
  attach(containerId: string, streams: ProcessStreams, signal: AbortSignal): Promise<void>;
  /** Whether what the container does is known here: a runtime that only simulates may run nothing in it. */
  runs(containerId: string): Promise<boolean>;
  /** Carries a connection to a port of a sandbox until either side ends it. @throws RuntimeError when nothing listens */
  portForward(podSandboxId: string, port: number, connection: Duplex): Promise<void>;
  /**
   * Sends a datagram, or a message over an association of SCTP, to a port of a sandbox.
   * @param from the address it comes from
   * @returns the first that comes back; undefined when nothing does
   * @throws Error when an association is refused
   */
  datagram(
    podSandboxId: string,
    port: number,
    payload: Uint8Array,
    from: string,
    protocol?: MessageProtocol,
  ): Promise<Uint8Array | undefined>;
  /** What a container uses. @throws RuntimeError NotFound */
  containerStats(containerId: string): Promise<ContainerStats>;
  /** The log of a container, running or ended. @throws RuntimeError NotFound */
  containerLog(containerId: string): Promise<ContainerLog>;
  /** Calls back for every event until the returned function is called. */
  subscribe(listener: (event: ContainerEvent) => void): () => void;
}

/** An image as the runtime knows it. */
export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** The user that it says its command is to run as; root when absent. */
  readonly uid?: number;
}

/** A user of a registry (AuthConfig). */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** Pulls and lists images. */
export interface ImageService {
  imageStatus(image: string): Promise<Image | undefined>;
  /** @param login for its registry @returns the image's reference; @throws RuntimeError when it cannot be had. */
  pullImage(image: string, login?: RegistryLogin): Promise<string>;
  listImages(): Promise<readonly Image[]>;
  /** What is in an image that is there, by absolute path, as far as the runtime knows: for volumes made of images. */
  imageFiles(image: string): Promise<ReadonlyMap<string, Uint8Array>>;
}
