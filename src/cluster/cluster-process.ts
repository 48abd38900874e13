import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether a cluster's process runs: one that has ended but was not reaped, or another with its number, does not. */
export function isRunning(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
  try {
    // What has ended has no command line; other systems than Linux have no such file.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0serve\0');
  } catch {
    return process.platform !== 'linux';
  }
}

/** Asks a process to end. @returns false when it was not there. */
export function askToStop(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM');
    return true;
  } catch {
    return false;
  }
}

/** Ends a process at once. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

/** Starts this very program again, detached, with its output going to a file. */
export function startDetached(args: readonly string[], log: string): ChildProcess {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a', 0o600);
  try {
    const script = process.argv[1];
    if (script === undefined) throw new Error('the program does not know its own path');
    const child = spawn(process.execPath, [script, ...args], { detached: true, stdio: ['ignore', output, output] });
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}
