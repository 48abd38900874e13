import { isJsonObject } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { ApiResource } from './api-resource.ts';
import type { StoreHooks } from './store.ts';

/** What built-in resources do around the generic writes. */
export function builtInHooks(resource: ApiResource): StoreHooks {
  return resource.gvk.group === '' && resource.definition.resource === 'namespaces' ? namespaceHooks : {};
}

/**
 * A namespace goes in two steps: a delete marks it as terminating, the namespace controller empties it and takes
 * `kubernetes` out of spec.finalizers through the finalize subresource, and the next delete takes it away.
 */
const namespaceHooks: StoreHooks = {
  beginCreate(object) {
    const spec = isJsonObject(object['spec']) ? object['spec'] : {};
    const finalizers = Array.isArray(spec['finalizers']) ? spec['finalizers'] : [];
    object['spec'] = {
      ...spec,
      finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
    };
    object['status'] = { phase: 'Active' };
    return Promise.resolve(undefined);
  },
  keepsOnDelete: (object) => specFinalizers(object) > 0,
  markDeleting(object) {
    delete object.metadata.deletionGracePeriodSeconds;
    object['status'] = { ...(isJsonObject(object['status']) ? object['status'] : {}), phase: 'Terminating' };
  },
};

function specFinalizers(object: Unstructured): number {
  const finalizers = isJsonObject(object['spec']) ? object['spec']['finalizers'] : undefined;
  return Array.isArray(finalizers) ? finalizers.length : 0;
}
