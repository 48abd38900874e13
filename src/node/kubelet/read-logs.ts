import type { ContainerLog, LogEntry } from '../cri/runtime.ts';

/** What of a log is wanted, as PodLogOptions says. */
export interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** Entries before it are left out; milliseconds since the epoch. */
  readonly since?: number;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly stream: 'All' | 'Stdout' | 'Stderr';
}

/**
 * A container's log as `kubectl logs` shows it: the last lines are counted first, over both streams, then those that
 * are too old are left out; the limit counts bytes as they are sent, times included.
 */
export async function* readLogs(
  log: ContainerLog,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { follow, timestamps, since = -Infinity, limitBytes = Infinity } = options;
  let position = options.tailLines === undefined ? 0 : startOfTail(log, options.tailLines);
  let remaining = limitBytes;
  let isNewLine = true;
  for (;;) {
    const entries = log.read(position);
    position = log.length;
    for (const entry of entries) {
      const startsLine = isNewLine;
      isNewLine = !entry.partial;
      if (entry.timestamp < since || !isWanted(entry, options.stream)) continue;
      const line =
        timestamps && startsLine
          ? Buffer.concat([Buffer.from(`${formatNanoTime(entry.timestamp)} `), entry.content])
          : entry.content;
      const piece = line.byteLength > remaining ? line.subarray(0, remaining) : line;
      remaining -= piece.byteLength;
      yield piece;
      if (remaining <= 0) return;
    }
    if (!follow || !(await log.more(position, signal))) return;
  }
}

function isWanted(entry: LogEntry, stream: LogOptions['stream']): boolean {
  return stream === 'All' || stream.toLowerCase() === entry.stream;
}

/** Where the last `lines` entries begin; as in the real kubelet a line in pieces counts once for each. */
function startOfTail(log: ContainerLog, lines: number): number {
  return Math.max(0, log.length - lines);
}

/** RFC 3339 with nine digits of seconds' fractions. */
function formatNanoTime(millis: number): string {
  return new Date(millis).toISOString().replace('Z', '000000Z');
}
