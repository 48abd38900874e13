import { jsonOrAnything } from '../../client/answer-media-type.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { resourcePath } from '../../apimachinery/gvk.ts';
import { StatusError } from '../../apimachinery/status.ts';
import { CommandError } from '../command.ts';
import type { Client, Query } from '../../client/client.ts';
import { type Clock, sleep } from '../../system/clock.ts';
import type { IOStreams } from '../../system/io-streams.ts';

/** One container's log. */
export interface LogTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** PodLogOptions. */
  readonly query: Query;
}

/** How logs are shown. */
export interface LogDisplay {
  readonly query: { readonly follow: boolean };
  readonly prefix: boolean;
  readonly ignoreErrors: boolean;
  /** How long a log that is followed is asked for again after the server refused it. */
  readonly timeoutMillis: number;
}

/** The world that logs are shown in. */
export interface LogWorld {
  readonly client: Client;
  readonly streams: IOStreams;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const retryMillis = 1000;
const newline = 10;

/** Writes logs to standard output: one after the other, or side by side and line by line when they are followed. */
export async function showLogs(targets: readonly LogTarget[], display: LogDisplay, world: LogWorld): Promise<void> {
  if (!display.query.follow || targets.length === 1) {
    for (const target of targets) await showLog(target, display, world, true);
    return;
  }
  // The first that fails ends all.
  const failed = new AbortController();
  const signal = AbortSignal.any([world.signal, failed.signal]);
  const shown = targets.map((target) =>
    showLog(target, display, { ...world, signal }, false).catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  await Promise.allSettled(shown);
  await Promise.all(shown);
}

async function showLog(target: LogTarget, display: LogDisplay, world: LogWorld, isAlone: boolean): Promise<void> {
  const { clock, signal, streams } = world;
  const end = clock.now() + display.timeoutMillis;
  for (;;) {
    try {
      await copyLog(target, display, world, isAlone);
      return;
    } catch (error) {
      const message = messageOf(error);
      if (signal.aborted) throw error;
      if (display.ignoreErrors) {
        streams.out.write(`error: ${message}\n`);
        return;
      }
      if (!display.query.follow) throw error;
      streams.err.write(`${message}\n`);
      if (!(error instanceof StatusError)) throw error;
    }
    const rest = end - clock.now();
    if (rest <= 0 || !(await sleep(clock, Math.min(retryMillis, rest), signal))) {
      throw new CommandError('context deadline exceeded');
    }
  }
}

async function copyLog(target: LogTarget, { prefix }: LogDisplay, world: LogWorld, isAlone: boolean): Promise<void> {
  const { client, streams, signal } = world;
  const gvr = { group: '', version: 'v1', resource: 'pods' };
  const path = resourcePath(gvr, target.namespace, target.pod, 'log');
  const query: Query = target.query;
  const { body } = await client.stream({
    method: 'GET',
    path,
    query,
    signal,
    accept: jsonOrAnything,
    once: true,
  });
  const mark = prefix ? Buffer.from(`[pod/${target.pod}/${target.container}] `) : undefined;
  // What stands alone need not wait for a line's end.
  for await (const lines of isAlone && mark === undefined ? body : wholeLines(body)) {
    streams.out.write(mark === undefined ? lines : prefixed(lines, mark));
    await streams.out.flush();
  }
}

/** Chunks that end with a line, so that logs side by side do not mix within one; the last may be open. */
async function* wholeLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = [];
  for await (const chunk of body) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end === 0) {
      pending.push(chunk);
      continue;
    }
    yield Buffer.concat([...pending, chunk.subarray(0, end)]);
    pending = end < chunk.byteLength ? [chunk.subarray(end)] : [];
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}

function prefixed(lines: Uint8Array, mark: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < lines.byteLength;) {
    const end = lines.indexOf(newline, at);
    const next = end < 0 ? lines.byteLength : end + 1;
    pieces.push(mark, lines.subarray(at, next));
    at = next;
  }
  return Buffer.concat(pieces);
}
