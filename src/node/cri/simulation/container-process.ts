import { MemoryContainerLog } from '../memory-container-log.ts';
import {
  type ByteSink,
  type DnsConfig,
  type LinuxResources,
  type ContainerConfig,
  type ContainerStats,
  type ContainerStatus,
  type ProcessStreams,
  RuntimeError,
  type UserNamespace,
} from '../runtime.ts';
import { writeCgroupFiles } from './cgroup-files.ts';
import { isAgnhostCommand } from './images/agnhost-program.ts';
import { runHpaExample } from './images/hpa-example.ts';
import { lacksCommand } from './images/image-commands.ts';
import { imageDefaults, imageFiles } from './images/image-defaults.ts';
import { runResourceConsumer } from './images/resource-consumer.ts';
import { InputQueue } from './input-queue.ts';
import { writeKernelParameters } from './kernel-parameters.ts';
import { type FileNode, MemoryFiles } from './memory-files.ts';
import { diskFileSystem, type MountPoint } from './mount-table.ts';
import type { PortServer } from './port-server.ts';
import { ExecError, type Program, terminatedExitCode } from './process-context.ts';
import { resolveName } from './name-resolver.ts';
import { findProgram, isBuiltIn } from './programs.ts';
import { listedMounts } from './mount-programs.ts';
import { runCommand, type SimulatedContainer } from './run-command.ts';
import { unknownCommand } from './script-commands.ts';
import { imageUser } from './image-user.ts';
import { writeProcessFiles } from './process-files.ts';
import { runShell } from './shell.ts';
import { ShellSyntaxError } from './shell-grammar.ts';
import { parseScript } from './shell-syntax.ts';
import { UsageMeter } from './usage-meter.ts';

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Programs that an image alone has. */
const imagePrograms: Readonly<Record<string, Program>> = {
  '/consumer': runResourceConsumer,
  'docker-php-entrypoint': runHpaExample,
};

/** What a process has in memory that does nothing. */
const leastProcessBytes = 1 << 20;

/** What it takes of a processor to make a container and start its command, whatever that does later. */
const containerSeconds = 0.02;

/** Where a container runs. */
export interface ContainerPlace {
  readonly clock: SimulatedContainer['clock'];
  readonly hostname: string;
  /** The resolver's settings, for /etc/resolv.conf. */
  readonly dnsConfig: DnsConfig;
  /** Kernel parameters that the pod sets. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Absent when the pod's users are the node's. */
  readonly userNamespace?: UserNamespace | undefined;
  readonly podIp: string;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** The node's files, for what is mounted. */
  readonly nodeFiles: MemoryFiles;
  /** The ports of the pod. */
  readonly ports: PortServer;
  readonly dial: SimulatedContainer['dial'];
  readonly sendDatagram: SimulatedContainer['sendDatagram'];
  /** Programs of images beside the built-in ones, by their path. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** How many processors the node has; without an end when absent. */
  readonly processors?: number;
}

/** What a simulated container does: its files, its log, the command it runs if it is one of the built-in ones. */
export class ContainerProcess {
  readonly log: MemoryContainerLog;
  readonly #config: ContainerConfig;
  readonly #programs: Readonly<Record<string, Program>>;
  readonly #container: SimulatedContainer;
  readonly #usage: UsageMeter;
  /** What the kernel shows, which it alone can change. */
  readonly #kernelFiles: MemoryFiles;
  readonly #attached = new Set<ProcessStreams>();
  readonly #input = new InputQueue();
  readonly #stop = new AbortController();
  readonly #signals = new Map<string, () => void>();
  #onTerminated: (() => void) | undefined;
  #onOutOfMemory: (() => void) | undefined;
  /** Bytes; 0 for none. */
  #memoryLimit = 0;

