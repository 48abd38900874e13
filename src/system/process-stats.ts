import { readdirSync, readFileSync } from 'node:fs';

/** What the operating system tells of this process; what it does not tell is absent. */
export interface ProcessStats {
  /** Seconds since the Unix epoch. */
  readonly startTimeSeconds?: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly virtualBytes?: number;
  readonly openFiles?: number;
  readonly maxFiles?: number;
  /** The largest number of 64 bits when there is no limit. */
  readonly maxVirtualBytes?: number;
  /** Of all network interfaces that the process sees. */
  readonly receivedBytes?: number;
  readonly sentBytes?: number;
}

const clockTicksPerSecond = 100;

/** Reads what is known of this process now. Files, virtual memory and the start time are known on Linux alone. */
export function readProcessStats(): ProcessStats {
  const { user, system } = process.cpuUsage();
  const base = { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
  try {
    // Fields of proc(5), counted from behind the name, which may have spaces: 22 is the start, 23 the virtual size.
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const maxFiles = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    const maxVirtualBytes = /^Max address space\s+(\w+)/m.exec(limits)?.[1];
    return {
      ...base,
      startTimeSeconds: bootSeconds + Number(fields[19]) / clockTicksPerSecond,
      virtualBytes: Number(fields[20]),
      openFiles: readdirSync('/proc/self/fd').length,
      ...(maxFiles === undefined ? {} : { maxFiles: Number(maxFiles) }),
      ...(maxVirtualBytes === undefined ? {} : { maxVirtualBytes: bytesOfLimit(maxVirtualBytes) }),
      ...networkBytes(readFileSync('/proc/self/net/dev', 'utf8')),
    };
  } catch {
    return base;
  }
}

function bytesOfLimit(text: string): number {
  return text === 'unlimited' ? 2 ** 64 : Number(text);
}

/** Sums of the columns of proc_pid_net(5)'s `dev`: the first of an interface is what came, the ninth what went. */
function networkBytes(text: string): { receivedBytes: number; sentBytes: number } {
  const sums = { receivedBytes: 0, sentBytes: 0 };
  for (const line of text.split('\n')) {
    const [, counts = ''] = line.split(':');
    const numbers = counts.trim().split(/\s+/).map(Number);
    if (numbers.length < 16) continue;
    sums.receivedBytes += numbers[0] ?? 0;
    sums.sentBytes += numbers[8] ?? 0;
  }
  return sums;
}
