import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { resolveSchema } from '../../../apimachinery/schema.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { emptyObject } from '../../../patch/empty-object.ts';
import { withoutManagedFields } from '../../../patch/field-ownership.ts';
import {
  applyManagedFields,
  type KindVersion,
  updateManagedFields,
  type ManagedKind,
} from '../../../patch/managed-fields.ts';
import { TypedValueError, validateTyped } from '../../../patch/structured-merge/validate.ts';
import type { ApiResource } from './api-resource.ts';
import { asWritten } from '../decoding/object-body.ts';
import { withConvertedVersions } from './converted-versions.ts';
import type { FieldManagement } from './field-management.ts';

/** Field management as KEP-555 has it, over the resource's own schema. */
export const managedFieldManagement: FieldManagement = {
  async afterUpdate(resource, live, object, writer) {
    const kind = managedKind(resource, writer.subresource);
    try {
      if (mayMisfit(resource)) {
        for (const whole of live === undefined ? [object] : [object, live]) checkType(whole, kind);
      }
      const written = ownableParts(object, resource);
      const tracked = await withConvertedVersions(resource, (versionOf) =>
        updateManagedFields(live ?? zeroObject(resource), written, withVersions(kind, versionOf), writer),
      );
      return tracked === object ? object : withManagersOf(object, tracked);
    } catch (error) {
      const isRefusal = error instanceof StatusError || error instanceof TypedValueError;
      if ((!mayMisfit(resource) && resource.versions === undefined) || !isRefusal) throw error;
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

/** What somebody can own by writing: what Go writes as JSON. No list of managers at all still asks for a reset. */
function ownableParts(object: Unstructured, resource: ApiResource): Unstructured {
  const { managedFields } = object.metadata;
  const written = asWritten(object, resource);
  return written === object || managedFields === undefined
    ? written
    : { ...written, metadata: { ...written.metadata, managedFields } };
}

function withManagersOf(object: Unstructured, { metadata: { managedFields } }: Unstructured): Unstructured {
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
  return object;
}

/** Of the built-in kinds service accounts alone have a list (of secrets) whose items may lack what tells them apart. */
function mayMisfit({ custom, gvk }: ApiResource): boolean {
  return custom || (gvk.kind === 'ServiceAccount' && gvk.group === '');
}

/** Of an object that does not fit its schema nobody's fields can be told. @throws TypedValueError */
function checkType(object: Unstructured, { schema, source }: ManagedKind): void {
  validateTyped(withoutManagedFields(object), schema, source, { duplicates: 'allowed' });
}

function withVersions(kind: ManagedKind, versionOf: ManagedKind['versionOf']): ManagedKind {
  return versionOf === undefined ? kind : { ...kind, versionOf };
}

/** Built-in kinds have one form for each of their versions; nobody can have written in any other. */
function formOf(
  { definition, types }: ApiResource,
  apiVersion: string,
  resetFields: readonly string[],
): KindVersion | undefined {
  const form = definition.otherForms?.find((other) => other.apiVersion === apiVersion);
  if (form === undefined) return undefined;
  // Of an object that is not there yet there is not even metadata.
  const whole = (object: JsonObject): Unstructured => ({ metadata: {}, ...object }) as unknown as Unstructured;
  return {
    schema: resolveSchema({ ref: form.type }, types),
    source: types,
    convert: (object) => form.convert(whole(object)) as unknown as JsonObject,
    convertBack: (object) => form.convertBack(whole(object)) as unknown as JsonObject,
    resetFields,
  };
}

/** An object with nothing set: what a create starts from, whose structs nobody added, and what a bookmark shows. */
export function zeroObject({ apiVersion, gvk, custom, definition, types }: ApiResource): Unstructured {
  const fields = custom ? {} : emptyObject(definition.type, types);
  return { ...fields, apiVersion, kind: gvk.kind, metadata: {} };
}

function managedKind(resource: ApiResource, subresource: string): ManagedKind {
  const { definition, types } = resource;
  const resetFields = definition.strategy?.resetFields?.[subresource] ?? defaultResetFields(resource, subresource);
  return {
    apiVersion: resource.apiVersion,
    kind: resource.gvk.kind,
    schema: resolveSchema({ ref: definition.type }, types),
    source: types,
    empty: () => zeroObject(resource),
    resetFields,
    ...(resource.custom ? {} : { versionOf: (apiVersion: string) => formOf(resource, apiVersion, resetFields) }),
  };
}

/** The object cannot own its status, nor the status subresource the rest. */
function defaultResetFields(resource: ApiResource, subresource: string): readonly string[] {
  const hasStatus = resource.definition.subresources.some(({ name }) => name === 'status');
  if (!hasStatus) return [];
  if (subresource === '') return ['status'];
  return subresource === 'status' ? ['spec'] : [];
}
