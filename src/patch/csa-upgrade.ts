import { equalJson, type JsonValue } from '../apimachinery/json.ts';
import type { ManagedFieldsEntry, Unstructured } from '../apimachinery/object-meta.ts';
import type { JsonPatchOperation } from './json-patch.ts';
import { lastAppliedAnnotation } from './last-applied.ts';
import { FieldSet, type FieldsV1 } from './structured-merge/field-set.ts';

const lastAppliedField = FieldSet.of(['f:metadata', 'f:annotations', `f:${lastAppliedAnnotation}`]);

/**
 * The managers that applied from the client's side: those whose updates own the last-applied annotation.
 * `kubectl apply --server-side` moves their fields over to itself.
 */
export function clientSideApplyManagers(object: Unstructured): Set<string> {
  const owners = (object.metadata.managedFields ?? []).filter(
    (entry) => entry.operation === 'Update' && lastAppliedField.difference(fieldsOf(entry)).isEmpty(),
  );
  return new Set(owners.map(({ manager = '' }) => manager));
}

/** Whether a server-side manager owns the last-applied annotation already. */
export function isLastAppliedOwnedByApply(object: Unstructured): boolean {
  return (object.metadata.managedFields ?? []).some(
    (entry) => entry.operation === 'Apply' && lastAppliedField.difference(fieldsOf(entry)).isEmpty(),
  );
}

/**
 * Managed fields in which what client-side managers own belongs to a server-side manager (client-go's csaupgrade).
 * Without an entry of the server-side manager the first entry of a client-side one becomes it; an entry of the same
 * version is merged into it; the others of that name are dropped.
 */
export function upgradeManagedFields(
  entries: readonly ManagedFieldsEntry[],
  clientSideManagers: Iterable<string>,
  serverSideManager: string,
  subresource = '',
): ManagedFieldsEntry[] {
  let result = [...entries];
  for (const manager of clientSideManagers) result = upgradeManager(result, manager, serverSideManager, subresource);
  return result;
}

function upgradeManager(
  entries: ManagedFieldsEntry[],
  clientSideManager: string,
  serverSideManager: string,
  subresource: string,
): ManagedFieldsEntry[] {
  const isAt = (entry: ManagedFieldsEntry): boolean => (entry.subresource ?? '') === subresource;
  const isClientSide = (entry: ManagedFieldsEntry): boolean =>
    entry.manager === clientSideManager && entry.operation === 'Update' && isAt(entry);
  let index = entries.findIndex(
    (entry) => entry.manager === serverSideManager && entry.operation === 'Apply' && isAt(entry),
  );
  if (index < 0) index = entries.findIndex(isClientSide);
  const found = entries[index];
  if (found === undefined) return entries;
  const target: ManagedFieldsEntry = { ...found, manager: serverSideManager, operation: 'Apply' };
  const result = entries.with(index, target);
  const source = result.find((entry) => isClientSide(entry) && entry.apiVersion === target.apiVersion);
  const fields = source === undefined ? fieldsOf(target) : fieldsOf(target).union(fieldsOf(source));
  target.fieldsV1 = fields.toFieldsV1();
  return result.filter((entry) => !isClientSide(entry));
}

/**
 * The JSON patch with which `kubectl apply --server-side` moves an object over; undefined when there is nothing to move.
 * It holds the resourceVersion, so that a change in between is a conflict.
 */
export function csaUpgradePatch(
  object: Unstructured,
  clientSideManagers: Iterable<string>,
  serverSideManager: string,
): JsonPatchOperation[] | undefined {
  const entries = object.metadata.managedFields ?? [];
  const upgraded = upgradeManagedFields(entries, clientSideManagers, serverSideManager);
  if (equalJson(entries, upgraded)) return undefined;
  return [
    { op: 'replace', path: '/metadata/managedFields', value: upgraded as unknown as JsonValue },
    { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion ?? '' },
  ];
}

function fieldsOf(entry: ManagedFieldsEntry): FieldSet {
  return FieldSet.fromFieldsV1((entry.fieldsV1 ?? {}) as FieldsV1);
}
