import { equalSemantic } from '../../apimachinery/semantic-equality.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';

/** Whether an update changes no more than what the garbage collector writes: owners and finalizers. */
export function changesOnlyCollectionFields(object: Unstructured, old: Unstructured): boolean {
  const rest = ({ metadata, ...fields }: Unstructured): unknown => ({
    ...fields,
    metadata: {
      ...metadata,
      ownerReferences: undefined,
      finalizers: undefined,
      managedFields: undefined,
      resourceVersion: undefined,
      generation: undefined,
    },
  });
  return equalSemantic(rest(object), rest(old));
}
