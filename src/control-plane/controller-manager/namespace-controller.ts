import type { Namespace } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import type { DiscoveredResource } from '../../apimachinery/discovery-document.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController } from './keyed-controller.ts';
import { type ContentState, namespaceConditions, type RemainingContent } from './namespace-conditions.ts';
import { deletableResources } from './served-resources.ts';

const namespacesResource = { group: '', version: 'v1', resource: 'namespaces' } as const;
const kubernetesFinalizer = 'kubernetes';
const againMillis = 500;

/** Empties namespaces that are being deleted, whatever is in them, and lets them go. */
export function createNamespaceController(context: ControllerContext): Controller {
  const namespaces = context.informers.informer<Namespace>(namespacesResource);
  return createKeyedController({
    name: 'namespace-controller',
    context,
    register(queue) {
      const enqueue = (namespace: Namespace): void => {
        if (namespace.metadata.deletionTimestamp !== undefined) queue.add(namespace.metadata.name ?? '');
      };
      namespaces.addHandler({ added: enqueue, updated: enqueue });
    },
    async sync(name, queue) {
      const namespace = namespaces.get('', name);
      if (namespace?.metadata.deletionTimestamp === undefined) return;
      const state = await emptyAll(context, name);
      if (isEmpty(state)) {
        await finalize(context, namespace);
        return;
      }
      await report(context, namespace, state);
      queue.addAfter(name, againMillis);
    },
  });
}

function isEmpty({ discoveryFailure, failures, remaining }: ContentState): boolean {
  return discoveryFailure === undefined && failures.length === 0 && remaining.length === 0;
}

/**
 * Deletes what is in a namespace, pods before everything else: what they use stays for as long as they run (KEP-5080).
 * Each kind for itself: one that fails does not hold up the others.
 */
async function emptyAll(context: ControllerContext, namespace: string): Promise<ContentState> {
  let resources: readonly DiscoveredResource[];
  try {
    resources = (await deletableResources(context.client)).filter((resource) => resource.namespaced);
  } catch (error) {
    return { discoveryFailure: messageOf(error), failures: [], remaining: [] };
  }
  const failures: string[] = [];
  const emptyEach = async (kinds: readonly DiscoveredResource[]): Promise<RemainingContent[]> => {
    const results = kinds.map((resource) =>
      empty(context, resource, namespace).catch((error: unknown) => {
        failures.push(messageOf(error));
        return undefined;
      }),
    );
    const contents = (await Promise.all(results)).filter((content) => content !== undefined);
    return contents.filter(({ count }) => count > 0);
  };
  const pods = await emptyEach(resources.filter(isPods));
  const others = pods.length > 0 ? [] : await emptyEach(resources.filter((resource) => !isPods(resource)));
  return { discoveryFailure: undefined, failures, remaining: [...pods, ...others] };
}

function isPods({ group, name }: DiscoveredResource): boolean {
  return group === '' && name === 'pods';
}

/** Deletes the objects of one kind. @returns what is still there */
async function empty(
  context: ControllerContext,
  resource: DiscoveredResource,
  namespace: string,
): Promise<RemainingContent> {
  const gvr = { group: resource.group, version: resource.version, resource: resource.name };
  const client = context.client.resource(gvr, namespace);
  const nothing: RemainingContent = { resource: `${gvr.resource}.${gvr.group}`, count: 0, finalizers: new Map() };
  try {
    // Deleting a collection takes what initializers still hold back, too (Kubernetes up to 1.13; others do not listen).
    const all = { includeUninitialized: true };
    if ((await client.list({ ...all, limit: 1 })).items.length === 0) return nothing;
    if (resource.verbs.includes('deletecollection')) {
      await client.deleteCollection({ propagationPolicy: 'Background' });
    } else {
      for (const item of (await client.list(all)).items) await client.delete(item.metadata.name ?? '');
    }
    const { items } = await client.list(all);
    const finalizers = new Map<string, number>();
    for (const finalizer of items.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
      finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
    }
    return { ...nothing, count: items.length, finalizers };
  } catch (error) {
    // A resource that went away meanwhile has nothing left.
    if (error instanceof StatusError && (error.code === 404 || error.code === 405)) return nothing;
    throw error;
  }
}

/** Says in the namespace's status what is waited for. */
async function report(context: ControllerContext, namespace: Namespace, state: ContentState): Promise<void> {
  const known = namespace.status?.conditions ?? [];
  const conditions = namespaceConditions(known, state, context.clock.now());
  if (equalJson(conditions, known)) return;
  const status = { ...namespace.status, conditions };
  try {
    await context.client
      .resource<Namespace>(namespacesResource)
      .update({ ...namespace, status }, { subresource: 'status' });
  } catch (error) {
    if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
  }
}

async function finalize(context: ControllerContext, namespace: Namespace): Promise<void> {
  const { name = '', uid } = namespace.metadata;
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== kubernetesFinalizer);
  try {
    await context.client.request({
      method: 'PUT',
      path: `/api/v1/namespaces/${name}/finalize`,
      body: { ...namespace, spec: { ...namespace.spec, finalizers } },
    });
    await context.client.resource<Namespace>(namespacesResource).delete(name, preconditions);
  } catch (error) {
    if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
  }
}
