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
  /** Resolves when those of the built-in groups are there. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const resource = { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' } as const;
const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';

/** Priorities of groups, and of their versions where it is not 15, as kube-apiserver registers them. */
const priorities: Readonly<Record<string, readonly [group: number, versions?: Readonly<Record<string, number>>]>> = {
  '': [18_000, { v1: 1 }],
  apps: [17_800],
  'events.k8s.io': [17_750, { v1beta1: 5 }],
  'authentication.k8s.io': [17_700, { v1beta1: 9, v1alpha1: 1 }],
  'authorization.k8s.io': [17_600],
  autoscaling: [17_500, { v2: 30, v2beta1: 9, v2beta2: 1 }],
  batch: [17_400, { v1beta1: 9, v2alpha1: 9 }],
  'certificates.k8s.io': [17_300, { v1beta1: 9, v1alpha1: 1 }],
  'networking.k8s.io': [17_200, { v1beta1: 9 }],
  policy: [17_100, { v1beta1: 9 }],
  'rbac.authorization.k8s.io': [17_000],
  'storage.k8s.io': [16_800, { v1beta1: 9, v1alpha1: 1 }],
  'apiextensions.k8s.io': [16_700],
  'admissionregistration.k8s.io': [16_700, { v1beta1: 12, v1alpha1: 9 }],
  'scheduling.k8s.io': [16_600, { v1alpha2: 2 }],
  'coordination.k8s.io': [16_500, { v1beta1: 13, v1alpha2: 12 }],
  'node.k8s.io': [16_300, { v1beta1: 9, v1alpha1: 1 }],
  'discovery.k8s.io': [16_200, { v1beta1: 12 }],
  'resource.k8s.io': [16_200, { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 }],
  'flowcontrol.apiserver.k8s.io': [16_100, { v1: 21, v1beta3: 18, v1beta2: 15, v1beta1: 12, v1alpha1: 9 }],
  'internal.apiserver.k8s.io': [16_000, { v1alpha1: 9 }],
  'storagemigration.k8s.io': [15_800, { v1beta1: 9 }],
};

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
  apiServices.addHandler({ added: enqueueManaged, deleted: enqueueManaged });

  return {
    async start() {
      const wanted = options.builtIn().flatMap((about) => {
        const [group, versions = {}] = priorities[about.group] ?? [];
        return group === undefined ? [] : [apiService(about, 'onstart', group, versions[about.version] ?? 15)];
      });
      await createMissing(client)(resource, wanted);
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
