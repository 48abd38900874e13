import { isJsonObject } from '../../../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Storage } from '../../storage/storage.ts';
import type { ApiResource } from './api-resource.ts';
import type { RequestAuthorizer } from '../filters/authorization.ts';
import { adminAccessProblems } from './device-admin-access.ts';
import { deviceStatusProblems } from './device-status-access.ts';
import { podCertificateSigningProblems } from './pod-certificate-signing.ts';
import type { StoreHooks } from './store.ts';

/** What built-in resources do around the generic writes. */
export function builtInHooks(
  resource: ApiResource,
  storage: Storage,
  authorizer: RequestAuthorizer,
  now: () => number,
): StoreHooks {
  const { group, resource: name } = resource.groupResource;
  if (group === 'resource.k8s.io') {
    const isClaim = name === 'resourceclaims';
    return {
      async problems(object, old, context) {
        const problems = await adminAccessProblems(storage, name, object, old, context);
        const { asked } = context;
        if (!isClaim || context.subresource !== 'status' || asked === undefined || old === undefined) return problems;
        return [...problems, ...(await deviceStatusProblems(authorizer, asked, object, old))];
      },
    };
  }
  if (group === 'certificates.k8s.io' && name === 'podcertificaterequests') {
    return {
      problems: async (object, old, context) =>
        old === undefined || context.subresource !== 'status'
          ? []
          : podCertificateSigningProblems(authorizer, object, old, context),
    };
  }
  if (group === '' && name === 'namespaces') return namespaceHooks;
  return group === 'apiextensions.k8s.io' && name === 'customresourcedefinitions' ? definitionHooks(now) : {};
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
  keepsOnDelete: (object) => object.metadata.deletionTimestamp === undefined || specFinalizers(object) > 0,
  // What ends already is left alone until its content is gone.
  keepsFinalizers: (object) => object.metadata.deletionTimestamp !== undefined && specFinalizers(object) > 0,
  markDeleting(object) {
    delete object.metadata.deletionGracePeriodSeconds;
    object['status'] = { ...(isJsonObject(object['status']) ? object['status'] : {}), phase: 'Terminating' };
  },
};

function specFinalizers(object: Unstructured): number {
  const finalizers = isJsonObject(object['spec']) ? object['spec']['finalizers'] : undefined;
  return Array.isArray(finalizers) ? finalizers.length : 0;
}

const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** A definition goes after its instances: a delete marks it, and who serves it takes the finalizer away. */
function definitionHooks(now: () => number): StoreHooks {
  return {
    keepsGeneration: true,
    keepsOnDelete: ({ metadata }) => metadata.deletionTimestamp === undefined,
    keepsFinalizers: ({ metadata }) => metadata.deletionTimestamp === undefined,
    markDeleting(object) {
      delete object.metadata.deletionGracePeriodSeconds;
      const finalizers = object.metadata.finalizers ?? [];
      if (!finalizers.includes(cleanupFinalizer)) object.metadata.finalizers = [...finalizers, cleanupFinalizer];
      const status = isJsonObject(object['status']) ? object['status'] : {};
      const conditions = Array.isArray(status['conditions']) ? status['conditions'] : [];
      const pending = {
        lastTransitionTime: formatTime(now()),
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
        reason: 'InstanceDeletionPending',
        status: 'True',
        type: 'Terminating',
      };
      const others = conditions.filter((condition) => !isJsonObject(condition) || condition['type'] !== 'Terminating');
      object['status'] = { ...status, conditions: [...others, pending] };
    },
  };
}
