import { builtInPriorityOf } from '../../../api/group-priorities.ts';
import type { CustomResourceDefinition } from '../../../api/types/apiextensions-v1.ts';
import type { APIService } from '../../../api/types/apiregistration-v1.ts';
import { formatGroupVersion } from '../../../apimachinery/gvk.ts';
import type { KubeObject } from '../../../apimachinery/object-meta.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';
import type { Informer } from '../../../client/informer.ts';
import { createWorkqueue, runWorkers, type WorkqueueObserver } from '../../../client/workqueue.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import { createMissing } from '../bootstrap/create-missing.ts';

export interface LocalApiServicesOptions {
  readonly client: Client;
  /** Group versions that the server itself serves. */
  readonly builtIn: () => readonly GroupVersion[];
  readonly apiServices: Informer<APIService>;
  readonly definitions: Informer<CustomResourceDefinition>;
  readonly clock: Clock;
  readonly queueObserver?: WorkqueueObserver;
  readonly log: Logger;
}

/** Keeps an APIService without a service for every group version that this server serves. */
export interface LocalApiServices {
  /** Makes those of the built-in groups. @throws StatusError where admission refuses them */
  readonly register: () => Promise<void>;
  /** Keeps those of custom groups from now on. */
  start(): void;
  stop(): Promise<void>;
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const resource = { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' } as const;
const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';

/** Makes the keeper. Nothing is registered for a built-in group that is not in the table, its own group say. */
export function createLocalApiServices(options: LocalApiServicesOptions): LocalApiServices {
  const { client, apiServices, definitions, clock, log } = options;
  const queue = createWorkqueue<string>({ clock, observer: options.queueObserver });
  const own = client.resource<APIService>(resource);
  let running: Promise<void> | undefined;

  const isServed = (name: string): boolean =>
    definitions.list().some((crd) => servedNames(crd).includes(name) && crd.metadata.deletionTimestamp === undefined);

  /** An APIService of a custom group version comes and goes with the definitions that serve it. */
  const sync = async (name: string): Promise<void> => {
    const current = apiServices.get('', name);
    const isWanted = isServed(name);
    const isOurs = current?.metadata.labels?.[managedLabel] === 'true';
    try {
      if (isWanted && current === undefined) {
        const [version = ''] = name.split('.', 1);
        const about = { group: name.slice(version.length + 1), version };
        await own.create(apiService(about, 'true', 1000, 100));
      } else if (!isWanted && isOurs) await own.delete(name);
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists') && !hasReason(error, 'NotFound')) throw error;
    }
  };

  const enqueueServed = (crd: CustomResourceDefinition): void => servedNames(crd).forEach((name) => queue.add(name));
  const enqueueManaged = ({ metadata }: KubeObject): void => {
    if (metadata.labels?.[managedLabel] === 'true') queue.add(metadata.name ?? '');
  };
  definitions.addHandler({
    added: enqueueServed,
    updated(crd, old) {
      enqueueServed(old);
      enqueueServed(crd);
    },
    deleted: enqueueServed,
  });
  apiServices.addHandler({
    added: enqueueManaged,
    // One of another server may have stood in the place of ours.
    deleted: ({ metadata }) => queue.add(metadata.name ?? ''),
  });

  return {
    async register() {
      const wanted = options.builtIn().flatMap((about) => {
        const priority = builtInPriorityOf(about.group, about.version);
        if (priority === undefined) return [];
        return [apiService(about, 'onstart', priority.groupPriorityMinimum, priority.versionPriority)];
      });
      await createMissing(client)(resource, wanted);
    },
    start() {
      running ??= runWorkers(queue, 1, sync, (name, error) => {
        log.warn('an APIService could not be registered, will be tried again', { name, error: String(error) });
      });
    },
    async stop() {
      queue.shutDown();
      await running;
    },
  };
}

function servedNames({ spec }: CustomResourceDefinition): string[] {
  return spec.versions.filter(({ served }) => served).map(({ name }) => `${name}.${spec.group}`);
}

function apiService(
  { group, version }: GroupVersion,
  managed: 'onstart' | 'true',
  groupPriorityMinimum: number,
  versionPriority: number,
): APIService {
  return {
    apiVersion: formatGroupVersion(resource),
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [managedLabel]: managed } },
    spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum, versionPriority },
  };
}
