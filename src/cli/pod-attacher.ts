import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { CommandContext } from './command.ts';

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

/** What attaches to pods. */
export function podAttacher(): PodAttacher {
  return async (pod, terminal, context) => {
    const { attachOrShowLog } = await import('./pods/attach.ts');
    await attachOrShowLog(pod, { ...terminal, container: '' }, context);
  };
}
