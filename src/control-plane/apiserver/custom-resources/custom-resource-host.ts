import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../../../api/types/apiextensions-v1.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { formatTime } from '../../../apimachinery/object-meta.ts';
import type { SchemaSource } from '../../../apimachinery/schema.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';
import type { Informer } from '../../../client/informer.ts';
import { createWorkqueue, runWorkers } from '../../../client/workqueue.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import type { ResourceRegistry } from '../registry/api-resource.ts';
import { customResources } from './custom-resource.ts';

export interface CustomResourceHostOptions {
  readonly registry: ResourceRegistry;
  readonly builtInTypes: SchemaSource;
  readonly client: Client;
  readonly definitions: Informer<CustomResourceDefinition>;
  readonly clock: Clock;
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
  const queue = createWorkqueue<string>({ clock });
  /** Group, version and resource of what each definition serves now. */
  const served = new Map<string, readonly { group: string; version: string; resource: string }[]>();

  const withdraw = (name: string): void => {
    for (const { group, version, resource } of served.get(name) ?? []) registry.remove(group, version, resource);
    served.delete(name);
  };

  const publish = (crd: CustomResourceDefinition): void => {
    const name = crd.metadata.name ?? '';
    const before = served.get(name) ?? [];
    const resources = customResources(crd, options.builtInTypes);
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
    if (crd === undefined) {
      withdraw(name);
      return;
    }
    if (crd.metadata.deletionTimestamp !== undefined) {
      await finish(crd);
      return;
    }
    const conflict = nameConflict(crd, definitions.list());
    const accepted = await acceptNames(client, crd, conflict, clock.now());
    if (conflict === undefined) publish(accepted);
  };

  /** All instances go before the definition does. */
  const finish = async (crd: CustomResourceDefinition): Promise<void> => {
    const name = crd.metadata.name ?? '';
    const served1 = served.get(name)?.[0];
    if (served1 !== undefined && crd.metadata.finalizers?.includes(cleanupFinalizer) === true) {
      const all = await client.resource(served1).list();
      const isNamespaced = crd.spec.scope === 'Namespaced';
      const namespaces = isNamespaced
        ? [...new Set(all.items.map((item) => item.metadata.namespace ?? ''))]
        : [undefined];
      for (const namespace of namespaces) await client.resource(served1, namespace).deleteCollection();
      const left = await client.resource(served1).list({ limit: 1 });
      if (left.items.length > 0) {
        queue.addAfter(name, 500);
        return;
      }
    }
    withdraw(name);
    const finalizers = (crd.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
    try {
      const current = await client.resource<CustomResourceDefinition>(crdsResource).get(name);
      await client
        .resource<CustomResourceDefinition>(crdsResource)
        .update({ ...current, metadata: { ...current.metadata, finalizers } });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  };

  const enqueue = (crd: CustomResourceDefinition): void => queue.add(crd.metadata.name ?? '');
  definitions.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
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

/** Why a definition's names cannot be accepted: another one of its group has them. */
function nameConflict(crd: CustomResourceDefinition, all: readonly CustomResourceDefinition[]): string | undefined {
  const { names, group } = crd.spec;
  for (const other of all) {
    if (other.metadata.name === crd.metadata.name || other.spec.group !== group) continue;
    const taken = other.status?.acceptedNames;
    if (taken === undefined || taken.plural === '') continue;
    const theirs = new Set([taken.plural, taken.singular ?? '', ...(taken.shortNames ?? [])]);
    for (const name of [names.plural, names.singular ?? '', ...(names.shortNames ?? [])]) {
      if (name !== '' && theirs.has(name)) return `"${name}" is already in use`;
    }
    if (taken.kind === names.kind) return `"${names.kind}" is already in use`;
  }
  return undefined;
}

async function acceptNames(
  client: Client,
  crd: CustomResourceDefinition,
  conflict: string | undefined,
  now: number,
): Promise<CustomResourceDefinition> {
  const time = formatTime(now);
  const condition = (
    type: string,
    status: string,
    reason: string,
    message: string,
  ): CustomResourceDefinitionCondition => {
    const before = crd.status?.conditions?.find((candidate) => candidate.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return { lastTransitionTime: since ?? time, message, reason, status, type };
  };
  const isAccepted = conflict === undefined;
  const { names, versions } = crd.spec;
  const acceptedNames = {
    ...names,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
  };
  const storage = versions.find((version) => version.storage)?.name ?? '';
  const stored = crd.status?.storedVersions ?? [];
  const status = {
    ...crd.status,
    acceptedNames: isAccepted ? acceptedNames : (crd.status?.acceptedNames ?? { kind: '', plural: '' }),
    conditions: [
      isAccepted
        ? condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found')
        : condition('NamesAccepted', 'False', 'PluralConflict', conflict),
      isAccepted
        ? condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted')
        : condition('Established', 'False', 'NotAccepted', 'not all names are accepted'),
    ],
    storedVersions: stored.includes(storage) ? stored : [...stored, storage],
  };
  const finalizers = crd.metadata.finalizers ?? [];
  let current = crd;
  if (!equalJson(status, crd.status ?? {})) {
    current = await client
      .resource<CustomResourceDefinition>(crdsResource)
      .update({ ...crd, status }, { subresource: 'status' });
  }
  if (!finalizers.includes(cleanupFinalizer)) {
    current = await client.resource<CustomResourceDefinition>(crdsResource).update({
      ...current,
      metadata: { ...current.metadata, finalizers: [...finalizers, cleanupFinalizer] },
    });
  }
  return current;
}
