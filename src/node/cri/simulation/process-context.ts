import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DnsRecord, DnsType } from '../../../apimachinery/dns-record.ts';
import type { Clock } from '../../../system/clock.ts';
import type { ByteSink } from '../runtime.ts';
import type { MemoryFiles } from './memory-files.ts';
import type { MessageProtocol } from '../pod-place.ts';
import type { DatagramAnswer, ServerIdentity } from './port-server.ts';
import type { ProcessInput } from './process-input.ts';
import type { ProcessUsage } from './usage-meter.ts';

/** User and groups by number. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

/** What a simulated process sees of the world. */
export interface ProcessContext {
  /** Its own name first. */
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly workingFolder: string;
  readonly files: MemoryFiles;
  readonly hostname: string;
  /** The first address of the pod. */
  readonly podIp: string;
  readonly stdin: ProcessInput;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  /** A person is at the other end. */
  readonly interactive: boolean;
  readonly clock: Clock;
  /** Where it tells what it would use of a real node. */
  readonly usage: ProcessUsage;
  /** What Ctrl-C does; a shell puts the command that it runs in the place of itself. */
  readonly interrupts: Set<() => void>;
  /** What the process does on signals (`TERM`) in place of ending; it puts itself there. */
  readonly signals: Map<string, () => void>;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Who the process runs as. */
  readonly user: ProcessUser;
  /** A program that runs as the owner of its file does not. */
  readonly noNewPrivileges: boolean;
  /** Has the capability CAP_NET_ADMIN. */
  readonly mayChangeNetwork: boolean;
  /** Has the capability CAP_SYS_ADMIN. */
  readonly mayMount: boolean;
  /** The files of the node, for those who may enter its mount namespace. */
  readonly nodeFiles: MemoryFiles;
  /** Connects to a port of a pod. @throws Error when nothing listens there */
  readonly dial: (address: string, port: number) => Promise<Duplex>;
  /**
   * Sends a datagram, or a message over an association of SCTP, to a port of a pod.
   * @returns what comes back; undefined when nothing does
   * @throws Error when an association is refused
   */
  readonly sendDatagram: (
    address: string,
    port: number,
    payload: Uint8Array,
    protocol?: MessageProtocol,
  ) => Promise<Uint8Array | undefined>;
  /** The records of a name, as the container's C library finds them. */
  readonly resolve: (name: string, type: DnsType) => Promise<readonly DnsRecord[]>;
  /** Answers HTTP on a port of the pod, over TLS with an identity. @returns what ends it @throws Error for PEM that is none */
  readonly listen: (port: number, listener: RequestListener, identity?: ServerIdentity) => () => void;
  /** The ports of the pod that something listens on. */
  readonly openPorts: () => readonly number[];
  /** Takes connections on a port of the pod as they are. @returns what ends it */
  readonly listenRaw: (port: number, accept: (connection: Duplex) => void) => () => void;
  /** Takes datagrams, or messages of SCTP, on a port of the pod. @returns what ends it */
  readonly listenDatagrams: (port: number, answer: DatagramAnswer, protocol?: MessageProtocol) => () => void;
  /** Sends a signal (`TERM`) to the container's own command. */
  readonly signalMain: (signal: string) => void;
  /** Standard output of the container's own command: `/proc/1/fd/1`. */
  readonly mainOutput: ByteSink;
  /** Aborts when the process is killed. */
  readonly signal: AbortSignal;
  /** The program a command names. @throws ExecError */
  readonly findProgram: (command: string) => Program;
}

/** A program that is built in; gives its exit code. */
export type Program = (context: ProcessContext) => Promise<number>;

/** What a shell reports for a process that SIGKILL has ended. */
export const killedExitCode = 137;

/** For one that SIGTERM has ended. */
export const terminatedExitCode = 143;

/** And for one that Ctrl-C has ended. */
export const interruptedExitCode = 130;

/** A command that cannot be started; message and code are those of runc. */
export class ExecError extends Error {
  readonly exitCode: number;

  constructor(name: string, reason: string, exitCode: number) {
    super(`exec: ${JSON.stringify(name)}: ${reason}`);
    this.name = 'ExecError';
    this.exitCode = exitCode;
  }
}
