import type { Listener } from '../control-plane/apiserver/listen.ts';
import type { ApiServer } from '../control-plane/apiserver/server.ts';
import { type Clock, sleep } from '../system/clock.ts';
import {
  booleanArgument,
  ComponentArgumentError,
  type ComponentArguments,
  durationArgument,
} from './component-arguments.ts';

/** How the API server comes to its end. */
export interface ShutdownSettings {
  /** How long everything goes on while /readyz already fails. */
  readonly delayMillis: number;
  /** Whether late requests are told to come again, in place of finding nobody listening. */
  readonly sendsRetryAfter: boolean;
  /** How long watches have to end, besides the time that requests have. */
  readonly watchGraceMillis: number;
}

/** What a request may take at most. */
const requestMillis = 60_000;

/**
 * Reads `--shutdown-delay-duration`, `--shutdown-send-retry-after` and `--shutdown-watch-termination-grace-period`.
 * @throws ComponentArgumentError
 */
export function shutdownSettings(flags: ComponentArguments): ShutdownSettings {
  const delayMillis = durationArgument(flags, 'shutdown-delay-duration') ?? 0;
  const watchGraceMillis = durationArgument(flags, 'shutdown-watch-termination-grace-period') ?? 0;
  if (delayMillis < 0) throw new ComponentArgumentError('--shutdown-delay-duration can not be negative value');
  if (watchGraceMillis < 0) {
    throw new ComponentArgumentError(
      'shutdown-watch-termination-grace-period, if provided, can not be a negative value',
    );
  }
  return {
    delayMillis,
    watchGraceMillis,
    sendsRetryAfter: booleanArgument(flags, 'shutdown-send-retry-after', false),
  };
}

/** How long the end may take at most, with some time for what comes after the requests. */
export function longestShutdownMillis({ delayMillis, watchGraceMillis }: ShutdownSettings): number {
  return delayMillis + requestMillis + watchGraceMillis + 10_000;
}

/**
 * Ends what clients on the network see, in the real server's order: /readyz fails; after the delay watches end, and
 * late requests find nobody or are told to come again; what is under way is finished; the connections end.
 */
export async function shutDown(
  server: Pick<ApiServer, 'beginShutdown' | 'drain'>,
  listener: Pick<Listener, 'close'>,
  settings: ShutdownSettings,
  clock: Clock,
): Promise<void> {
  const { delayMillis, sendsRetryAfter, watchGraceMillis } = settings;
  server.beginShutdown();
  if (delayMillis > 0) await sleep(clock, delayMillis);
  const drained = server.drain(sendsRetryAfter);
  const graceMillis = requestMillis + watchGraceMillis;
  if (sendsRetryAfter) {
    const done = new AbortController();
    await Promise.race([drained, sleep(clock, graceMillis, done.signal)]);
    done.abort();
    await listener.close(1);
  } else await listener.close(graceMillis / 1000, drained);
}
