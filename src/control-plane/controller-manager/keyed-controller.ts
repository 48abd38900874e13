import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { createWorkqueue, runWorkers, type Workqueue } from '../../client/workqueue.ts';
import type { Controller, ControllerContext } from './controller.ts';

/** `namespace/name`, or the bare name for what has no namespace. */
export function keyOf(object: KubeObject): string {
  const { namespace = '', name = '' } = object.metadata;
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The parts of a key. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** What a controller adds to the loop: where its keys come from and what to do with one. */
export interface KeyedControllerOptions {
  readonly name: string;
  readonly context: ControllerContext;
  /** How many keys are worked on at once; one key never is twice. Default 5. */
  readonly workers?: number;
  /** Adds informer handlers that enqueue keys. */
  register(queue: Workqueue<string>): void;
  /** Brings one key up to date; an error has it tried again after a back-off. */
  sync(key: string, queue: Workqueue<string>): Promise<void>;
}

/** A control loop over a queue of keys: the frame that all controllers share. */
export function createKeyedController(options: KeyedControllerOptions): Controller {
  const { context, name } = options;
  const queue = createWorkqueue<string>({ clock: context.clock, observer: context.queueObserver?.() });
  options.register(queue);
  let running: Promise<void> | undefined;
  return {
    name,
    start() {
      running ??= runWorkers(
        queue,
        options.workers ?? 5,
        (key) => options.sync(key, queue),
        (key, error) => {
          context.log.warn(`${name}: sync failed, will be tried again`, { key, error: String(error) });
        },
      );
    },
    async stop() {
      queue.shutDown();
      await running;
    },
  };
}
