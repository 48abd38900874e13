import type { Namespace } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { forbidden, hasReason, internalError, notFound, StatusError } from '../../apimachinery/status.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);
const namespacesResource = { group: '', version: 'v1', resource: 'namespaces' } as const;

/** Nothing is created in a namespace that does not exist or is going; the system's own cannot be deleted. */
export function namespaceLifecycle(context: Pick<AdmissionContext, 'client' | 'informer'>): AdmissionPlugin {
  const namespaces = context.informer<Namespace>(namespacesResource);
  const find = async (name: string): Promise<Namespace | undefined> => {
    const known = namespaces.get('', name);
    if (known !== undefined) return known;
    try {
      return await context.client.resource<Namespace>(namespacesResource).get(name);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error instanceof StatusError ? error : internalError(messageOf(error));
    }
  };
  return {
    name: 'NamespaceLifecycle',
    async admit(attributes) {
      const { operation, resource, subresource, namespace, name, kind } = attributes;
      if (operation === 'DELETE' && kind.group === '' && kind.kind === 'Namespace' && immortal.has(name)) {
        throw forbidden(resource, name, 'this namespace may not be deleted');
      }
      if (namespace === '' || (kind.kind === 'Namespace' && kind.group === '')) return;
      if (operation !== 'CREATE' || isAccessReview(resource.resource)) return;
      const found = await find(namespace);
      if (found === undefined) throw notFound(namespacesResource, namespace);
      const isGoing = found.metadata.deletionTimestamp !== undefined || found.status?.phase === 'Terminating';
      if (!isGoing || subresource !== '') return;
      throw terminating(attributes);
    },
  };
}

function isAccessReview(resource: string): boolean {
  return resource === 'localsubjectaccessreviews';
}

function terminating(attributes: AdmissionAttributes): StatusError {
  const { namespace } = attributes;
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const error = refusal(attributes, message);
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return new StatusError({
    message: error.message,
    reason: 'Forbidden',
    details: { ...error.status.details, causes: [cause] },
    code: 403,
  });
}
