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
    const maxFiles = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return {
      ...base,
      startTimeSeconds: bootSeconds + Number(fields[19]) / clockTicksPerSecond,
      virtualBytes: Number(fields[20]),
      openFiles: readdirSync('/proc/self/fd').length,
      ...(maxFiles === undefined ? {} : { maxFiles: Number(maxFiles) }),
    };
  } catch {
    return base;
  }
}
