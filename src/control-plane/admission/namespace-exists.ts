import type { Namespace } from '../../api/types/core-v1.ts';
import { hasReason, notFound, StatusError } from '../../apimachinery/status.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import { refusal } from './refusal.ts';

const namespacesResource = { group: '', version: 'v1', resource: 'namespaces' } as const;

function isInNamespace({ namespace, kind }: AdmissionAttributes): boolean {
  return namespace !== '' && !(kind.group === '' && kind.kind === 'Namespace');
}

/** Refuses whatever is written in a namespace that does not exist. */
export function namespaceExists(context: AdmissionContext): AdmissionPlugin {
  const lookUp = getWithFallback<Namespace>(context, namespacesResource);
  return {
    name: 'NamespaceExists',
    async validate(attributes) {
      if (!isInNamespace(attributes) || attributes.operation === 'CONNECT') return;
      if ((await lookUp('', attributes.namespace)) !== undefined) return;
      throw notFound(namespacesResource, attributes.namespace);
    },
  };
}

/** Makes the namespace that something is created in. */
export function namespaceAutoProvision(context: AdmissionContext): AdmissionPlugin {
  const lookUp = getWithFallback<Namespace>(context, namespacesResource);
  return {
    name: 'NamespaceAutoProvision',
    async admit(attributes) {
      if (!isInNamespace(attributes) || attributes.operation !== 'CREATE' || attributes.dryRun) return;
      if ((await lookUp('', attributes.namespace)) !== undefined) return;
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: attributes.namespace } };
      try {
        await context.client.resource<Namespace>(namespacesResource).create(namespace);
      } catch (error) {
        // Somebody else may have made it just then.
        if (hasReason(error, 'AlreadyExists')) return;
        if (!(error instanceof StatusError)) throw error;
        throw refusal(attributes, error.message);
      }
    },
  };
}
