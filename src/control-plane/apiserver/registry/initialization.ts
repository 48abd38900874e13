import { formatDuration } from '../../../apimachinery/duration.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalError, StatusError } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import type { StorageEvent } from '../../storage/storage.ts';
import { storageKey } from './api-resource.ts';
import type { Selection } from './selection.ts';
import type { Store } from './store.ts';

/** How long a create waits whose request says nothing else. */
export const defaultWaitMillis = 30_000;

/** How a wait ends; what comes after that is not heard. */
class Outcome {
  readonly promise: Promise<Unstructured>;
  resolve: (object: Unstructured) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** Whether an object is there for everybody: no initializer has still to see it, and none has failed. */
export function isInitialized({ metadata }: Unstructured): boolean {
  return metadata.initializers === undefined;
}

/** The objects of a selection that are there for everybody. */
export function initializedOnly(selection: Selection): Selection {
  return {
    ...selection,
    everything: false,
    matches: (object) => isInitialized(object) && selection.matches(object),
  };
}

/**
 * Waits until an object that was just created is there for everybody, as its creator's request does.
 * @returns the object as it is then
 * @throws StatusError what the initializer that failed says; 504 after `waitMillis`; 500 when it is deleted meanwhile
 */
export async function waitForInitialized(
  store: Store,
  created: Unstructured,
  clock: Clock,
  waitMillis: number,
  signal: AbortSignal,
): Promise<Unstructured> {
  if (isInitialized(created)) return created;
  const { result } = created.metadata.initializers ?? {};
  if (result !== undefined) throw new StatusError({ ...result });
  const { namespace = '', name = '', resourceVersion } = created.metadata;
  const key = storageKey(store.resource, namespace, name);
  const { group, resource: plural } = store.resource.definition;
  const resource = group === '' ? plural : `${plural}.${group}`;
  const outcome = new Outcome();
  const watch = await store.storage.watch(key, Number(resourceVersion), {
    onEvents(events) {
      for (const event of events) if (event.key === key) settle(store, event, outcome);
    },
    onEnd: (error) =>
      outcome.reject(error ?? timeout(`server has timed out waiting for the initialization of ${resource} ${name}`)),
  });
  const timer = clock.setTimer(
    () => outcome.reject(timeout(`request did not complete within requested timeout ${formatDuration(waitMillis)}`)),
    waitMillis,
    { unref: true },
  );
  const abort = (): void => outcome.reject(timeout('request was cancelled'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await outcome.promise;
  } finally {
    signal.removeEventListener('abort', abort);
    timer.cancel();
    watch.close();
  }
}

function settle(store: Store, { current, previous }: StorageEvent, outcome: Outcome): void {
  const latest = current ?? previous;
  const object = latest === undefined ? undefined : store.decode(latest);
  const { initializers } = object?.metadata ?? {};
  if (initializers?.result !== undefined) outcome.reject(new StatusError({ ...initializers.result }));
  else if (current === undefined) outcome.reject(internalError('object deleted while waiting for creation'));
  else if (initializers === undefined && object !== undefined) outcome.resolve(object);
}

function timeout(message: string): StatusError {
  return new StatusError({ message: `Timeout: ${message}`, reason: 'Timeout', details: {}, code: 504 });
}
