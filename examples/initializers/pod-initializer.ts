import type { Pod } from '../../src/api/types/core-v1.ts';
import { cloneJson } from '../../src/apimachinery/json.ts';
import type { KubeObject, ObjectMeta } from '../../src/apimachinery/object-meta.ts';
import { hasReason } from '../../src/apimachinery/status.ts';
import type { Client } from '../../src/client/client.ts';
import { createInformerFactory } from '../../src/client/informer-factory.ts';
import { createWorkqueue, runWorkers } from '../../src/client/workqueue.ts';
import type { Clock } from '../../src/system/clock.ts';
import type { Logger } from '../../src/system/logger.ts';
import type { Random } from '../../src/system/random.ts';

/** What an initializer runs in. */
export interface InitializerWorld {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** One initializer of pods: its name as in an InitializerConfiguration, and what it does to a pod. */
export interface PodInitializer {
  readonly name: string;
  /** Changes the pod in place. @throws PodRefused for a pod that must not come to be; any other error is tried again */
  initialize(pod: Pod, client: Client): Promise<void>;
}

/** Why a pod will never be: whoever creates it gets this for an answer, and the pod is deleted. */
export class PodRefused extends Error {}

/** An initializer at work. */
export interface RunningInitializer {
  /** Resolves when the pods that wait already are known. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/**
 * Sees to every pod whose turn it is: the first of `metadata.initializers.pending` has the word. Done, it takes its name
 * off the list with the same update that changes the pod; the server shows the pod to everybody when the list is empty.
 */
export function runPodInitializer(world: InitializerWorld, initializer: PodInitializer): RunningInitializer {
  const { client, clock, log } = world;
  const informers = createInformerFactory({ ...world, includeUninitialized: true });
  const pods = informers.informer<KubeObject & Pod>(podsResource);
  const queue = createWorkqueue<string>({ clock });
  const consider = (pod: KubeObject): void => {
    if (isItsTurn(pod, initializer.name)) queue.add(`${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`);
  };
  pods.addHandler({ added: consider, updated: consider });
  const sync = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/');
    const seen = pods.get(namespace, name);
    if (seen === undefined || !isItsTurn(seen, initializer.name)) return;
    const pod = cloneJson(seen);
    try {
      await initializer.initialize(pod, client);
      takeOff(pod.metadata, initializer.name);
    } catch (error) {
      if (!(error instanceof PodRefused)) throw error;
      fail(pod.metadata, error.message);
    }
    try {
      await client.resource<KubeObject & Pod>(podsResource, namespace).update(pod);
      log.info('initialized', { pod: key });
    } catch (error) {
      // Gone, or changed meanwhile: the change comes by the watch.
      if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
    }
  };
  const working = runWorkers(queue, 1, sync, (key, error) => {
    log.warn('initializing failed, will be tried again', { pod: key, error: String(error) });
  });
  informers.start();
  return {
    ready: informers.waitForSync().then(() => undefined),
    async stop() {
      queue.shutDown();
      await informers.stop();
      await working;
    },
  };
}

function isItsTurn({ metadata }: KubeObject, name: string): boolean {
  const { pending = [], result } = metadata.initializers ?? {};
  return result === undefined && pending[0]?.name === name;
}

function takeOff(metadata: ObjectMeta, done: string): void {
  const pending = (metadata.initializers?.pending ?? []).filter(({ name }) => name !== done);
  if (pending.length === 0) delete metadata.initializers;
  else metadata.initializers = { pending };
}

function fail(metadata: ObjectMeta, message: string): void {
  const pending = metadata.initializers?.pending ?? [];
  metadata.initializers = { pending, result: { status: 'Failure', message, reason: 'Invalid', code: 422 } };
}
