import type { Unstructured } from '../apimachinery/object-meta.ts';
import { type CommandContext, CommandError } from './command.ts';

/** How the streams of this program are joined to those of a container. */
export interface PodTerminal {
  readonly stdin: boolean;
  readonly tty: boolean;
  /** Print nothing but what the container prints. */
  readonly quiet: boolean;
  /** The keys that end it, `ctrl-p,ctrl-q`. */
  readonly detachKeys: string;
}

/**
 * Joins the streams to the first container of a pod that runs, what it printed before first; of a pod that ended, it
 * prints the log. Where attaching fails it warns and follows the log.
 */
export type PodAttacher = (pod: Unstructured, terminal: PodTerminal, context: CommandContext) => Promise<void>;

/** What attaches to pods. @throws CommandError as long as this program cannot */
export function podAttacher(): PodAttacher {
  throw new CommandError(
    'attaching to a pod is not supported by kubectl-ts yet: leave out -i, -t, --attach and --rm, and look at the pod afterwards',
  );
}
