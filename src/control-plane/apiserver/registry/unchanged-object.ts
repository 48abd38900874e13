import { equalJson, equalTexts } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import type { StoredValue } from '../../storage/storage.ts';
import type { ApiResource } from './api-resource.ts';

/** Whether an object is stored as it is already, so that nothing has to be written. */
export function isSameObject(
  { definition }: ApiResource,
  bytes: Uint8Array,
  existing: StoredValue,
  object: Unstructured,
  old: Unstructured,
): boolean {
  if (existing.isStale === true) return false;
  const isNew = existing.createRevision === existing.modRevision;
  if (isNew && definition.strategy?.isStoredWithoutDefaults?.(old) === true) return false;
  if (Buffer.compare(bytes, existing.value) === 0) return true;
  return equalTexts(object, old) && equalJson(withMetadata(object, {}), withMetadata(old, {}));
}

/**
 * Leaves the times of those who own fields as they were where an update changes nothing else. Whoever notes the owners
 * cannot know: an apply takes out what is filled in again later, such as defaults and the time of creation.
 * @param object prepared and with its defaults; changed
 */
export function keepTimesOfUnchanged(resource: ApiResource, object: Unstructured, old: Unstructured): void {
  const { managedFields: entries = [] } = object.metadata;
  const { managedFields: before = [] } = old.metadata;
  if (entries.length !== before.length || entries.every(({ time }, index) => time === before[index]?.time)) return;
  const isSameButTime = entries.every((entry, index) =>
    equalJson({ ...entry, time: '' }, { ...before[index], time: '' }),
  );
  if (!isSameButTime || !equalTexts(object, old)) return;
  const isEqual = resource.custom ? equalJson : equalSemantic;
  const managedFields = old.metadata.managedFields ?? [];
  if (isEqual(withMetadata(object, { managedFields }), withMetadata(old, {}))) {
    object.metadata.managedFields = managedFields;
  }
}

/** An object with other metadata; its version says nothing of what it holds. */
function withMetadata(object: Unstructured, metadata: Partial<Unstructured['metadata']>): Unstructured {
  return { ...object, metadata: { ...object.metadata, ...metadata, resourceVersion: '' } };
}
