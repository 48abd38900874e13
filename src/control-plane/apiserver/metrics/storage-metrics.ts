import type { Clock } from '../../../system/clock.ts';
import type { Storage } from '../../storage/storage.ts';
import type { ApiResource } from '../registry/api-resource.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** Counts what lists read. */
export type ListObserver = (fetched: number, returned: number) => void;

/** What is asked of the storage, by the names that kube-apiserver has for etcd: the storage here stands in its place. */
export interface StorageMetrics {
  /** A storage whose calls are counted for a resource. */
  measured(storage: Storage, resource: ApiResource): Storage;
  /** Counts lists of a resource. */
  lists(resource: ApiResource): ListObserver;
}

const durationBuckets: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

/** Makes these families. There is no cache between them and requests: reads of every kind are read from the storage. */
export function storageFamilies(registry: MetricRegistry, clock: Clock): StorageMetrics {
  const labels = ['group', 'resource'];
  const byOperation = ['operation', ...labels];
  const requests = registry.counter({
    name: 'etcd_requests_total',
    help: 'What was asked of the storage, by the resource.',
    stability: 'ALPHA',
    labels: byOperation,
  });
  const errors = registry.counter({
    name: 'etcd_request_errors_total',
    help: 'What the storage could not do, by the resource.',
    stability: 'ALPHA',
    labels: byOperation,
  });
  const durations = registry.histogram({
    name: 'etcd_request_duration_seconds',
    help: 'Seconds until the storage answered, by the resource.',
    stability: 'ALPHA',
    labels: byOperation,
    buckets: durationBuckets,
  });
  const changes = registry.counter({
    name: 'apiserver_storage_events_received_total',
    help: 'Changes in the storage, by the resource.',
    stability: 'BETA',
    labels,
  });
  const caller = (operation: string, values: readonly string[]): Caller => {
    const all = [operation, ...values];
    const lasted = durations.bind(all);
    return async (work) => {
      const startedAt = clock.now();
      requests.add(all);
      try {
        return await work;
      } catch (error) {
        errors.add(all);
        throw error;
      } finally {
        lasted((clock.now() - startedAt) / 1000);
      }
    };
  };
  return {
    measured(storage, { definition: { group, resource } }) {
      const values = [group, resource];
      return measuredStorage(
        storage,
        (operation) => caller(operation, values),
        () => changes.add(values),
      );
    },
    lists: listFamilies(registry, labels),
  };
}

/** Measures one call. */
type Caller = <T>(work: Promise<T>) => Promise<T>;

function measuredStorage(storage: Storage, caller: (operation: string) => Caller, changed: () => void): Storage {
  const [get, list, create, update, remove] = [
    caller('get'),
    caller('list'),
    caller('create'),
    caller('update'),
    caller('delete'),
  ];
  return {
    currentRevision: () => storage.currentRevision(),
    get: (key) => get(storage.get(key)),
    range: (prefix, options) => list(storage.range(prefix, options)),
    count: (prefix) => storage.count(prefix),
    size: () => storage.size(),
    async put(key, value, expectedRevision, options) {
      const call = expectedRevision === 0 ? create : update;
      const result = await call(storage.put(key, value, expectedRevision, options));
      if (result.ok) changed();
      return result;
    },
    async delete(key, expectedRevision) {
      const result = await remove(storage.delete(key, expectedRevision));
      if (result.ok) changed();
      return result;
    },
    watch: (prefix, fromRevision, handlers) => storage.watch(prefix, fromRevision, handlers),
    compact: (revision) => storage.compact(revision),
    close: () => storage.close(),
  };
}

function listFamilies(registry: MetricRegistry, labels: readonly string[]): (resource: ApiResource) => ListObserver {
  const family = (name: string, help: string): ReturnType<MetricRegistry['counter']> =>
    registry.counter({ name: `apiserver_storage_list_${name}`, help, stability: 'ALPHA', labels });
  const total = family('total', 'Lists that were read from the storage.');
  const fetched = family('fetched_objects_total', 'Objects that were read for lists.');
  const evaluated = family('evaluated_objects_total', 'Objects that were compared with the selectors of lists.');
  const returned = family('returned_objects_total', 'Objects that lists have shown.');
  return ({ definition: { group, resource } }) => {
    const values = [group, resource];
    return (read, shown) => {
      total.add(values);
      fetched.add(values, read);
      evaluated.add(values, read);
      returned.add(values, shown);
    };
  };
}
