import { equalJson } from '../apimachinery/json.ts';
import { formatTime, type ManagedFieldsEntry, type Unstructured } from '../apimachinery/object-meta.ts';
import {
  compareVersions,
  type FieldWriter,
  filterFields,
  type ManagedKind,
  releaseFields,
  stripMetadata,
  withManagers,
} from './field-ownership.ts';
import { capUpdateManagers, decodeManagers, managerKey, type Managers, newUpdateEntry } from './managed-entries.ts';

export type { FieldWriter, KindVersion, ManagedKind } from './field-ownership.ts';
export { applyManagedFields } from './server-side-apply.ts';

/**
 * Records an ordinary write in metadata.managedFields: what it added or changed now belongs to its manager, what it
 * removed to nobody (KEP-555; k8s.io/apimachinery's managedfields). The object is changed and returned. Entries that
 * the write does not touch are carried over unread.
 * @param live the stored object; for a create the empty object of its kind, or undefined.
 */
export function updateManagedFields(
  live: Unstructured | undefined,
  object: Unstructured,
  kind: ManagedKind,
  writer: FieldWriter,
): Unstructured {
  const managers = startingManagers(live, object, writer.subresource !== '');
  const isCreate = live?.metadata.uid === undefined || live.metadata.uid === '';
  if (managers.size === 0 && !isCreate) {
    // Nobody is tracked here since the fields were reset; tracking begins again with the first apply.
    delete object.metadata.managedFields;
    return object;
  }
  const difference = compareVersions(live ?? kind.empty?.(), object, kind);
  const taken = stripMetadata(filterFields(difference.own.added.union(difference.own.modified), kind));
  const own = releaseFields(managers, difference, kind);
  if (!taken.isEmpty()) {
    const key = managerKey(writer.manager, 'Update', kind.apiVersion, writer.subresource);
    const entry = own.get(key) ?? newUpdateEntry(writer.manager, kind.apiVersion, writer.subresource);
    entry.fields = entry.fields.union(taken);
    entry.time = formatTime(writer.now);
    own.set(key, entry);
  }
  capUpdateManagers(own);
  return withManagers(object, own);
}

/**
 * Who owned what before a write. An empty list in the new object asks for a reset, no list keeps what was there, and a
 * subresource cannot say anything.
 */
function startingManagers(live: Unstructured | undefined, object: Unstructured, isSubresource: boolean): Managers {
  const given = isSubresource ? undefined : object.metadata.managedFields;
  const stored = live?.metadata.managedFields;
  if (given !== undefined) {
    if (isReset(given)) return new Map();
    if (!equalJson(given, stored)) {
      try {
        const managers = decodeManagers(given);
        for (const entry of managers.values()) entry.normalize();
        return managers;
      } catch {
        // What cannot be read does not replace what is there.
      }
    }
  }
  try {
    return decodeManagers(stored);
  } catch {
    return new Map();
  }
}

function isReset(given: readonly ManagedFieldsEntry[]): boolean {
  const [first, ...others] = given;
  return first === undefined || (others.length === 0 && Object.keys(first).length === 0);
}