  /** @throws RuntimeError when something that is to be mounted is not there */
  constructor(
    config: ContainerConfig,
    {
      clock,
      hostname,
      dnsConfig,
      sysctls,
      userNamespace,
      podIp,
      random,
      nodeFiles,
      ports,
      dial,
      sendDatagram,
      programs = {},
      processors = Infinity,
    }: ContainerPlace,
  ) {
    this.#config = config;
    this.#programs = { ...imagePrograms, ...programs };
    this.#usage = new UsageMeter(clock, processors, () => this.#checkMemory());
    this.log = new MemoryContainerLog(() => clock.now());
    const files = new MemoryFiles(() => clock.now(), nodeFiles.space);
    for (const [path, content] of imageFiles(config.image)) {
      files.makeFolder(path.slice(0, path.lastIndexOf('/')) || '/');
      files.writeFile(path, content);
    }
    files.writeFile('/dev/null', new Uint8Array(), { mode: 0o666 });
    files.writeFile('/etc/hostname', Buffer.from(`${hostname}\n`));
    files.writeFile('/etc/hosts', Buffer.from(`127.0.0.1\tlocalhost\n${podIp}\t${hostname}\n`));
    files.writeFile('/etc/resolv.conf', Buffer.from(resolverFile(dnsConfig)));
    const workingFolder = config.workingDir === '' ? '/' : config.workingDir;
    files.makeFolder(workingFolder);
    mountAll(files, config.mounts, nodeFiles);
    this.#kernelFiles = new MemoryFiles(() => clock.now());
    this.hold(config.resources);
    writeKernelParameters(this.#kernelFiles, sysctls);
    const user = imageUser(files, config.user);
    this.#kernelFiles.makeFolder('/proc');
    for (const path of ['/proc', '/sys/fs/cgroup']) {
      const node = this.#kernelFiles.find(path);
      if (node !== undefined && !config.mounts.some(({ containerPath }) => containerPath === path)) {
        files.mount(path, kernelMount(path, node));
      }
    }
    if (config.readonlyRootfs) files.seal();
    writeProcessFiles(this.#kernelFiles, user, config, { mounts: listedMounts(files), userNamespace });
    const env = new Map([
      ['PATH', defaultPath],
      ['HOSTNAME', hostname],
      ['HOME', '/root'],
      ...config.envs.map(({ key, value }): [string, string] => [key, value]),
    ]);
    this.#container = {
      env,
      workingFolder,
      files,
      hostname,
      podIp,
      clock,
      usage: this.#usage,
      random,
      user,
      noNewPrivileges: config.noNewPrivileges,
      mayChangeNetwork: hasCapability(config, 'NET_ADMIN'),
      mayMount: hasCapability(config, 'SYS_ADMIN'),
      nodeFiles,
      dial,
      sendDatagram,
      resolve: (name, type) => resolveName({ files, random, sendDatagram }, name, type),
      listen: (port, listener, identity) => ports.listen(port, listener, identity),
      openPorts: () => ports.openPorts(),
      listenRaw: (port, accept) => ports.listenRaw(port, accept),
      listenDatagrams: (port, answer, protocol) => ports.listenDatagrams(port, answer, protocol),
      mainOutput: this.#sink('stdout'),
      signalMain: (signal) => this.signal(signal),
      findProgram: (command) =>
        this.#ownProgram(command) ?? scriptFile(this.#container, command) ?? findProgram(command),
    };
  }

  /** Who it runs as; its own group is the first of the others. */
  get user(): ContainerStatus['user'] {
    const { uid, gid, groups } = this.#container.user;
    return { uid, gid, supplementalGroups: [...new Set([gid, ...groups])] };
  }

  /** It is removed: its files are gone. */
  discard(): void {
    this.#container.files.discard();
  }

  /**
   * What it uses: of memory a process as small as there are, what its programs say and what is in its memory file
   * systems; of the disk its files, but for what is mounted, and its log.
   */
  stats(): Pick<ContainerStats, 'cpuSeconds' | 'memoryBytes' | 'writableLayerBytes' | 'logBytes'> {
    const { files } = this.#container;
    const inMemory = files.mounts.list().filter(([, { fileSystem, readOnly }]) => fileSystem === 'tmpfs' && !readOnly);
    return {
      cpuSeconds: this.#usage.seconds,
      memoryBytes: inMemory.reduce((sum, [place]) => sum + files.usage(place), leastProcessBytes + this.#usage.bytes),
      writableLayerBytes: files.usage('/'),
      logBytes: this.log.bytes,
    };
  }

  /** Uses so much from now on beside what its programs say. @param processors how many it keeps busy @param bytes of memory */
  use(processors: number, bytes: number): void {
    this.#usage.take(bytes);
    void this.#usage.burn(processors, Infinity, this.#stop.signal);
  }

  /** Why the container's command cannot be started, in runc's words; undefined unless it is known that it cannot. */
  get startProblem(): string | undefined {
    const [name = ''] = this.#words;
    const { env, files } = this.#container;
    const path = env.get('PATH') ?? '';
    const isThere = name === '' || name.includes('/') || isBuiltIn(name) || path !== defaultPath;
    if (isThere || !lacksCommand(this.#config.image, name)) return undefined;
    if (path.split(':').some((folder) => files.find(`${folder}/${name}`) !== undefined)) return undefined;
    return `exec: ${JSON.stringify(name)}: executable file not found in $PATH`;
  }

  /** The command with its arguments; what is not said is up to the image. */
  get #words(): readonly string[] {
    const { image, command, args } = this.#config;
    if (command.length > 0) return [...command, ...args];
    const { entrypoint = [], cmd = [] } = imageDefaults(image) ?? {};
    return [...entrypoint, ...(args.length > 0 ? args : cmd)];
  }

  /**
   * Starts the container's command. What is not built in only says so in the log, and goes on until it is stopped.
   * @param onExit told the exit code of a command that ends
   * @param onOutOfMemory told when it takes more memory than it may: the kernel would end it
   * @returns whether it is built in
   */
  start(onExit: (exitCode: number) => void, onOutOfMemory?: () => void): boolean {
    this.#onOutOfMemory = onOutOfMemory;
    this.#usage.spend(containerSeconds);
    const { metadata, image, command, args, stdin, tty } = this.#config;
    const words = this.#words;
    // A shell that nobody can speak to ends at once; here it stays, so that there is something to exec into.
    const isIdleShell = words.length === 1 && command.length === 0 && args.length === 0 && !stdin && words[0] === 'sh';
    if (isIdleShell || (this.#ownProgram(words[0] ?? '') === undefined && !canRun(words))) {
      const what = words.length === 0 ? "the image's own command" : words.join(' ');
      const text = `simulated container ${metadata.name} of image ${image}: nothing runs, a real node would run ${what}\n`;
      this.log.write('stdout', Buffer.from(text));
      return false;
    }
    const streams: ProcessStreams = {
      ...(stdin ? { stdin: this.#input } : {}),
      stdout: this.#sink('stdout'),
      ...(tty ? {} : { stderr: this.#sink('stderr') }),
    };
    this.#onTerminated = () => onExit(terminatedExitCode);
    runCommand(this.#container, words, tty, streams, this.#stop.signal, this.#signals).then(onExit, () => onExit(1));
    return true;
  }

  /** The kernel holds it to something else from now on. */
  hold(resources: LinuxResources): void {
    writeCgroupFiles(this.#kernelFiles, resources);
    const { cpuQuota, cpuPeriod, memoryLimitBytes } = resources;
    this.#memoryLimit = memoryLimitBytes;
    this.#usage.hold(cpuQuota > 0 ? cpuQuota / cpuPeriod : Infinity);
  }

  /** Sends a signal to the container's own command. @returns whether it has a way of its own with it */
  signal(name: string): boolean {
    const handler = this.#signals.get(name);
    if (handler !== undefined) handler();
    else if (name === 'TERM' || name === 'KILL') this.#onTerminated?.();
    return handler !== undefined;
  }

  /** Whether one of the built-in commands runs, which says itself what it ends with. */
  get isModelled(): boolean {
    return this.#onTerminated !== undefined;
  }

  /** Runs a further command. @returns its exit code */
  exec(command: readonly string[], tty: boolean, streams: ProcessStreams, signal: AbortSignal): Promise<number> {
    const both = AbortSignal.any([signal, this.#stop.signal]);
    return runCommand(this.#container, command, tty, streams, both);
  }

  /** Connects streams to the command's own until it ends or the signal aborts. */
  async attach(streams: ProcessStreams, signal: AbortSignal): Promise<void> {
    this.#attached.add(streams);
    const ended = AbortSignal.any([signal, this.#stop.signal]);
    await new Promise<void>((resolve) => {
      if (ended.aborted) resolve();
      ended.addEventListener('abort', () => resolve(), { once: true });
      // Whoever ends the input leaves, unless that ends the container's own.
      if (streams.stdin !== undefined) this.#feed(streams.stdin).then((leaves) => leaves && resolve(), resolve);
    });
    this.#attached.delete(streams);
  }

  /** The container has ended: so does all that runs in it. */
  end(): void {
    this.log.end();
    this.#input.end();
    this.#stop.abort();
    this.#usage.end();
  }

  #checkMemory(): void {
    if (this.#memoryLimit > 0 && this.stats().memoryBytes > this.#memoryLimit) this.#onOutOfMemory?.();
  }

  /** A program that the container's image alone has. */
  #ownProgram(command: string): Program | undefined {
    const { entrypoint = [], programs = [] } = imageDefaults(this.#config.image) ?? {};
    const isOwn = entrypoint[0] === command || programs.includes(command);
    return isOwn && Object.hasOwn(this.#programs, command) ? this.#programs[command] : undefined;
  }

  /** @returns whether the one who attached has left with its end. */
  async #feed(stdin: AsyncIterable<Uint8Array>): Promise<boolean> {
    const { stdin: isOpen, stdinOnce, tty } = this.#config;
    for await (const chunk of stdin) if (isOpen) this.#input.add(chunk);
    if (!stdinOnce || tty) return true;
    this.#input.end();
    return false;
  }

  #sink(stream: 'stdout' | 'stderr'): ByteSink {
    return {
      write: async (chunk) => {
        this.log.write(stream, chunk);
        for (const attached of this.#attached) await attached[stream]?.write(chunk).catch(() => undefined);
      },
    };
  }
}

function hasCapability({ privileged, addedCapabilities }: ContainerConfig, wanted: string): boolean {
  return privileged || addedCapabilities.some((name) => name === wanted || name === 'ALL');
}

/** Those that others are mounted in come first. @throws RuntimeError when something is not there */
function mountAll(files: MemoryFiles, mounts: ContainerConfig['mounts'], nodeFiles: MemoryFiles): void {
  const depth = ({ containerPath }: ContainerConfig['mounts'][number]): number => containerPath.split('/').length;
  for (const mount of mounts.toSorted((left, right) => depth(left) - depth(right))) {
    const { containerPath, hostPath, readonly, propagation = 'private' } = mount;
    const node = nodeFiles.find(hostPath);
    const type = nodeFiles.fileSystemOf(hostPath);
    if (node === undefined) throw new RuntimeError('Unknown', `failed to mount ${hostPath}: no such file or directory`);
    files.mount(MemoryFiles.absolute(containerPath, '/'), {
      node,
      readOnly: readonly,
      source: type === diskFileSystem ? '/dev/sda1' : type,
      fileSystem: type,
      origin: {
        files: nodeFiles,
        path: nodeFiles.resolve(hostPath) ?? hostPath,
        receives: propagation !== 'private',
        passesOn: propagation === 'bidirectional',
      },
    });
  }
}

function kernelMount(path: string, node: FileNode): MountPoint {
  const isProcesses = path === '/proc';
  return {
    node,
    readOnly: true,
    source: isProcesses ? 'proc' : 'cgroup',
    fileSystem: isProcesses ? 'proc' : 'cgroup2',
  };
}

/** A file of the container that a command names by its path, which is taken for a script of the shell. @throws ExecError */
function scriptFile({ files, workingFolder }: SimulatedContainer, command: string): Program | undefined {
  if (!command.includes('/') || isBuiltIn(command)) return undefined;
  const node = files.find(MemoryFiles.absolute(command, workingFolder));
  if (node?.kind !== 'file') return undefined;
  if ((node.mode & 0o111) === 0) throw new ExecError(command, 'permission denied', 126);
  return (context) => runShell({ ...context, args: ['sh', command, ...context.args.slice(1)] });
}

/** What the C library reads. */
function resolverFile({ servers, searches, options }: DnsConfig): string {
  return [
    ...(searches.length === 0 ? [] : [`search ${searches.join(' ')}\n`]),
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}\n`]),
  ].join('');
}

/** Whether a command is built in, and its script (of `sh -c`) one that the built-in shell understands and has all for. */
function canRun(words: readonly string[]): boolean {
  const [command = '', flag = '', script] = words;
  if (!isBuiltIn(command)) return false;
  if (/^\/?agnhost(?:-2)?$/.test(command)) return isAgnhostCommand(words);
  return script === undefined || !/^-[a-z]*c$/.test(flag) || isRunnable(script);
}

function isRunnable(script: string): boolean {
  try {
    return unknownCommand(parseScript(script), isBuiltIn) === undefined;
  } catch (error) {
    if (error instanceof ShellSyntaxError) return false;
    throw error;
  }
}
