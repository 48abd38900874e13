import type { Namespace } from '../../api/types/core-v1.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import type { DiscoveredResource } from '../../apimachinery/discovery-document.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController } from './keyed-controller.ts';
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
      const resources = (await deletableResources(context.client)).filter((resource) => resource.namespaced);
      const left = await Promise.all(resources.map((resource) => empty(context, resource, name)));
      if (left.some((count) => count > 0)) {
        queue.addAfter(name, againMillis);
        return;
      }
      await finalize(context, namespace);
    },
  });
}

/** @returns how many objects are still there. */
async function empty(context: ControllerContext, resource: DiscoveredResource, namespace: string): Promise<number> {
  const gvr = { group: resource.group, version: resource.version, resource: resource.name };
  const client = context.client.resource(gvr, namespace);
  try {
    const found = await client.list({ limit: 1 });
    if (found.items.length === 0) return 0;
    if (resource.verbs.includes('deletecollection')) {
      await client.deleteCollection({ propagationPolicy: 'Background' });
    } else {
      const all = await client.list();
      for (const item of all.items) await client.delete(item.metadata.name ?? '');
    }
    return (await client.list({ limit: 1 })).items.length;
  } catch (error) {
    // A resource that went away meanwhile has nothing left.
    if (error instanceof StatusError && (error.code === 404 || error.code === 405)) return 0;
    throw error;
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
