import { StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import { AggregateCommandError, leavesOf } from './exit.ts';
import { transportReason } from '../client/transport-reason.ts';
import type { VerboseLog } from '../system/klog.ts';

/** Tells more of the error that ends a command, as the real program does from -v=4 on. */
export function logError(error: unknown, log: VerboseLog): void {
  if (error instanceof AggregateCommandError) {
    for (const leaf of leavesOf(error)) logError(leaf, log);
    return;
  }
  if (error instanceof StatusError) {
    // The %s stands there in the real program, too.
    log(4, 'helpers.go:246', `server response object: %s[${JSON.stringify(error.status, undefined, 2)}]`);
  } else if (error instanceof TransportError) {
    log(
      4,
      'helpers.go:264',
      `Connection error: ${error.request.replaceAll('"', '') || error.address}: ${transportReason(error)}`,
    );
  }
}
