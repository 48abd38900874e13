import { StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import { AggregateCommandError, leavesOf } from './exit.ts';
import { klogLine } from '../system/klog.ts';
import { transportReason } from '../client/transport-reason.ts';
import type { ProgramWorld } from './program.ts';

/** Tells more of the error that ends a command, as the real program does from -v=4 on. */
export function logError(error: unknown, { streams, clock }: Pick<ProgramWorld, 'streams' | 'clock'>): void {
  if (error instanceof AggregateCommandError) {
    for (const leaf of leavesOf(error)) logError(leaf, { streams, clock });
    return;
  }
  const log = (source: string, text: string): void => streams.err.write(klogLine('I', clock.now(), source, text));
  if (error instanceof StatusError) {
    // The %s stands there in the real program, too.
    log('helpers.go:246', `server response object: %s[${JSON.stringify(error.status, undefined, 2)}]`);
  } else if (error instanceof TransportError) {
    log('helpers.go:264', `Connection error: ${error.address}: ${transportReason(error)}`);
  }
}
