import { StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import { leavesOf, PrefixedError } from './exit.ts';
import { typedCommands } from './typed-commands.ts';
import { transportReason } from '../client/transport-reason.ts';
import type { VerboseLog } from '../system/klog.ts';

/**
 * Commands that read answers into types of their own, which do not say what they are any more. `create` does with what
 * flags describe.
 */
const readsIntoTypes: ReadonlySet<string> = new Set([...typedCommands, 'auth', 'events', 'top']);

/**
 * Tells more of the error that ends a command, as the real program does from -v=4 on.
 * @param path words of the command's path
 * @param isRaw --raw is given
 */
export function logError(error: unknown, path: readonly string[], isRaw: boolean, log: VerboseLog): void {
  const [first = ''] = path;
  const isTyped = isRaw || readsIntoTypes.has(first) || (first === 'create' && path.length > 1);
  for (const leaf of leavesOf(error)) logLeaf(leaf, '', isTyped, log);
}

function logLeaf(error: unknown, prefix: string, isTyped: boolean, log: VerboseLog): void {
  if (error instanceof PrefixedError) {
    logLeaf(error.cause, `${prefix}${error.prefix}: `, isTyped, log);
  } else if (error instanceof StatusError) {
    const { kind, apiVersion, ...rest } = { ...error.status, message: `${prefix}${error.message}` };
    const shown = isTyped ? rest : { kind, apiVersion, ...rest };
    // The %s stands there in the real program, too.
    log(4, 'helpers.go:246', () => `server response object: %s[${JSON.stringify(shown, undefined, 2)}]`);
  } else if (error instanceof TransportError) {
    const about = error.request.replaceAll('"', '') || error.address;
    log(4, 'helpers.go:264', () => `Connection error: ${about}: ${transportReason(error)}`);
  }
}
