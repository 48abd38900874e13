import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { resolveSchema } from '../../../apimachinery/schema.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { emptyObject } from '../../../patch/empty-object.ts';
import { applyManagedFields, updateManagedFields, type ManagedKind } from '../../../patch/managed-fields.ts';
import { TypedValueError } from '../../../patch/structured-merge/validate.ts';
import type { ApiResource } from './api-resource.ts';
import { withConvertedVersions } from './converted-versions.ts';
import type { FieldManagement } from './field-management.ts';

/** Field management as KEP-555 has it, over the resource's own schema. */
export const managedFieldManagement: FieldManagement = {
  async afterUpdate(resource, live, object, writer) {
    const kind = managedKind(resource, writer.subresource);
    try {
      return await withConvertedVersions(resource, (versionOf) =>
        updateManagedFields(live ?? zeroObject(resource), object, withVersions(kind, versionOf), writer),
      );
    } catch (error) {
      const isRefusal = error instanceof StatusError || error instanceof TypedValueError;
      if (resource.versions === undefined || !isRefusal) throw error;
      // A write is not refused for what cannot be compared; nobody owns anything then.
      delete object.metadata.managedFields;
      return object;
    }
  },
  async apply(resource, live, patch, writer) {
    const kind = managedKind(resource, writer.subresource);
    try {
      return await withConvertedVersions(resource, (versionOf) =>
        applyManagedFields(live, patch, withVersions(kind, versionOf), writer),
      );
    } catch (error) {
      if (error instanceof TypedValueError) throw new StatusError({ message: error.message, code: 500 });
      throw error;
    }
  },
};

function withVersions(kind: ManagedKind, versionOf: ManagedKind['versionOf']): ManagedKind {
  return versionOf === undefined ? kind : { ...kind, versionOf };
}

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
