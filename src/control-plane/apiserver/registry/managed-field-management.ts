import type { JsonObject } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { resolveSchema } from '../../../apimachinery/schema.ts';
import { applyManagedFields, updateManagedFields, type ManagedKind } from '../../../patch/managed-fields.ts';
import { applySchemaDefaults } from '../decoding/schema-defaults.ts';
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
function zeroObject(resource: ApiResource): Unstructured {
  const zero: Unstructured = { apiVersion: resource.apiVersion, kind: resource.gvk.kind, metadata: {} };
  applySchemaDefaults(zero as unknown as JsonObject, resource.definition.type, resource.types);
  return zero;
}

function managedKind(resource: ApiResource, subresource: string): ManagedKind {
  const { definition, types } = resource;
  return {
    apiVersion: resource.apiVersion,
    kind: resource.gvk.kind,
    schema: resolveSchema({ ref: definition.type }, types),
    source: types,
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
