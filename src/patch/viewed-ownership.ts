import type { ManagedFieldsEntry } from '../apimachinery/object-meta.ts';
import { decodeManagers, encodeManagers, managerKey, ManagerEntry, type Managers } from './managed-entries.ts';
import { FieldSet } from './structured-merge/field-set.ts';

/** A field of an object and where a view of the object shows it: `.spec.count` as `.spec.replicas` of a scale. */
export interface ViewedField {
  /** apiVersion of the object. */
  readonly apiVersion: string;
  /** Names from the object to the field. */
  readonly path: readonly string[];
  /** apiVersion of the view. */
  readonly viewApiVersion: string;
  readonly viewPath: readonly string[];
}

/** Who owns the field, as entries of the view's managedFields. */
export function ownersInView(
  entries: readonly ManagedFieldsEntry[] | undefined,
  field: ViewedField,
): ManagedFieldsEntry[] {
  const owned = setOf(field.path);
  const viewed: Managers = new Map();
  for (const entry of decodeManagers(entries).values()) {
    if (entry.isTouchedBy(owned)) put(viewed, entry, field.viewApiVersion, setOf(field.viewPath));
  }
  return encodeManagers(viewed);
}

/**
 * The object's managedFields after a write through the view, which takes the field away from those who wrote it without
 * applying: whom the view still names gets an entry of its own, which has no time.
 */
export function ownersAfterView(
  entries: readonly ManagedFieldsEntry[] | undefined,
  viewEntries: readonly ManagedFieldsEntry[] | undefined,
  field: ViewedField,
): ManagedFieldsEntry[] {
  const owned = setOf(field.path);
  const viewed = decodeManagers(viewEntries);
  // What else the view has is made up for it.
  for (const [key, entry] of viewed) if (!entry.isTouchedBy(setOf(field.viewPath))) viewed.delete(key);
  const managers = decodeManagers(entries);
  for (const [key, entry] of managers) {
    // The keys of updates hold the version, and that of the view is another.
    if (!entry.isTouchedBy(owned) || viewed.delete(key)) continue;
    entry.fields = entry.fields.difference(owned);
    if (entry.isEmpty()) managers.delete(key);
  }
  for (const [key, { manager, operation, subresource }] of viewed) {
    const entry = new ManagerEntry({ manager, operation, apiVersion: field.apiVersion, subresource });
    entry.fields = owned;
    managers.set(key, entry);
  }
  return encodeManagers(managers);
}

function put(managers: Managers, entry: ManagerEntry, apiVersion: string, fields: FieldSet): void {
  const { manager, operation, subresource } = entry;
  const copy = new ManagerEntry({ manager, operation, apiVersion, subresource });
  copy.fields = fields;
  copy.time = entry.time;
  managers.set(managerKey(manager, operation, apiVersion, subresource), copy);
}

function setOf(path: readonly string[]): FieldSet {
  const [field = '', ...rest] = path;
  const inner = rest.length === 0 ? {} : setOf(rest).toFieldsV1();
  return FieldSet.fromFieldsV1({ [`f:${field}`]: inner });
}
