import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { resolveSchema } from '../../../apimachinery/schema.ts';
import { emptyObject } from '../../../patch/empty-object.ts';
import { applyManagedFields, updateManagedFields, type ManagedKind } from '../../../patch/managed-fields.ts';
import type { ApiResource } from './api-resource.ts';
import type { FieldManagement } from './field-management.ts';

/** Field management as KEP-555 has it, over the resource's own schema. */
export const managedFieldManagement: FieldManagement = {
  afterUpdate: (resource, live, object, writer) =>
    updateManagedFields(live ?? zeroObject(resource), object, managedKind(resource, writer.subresource), writer),
  apply: (resource, live, patch, writer) =>
    applyManagedFields(live, patch, managedKind(resource, writer.subresource), writer),
};

/** What a create starts from: the object as it is with nothing set, whose structs nobody added. */
function zeroObject({ apiVersion, gvk, custom, definition, types }: ApiResource): Unstructured {
  const fields = custom ? {} : emptyObject(definition.type, types);
  return { ...fields, apiVersion, kind: gvk.kind, metadata: {} };
}

function managedKind(resource: ApiResource, subresource: string): ManagedKind {
  const { definition, types } = resource;
  return {
    apiVersion: resource.apiVersion,
    kind: resource.gvk.kind,
    schema: resolveSchema({ ref: definition.type }, types),
    source: types,
    empty: () => zeroObject(resource),
    resetFields: definition.strategy?.resetFields?.[subresource] ?? defaultResetFields(resource, subresource),
  };
}

/** The object cannot own its status, nor the status subresource the rest. */
function defaultResetFields(resource: ApiResource, subresource: string): readonly string[] {
  const hasStatus = resource.definition.subresources.some(({ name }) => name === 'status');
  if (!hasStatus) return [];
  if (subresource === '') return ['status'];
  return subresource === 'status' ? ['spec'] : [];
}
