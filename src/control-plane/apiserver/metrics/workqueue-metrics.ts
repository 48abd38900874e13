import type { WorkqueueObserver } from '../../../client/workqueue.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** From a hundred millionth of a second to a thousand seconds. */
/** Ten times as much each, as Go multiplies. */
const buckets: readonly number[] = [
  1e-8, 1e-7, 1e-6, 9.999999999999999e-6, 9.999999999999999e-5, 1e-3, 0.01, 0.1, 1, 10,
];

/** One queue, and how it is counted. */
interface ObservedQueue {
  add: () => void;
  deepen: (by: number) => void;
  retry: () => void;
  waited: (seconds: number) => void;
  worked: (seconds: number) => void;
  underWay: () => Iterable<number>;
}

/**
 * Measures the queues of control loops, by the names of client-go. Queues may be made before there is a registry; their
 * work begins after that.
 */
export class WorkqueueMetrics {
  readonly #queues = new Map<string, ObservedQueue>();
  /** Has a queue counted from now on; absent before there is a registry. */
  #count: ((name: string, queue: ObservedQueue) => void) | undefined;

  /** What a queue tells of itself; one of the same name as before takes its place. @param name as Kubernetes calls it */
  observer(name: string): WorkqueueObserver {
    const nothing = (): void => undefined;
    const queue: ObservedQueue = {
      add: nothing,
      deepen: nothing,
      retry: nothing,
      waited: nothing,
      worked: nothing,
      underWay: () => [],
    };
    this.#queues.set(name, queue);
    this.#count?.(name, queue);
    return {
      added() {
        queue.add();
        queue.deepen(1);
      },
      taken(seconds) {
        queue.deepen(-1);
        queue.waited(seconds);
      },
      done: (seconds) => queue.worked(seconds),
      retried: () => queue.retry(),
      follow: (underWay) => void (queue.underWay = underWay),
    };
  }

  /** Makes the families, with what the queues there are tell. */
  bind(registry: MetricRegistry): void {
    const family = (name: string, help: string) => ({
      name: `workqueue_${name}`,
      help,
      stability: 'BETA' as const,
      labels: ['name'],
    });
    const adds = registry.counter(family('adds_total', 'Items that were added to queues.'));
    const retries = registry.counter(family('retries_total', 'Items that were to be added later.'));
    const depth = registry.gauge(family('depth', 'Items that wait in queues.'));
    const unfinished = registry.gauge(
      family('unfinished_work_seconds', 'Seconds of work that is under way, of all workers together.'),
    );
    const longest = registry.gauge(
      family('longest_running_processor_seconds', 'Seconds of the work that is under way for the longest time.'),
    );
    const waited = registry.histogram({ ...family('queue_duration_seconds', 'Seconds that items waited.'), buckets });
    const worked = registry.histogram({
      ...family('work_duration_seconds', 'Seconds that the work on items took.'),
      buckets,
    });
    this.#count = (name, queue) => {
      queue.add = adds.bind([name]);
      queue.retry = retries.bind([name]);
      depth.set([name], 0);
      queue.deepen = depth.bind([name]);
      queue.waited = waited.bind([name]);
      queue.worked = worked.bind([name]);
    };
    for (const [name, queue] of this.#queues) this.#count(name, queue);
    registry.onShow(() => {
      for (const [name, queue] of this.#queues) {
        const seconds = [...queue.underWay()];
        const sum = seconds.reduce((total, each) => total + each, 0);
        unfinished.set([name], sum);
        longest.set([name], Math.max(0, ...seconds));
      }
    });
  }
}
