import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { CustomResourceDefinition } from '../../types/apiextensions-v1.ts';

/** Names that follow from others, and no conversion. */
export function setCustomResourceDefinitionDefaults(object: Unstructured): void {
  const { spec } = object as unknown as CustomResourceDefinition;
  if (spec === undefined) return;
  if ((spec.names.singular ?? '') === '') spec.names.singular = spec.names.kind.toLowerCase();
  if ((spec.names.listKind ?? '') === '' && spec.names.kind !== '') spec.names.listKind = `${spec.names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
}
