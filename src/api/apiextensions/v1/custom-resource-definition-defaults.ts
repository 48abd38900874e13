import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { CustomResourceDefinition } from '../../types/apiextensions-v1.ts';
import { versionsOf } from './version-validation.ts';

/** Names that follow from others, no conversion, and the version that has been stored at least. */
export function setCustomResourceDefinitionDefaults(object: Unstructured): void {
  const { spec, status } = object as unknown as CustomResourceDefinition;
  if (spec === undefined) return;
  if (status !== undefined && (status.storedVersions ?? []).length === 0) {
    const storage = versionsOf(spec).find((version) => version.storage)?.name;
    if (storage !== undefined) status.storedVersions = [storage];
  }
  if ((spec.names.singular ?? '') === '') spec.names.singular = spec.names.kind.toLowerCase();
  if ((spec.names.listKind ?? '') === '' && spec.names.kind !== '') spec.names.listKind = `${spec.names.kind}List`;
  const conversion = (spec.conversion ??= { strategy: 'None' });
  const { webhook } = conversion;
  const service = webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= 443;
  // The real server's own form has nothing that says only that there is a webhook.
  const versions = webhook?.conversionReviewVersions as readonly string[] | null | undefined;
  if (webhook !== undefined && webhook.clientConfig === undefined && (versions ?? undefined) === undefined) {
    delete conversion.webhook;
  }
}
