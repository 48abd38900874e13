import { resolveSchema } from '../../../apimachinery/schema.ts';
import { applyManagedFields, updateManagedFields, type ManagedKind } from '../../../patch/managed-fields.ts';
import type { ApiResource } from './api-resource.ts';
import type { FieldManagement } from './field-management.ts';

/** Field management as KEP-555 has it, over the resource's own schema. */
export const managedFieldManagement: FieldManagement = {
  afterUpdate: (resource, live, object, writer) =>
    updateManagedFields(live, object, managedKind(resource, writer.subresource), writer),
  apply: (resource, live, patch, writer) =>
    applyManagedFields(live, patch, managedKind(resource, writer.subresource), writer),
};

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
