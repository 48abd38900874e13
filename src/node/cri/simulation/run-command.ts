import type { Clock } from '../../../system/clock.ts';
import type { ByteSink, ProcessStreams } from '../runtime.ts';
import type { MemoryFiles } from './memory-files.ts';
import {
  ExecError,
  interruptedExitCode,
  killedExitCode,
  type ProcessContext,
  type ProcessUser,
} from './process-context.ts';
import { ProcessInput } from './process-input.ts';
import { createTerminal } from './terminal.ts';
import { processSeconds } from './usage-meter.ts';

/** The container that a command runs in. */
export interface SimulatedContainer {
  readonly env: ReadonlyMap<string, string>;
  readonly workingFolder: string;
  readonly files: MemoryFiles;
  readonly hostname: string;
  readonly podIp: string;
  readonly clock: Clock;
  readonly usage: ProcessContext['usage'];
  readonly random: () => number;
  readonly user: ProcessUser;
  readonly noNewPrivileges: boolean;
  readonly mayChangeNetwork: boolean;
  readonly mayMount: boolean;
  readonly nodeFiles: MemoryFiles;
  readonly mainOutput: ByteSink;
  readonly resolve: ProcessContext['resolve'];
  readonly sendDatagram: ProcessContext['sendDatagram'];
  readonly openPorts: ProcessContext['openPorts'];
  readonly listenRaw: ProcessContext['listenRaw'];
  readonly listenDatagrams: ProcessContext['listenDatagrams'];
  readonly dial: ProcessContext['dial'];
  readonly listen: ProcessContext['listen'];
  readonly signalMain: (signal: string) => void;
  readonly findProgram: ProcessContext['findProgram'];
}

const nowhere: ByteSink = { write: () => Promise.resolve() };

/**
 * Runs a command of the built-in ones. What cannot be started says so as runc does, and ends with 126 or 127.
 * @param signals where the command puts what it does on signals
 * @returns the exit code; 137 when the signal has killed it
 */
export async function runCommand(
  container: SimulatedContainer,
  command: readonly string[],
  tty: boolean,
  streams: ProcessStreams,
  signal: AbortSignal,
  signals: Map<string, () => void> = new Map(),
): Promise<number> {
  const { stdout = nowhere } = streams;
  const stderr = streams.stderr ?? (tty ? stdout : nowhere);
  let program;
  try {
    program = container.findProgram(command[0] ?? '');
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const text = `OCI runtime exec failed: exec failed: unable to start container process: ${error.message}: unknown`;
    await (streams.stderr ?? stdout).write(Buffer.from(`${text}${tty ? '\r' : ''}\n`));
    return error.exitCode;
  }
  container.usage.spend(processSeconds);
  const stop = new AbortController();
  const interrupts = new Set<() => void>();
  const killed = new Promise<number>((resolve) => {
    const end = (code: number) => (): void => {
      stop.abort();
      resolve(code);
    };
    interrupts.add(end(interruptedExitCode));
    if (signal.aborted) end(killedExitCode)();
    else signal.addEventListener('abort', end(killedExitCode), { once: true });
  });
  const terminal = tty
    ? createTerminal(streams.stdin, stdout, () => {
        const isBusy = interrupts.size > 0;
        for (const interrupt of interrupts) interrupt();
        return isBusy;
      })
    : undefined;
  const ended = program({
    ...container,
    args: command,
    stdin: new ProcessInput(terminal?.input ?? streams.stdin),
    stdout: terminal?.output ?? stdout,
    stderr: terminal?.output ?? stderr,
    interactive: tty,
    interrupts,
    signals,
    signal: stop.signal,
  });
  // A process that is killed while it waits for input ends all the same.
  ended.catch(() => undefined);
  return Promise.race([ended, killed]);
}
