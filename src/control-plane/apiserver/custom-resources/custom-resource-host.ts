import type { CustomResourceDefinition } from '../../../api/types/apiextensions-v1.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { formatTime } from '../../../apimachinery/object-meta.ts';
import type { SchemaSource } from '../../../apimachinery/schema.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';
import type { Informer } from '../../../client/informer.ts';
import type { RuleTimes } from './custom-strategy.ts';
import { createWorkqueue, runWorkers, type WorkqueueObserver } from '../../../client/workqueue.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import type { ApiResource, ResourceRegistry } from '../registry/api-resource.ts';
import type { ConversionWorld } from './conversion-webhook.ts';
import { customResources } from './custom-resource.ts';
import { acceptNames, type ConditionState, mergeConditions } from './naming.ts';

export interface CustomResourceHostOptions {
  readonly registry: ResourceRegistry;
  readonly builtInTypes: SchemaSource;
  /** What conversions by webhook need. */
  readonly conversion: ConversionWorld;
  readonly client: Client;
  readonly definitions: Informer<CustomResourceDefinition>;
  readonly clock: Clock;
  readonly queueObserver?: WorkqueueObserver;
  /** Measures validation rules. */
  readonly ruleTimes?: RuleTimes;
  readonly log: Logger;
}

/** Serves what CustomResourceDefinitions define, as long as they are there. */
export interface CustomResourceHost {
  start(): void;
  stop(): Promise<void>;
}

const crdsResource = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' } as const;
const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/**
 * Accepts the names of definitions (or says which are taken), serves their resources, and empties them before a
 * definition goes.
 */
export function createCustomResourceHost(options: CustomResourceHostOptions): CustomResourceHost {
  const { registry, client, clock, definitions } = options;
  const queue = createWorkqueue<string>({ clock, observer: options.queueObserver });
  /** Group, version and resource of what each definition serves now. */
  const served = new Map<string, readonly { group: string; version: string; resource: string }[]>();

  const withdraw = (name: string): void => {
    for (const { group, version, resource } of served.get(name) ?? []) registry.remove(group, version, resource);
    served.delete(name);
  };

  /** A group version that the server has of its own hides the resources that definitions put into it. */
  const isHidden = ({ definition }: ApiResource): boolean =>
    registry
      .all()
      .some(
        ({ custom, definition: { group, version } }) =>
          !custom && group === definition.group && version === definition.version,
      );

  const publish = (crd: CustomResourceDefinition): void => {
    const name = crd.metadata.name ?? '';
    const before = served.get(name) ?? [];
    const all = customResources(crd, options.builtInTypes, options.conversion, options.ruleTimes);
    const resources = all.filter((resource) => !isHidden(resource));
    const now = resources.map(({ definition }) => ({
      group: definition.group,
      version: definition.version,
      resource: definition.resource,
    }));
    for (const old of before) {
      if (!now.some((entry) => equalJson(entry, old))) registry.remove(old.group, old.version, old.resource);
    }
    for (const resource of resources) registry.add(resource);
    served.set(name, now);
  };

  const sync = async (name: string): Promise<void> => {
    const crd = definitions.get('', name);
    if (crd === undefined) withdraw(name);
    else if (crd.metadata.deletionTimestamp !== undefined) await finish(crd);
    else {
      const named = await updateNames(client, crd, definitions.list(), clock.now());
      if (isEstablished(named)) publish(named);
    }
  };

  /** All instances go before the definition does. */
  const finish = async (crd: CustomResourceDefinition): Promise<void> => {
    const name = crd.metadata.name ?? '';
    const served1 = served.get(name)?.[0];
    const isKept = crd.metadata.finalizers?.includes(cleanupFinalizer) === true;
    if (!isKept) {
      withdraw(name);
      return;
    }
    try {
      const current = await client.resource<CustomResourceDefinition>(crdsResource).get(name);
      const marked = await setConditions(client, current, [terminating], clock.now());
      // From now on it only goes.
      if (served1 !== undefined && isEstablished(crd)) publish(marked);
      if (served1 !== undefined && isEstablished(crd) && !(await deleteInstances(client, served1, crd))) {
        queue.addAfter(name, 500);
        return;
      }
      withdraw(name);
      const finalizers = (marked.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
      await client
        .resource<CustomResourceDefinition>(crdsResource)
        .update({ ...marked, metadata: { ...marked.metadata, finalizers } });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  };

  const enqueue = (crd: CustomResourceDefinition): void => queue.add(crd.metadata.name ?? '');
  /** Names that one gives up (or takes) matter to all others of its group. */
  const enqueueGroup = (crd: CustomResourceDefinition): void => {
    enqueue(crd);
    for (const other of definitions.list()) if (other.spec.group === crd.spec.group) enqueue(other);
  };
  definitions.addHandler({ added: enqueue, updated: enqueueGroup, deleted: enqueueGroup });
  let running: Promise<void> | undefined;
  return {
    start() {
      running ??= runWorkers(queue, 1, sync, (name, error) => {
        options.log.warn('serving a custom resource failed, will be tried again', { name, error: String(error) });
      });
    },
    async stop() {
      queue.shutDown();
      await running;
    },
  };
}

const terminating = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
} as const;

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') === true
  );
}

/** Deletes every instance. @returns whether none is left */
async function deleteInstances(
  client: Client,
  resource: { readonly group: string; readonly version: string; readonly resource: string },
  crd: CustomResourceDefinition,
): Promise<boolean> {
  const all = await client.resource(resource).list();
  const isNamespaced = crd.spec.scope === 'Namespaced';
  const namespaces = isNamespaced ? [...new Set(all.items.map((item) => item.metadata.namespace ?? ''))] : [undefined];
  for (const namespace of namespaces) await client.resource(resource, namespace).deleteCollection();
  const left = await client.resource(resource).list({ limit: 1 });
  return left.items.length === 0;
}

/** Writes down which names a definition gets. */
async function updateNames(
  client: Client,
  crd: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
  now: number,
): Promise<CustomResourceDefinition> {
  const { acceptedNames, conditions } = acceptNames(crd, all);
  const status = {
    ...crd.status,
    acceptedNames,
    conditions: mergeConditions(crd.status?.conditions ?? [], conditions, formatTime(now)),
  };
  return writeStatus(client, crd, status);
}

async function setConditions(
  client: Client,
  crd: CustomResourceDefinition,
  states: readonly ConditionState[],
  now: number,
): Promise<CustomResourceDefinition> {
  const conditions = mergeConditions(crd.status?.conditions ?? [], states, formatTime(now));
  return writeStatus(client, crd, { ...crd.status, conditions });
}

async function writeStatus(
  client: Client,
  crd: CustomResourceDefinition,
  status: CustomResourceDefinition['status'],
): Promise<CustomResourceDefinition> {
  if (status === undefined || equalJson(status, crd.status ?? {})) return crd;
  return client.resource<CustomResourceDefinition>(crdsResource).update({ ...crd, status }, { subresource: 'status' });
}
