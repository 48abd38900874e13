import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../apimachinery/schema.ts';

const known = new WeakMap<SchemaSource, Map<string, JsonObject>>();

/**
 * What an object of a built-in type is with nothing set: structs that are always written are there, lists and maps that
 * are always written are null, scalars have their zero value. A create starts from it, so that nobody is said to have
 * added what stands in it. Made once per type; not to be changed.
 */
export function emptyObject(type: string, source: SchemaSource): JsonObject {
  let byType = known.get(source);
  if (byType === undefined) {
    byType = new Map();
    known.set(source, byType);
  }
  let empty = byType.get(type);
  if (empty === undefined) {
    empty = emptyStruct({ ref: type }, source);
    byType.set(type, empty);
  }
  return empty;
}

/** What the published types do not tell: fields that are written even when they are not set, and a list that is not. */
const exceptions: Readonly<Record<string, JsonObject>> = {
  'io.k8s.api.authentication.v1.TokenRequestSpec': { boundObjectRef: null },
  'io.k8s.api.core.v1.Event': { eventTime: null, firstTimestamp: null, lastTimestamp: null },
  'io.k8s.api.events.v1.Event': { deprecatedFirstTimestamp: null, deprecatedLastTimestamp: null, eventTime: null },
};
const notWritten: Readonly<Record<string, string>> = {
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec': 'validationActions',
};

function emptyStruct(schema: Schema, source: SchemaSource): JsonObject {
  const { properties = {}, required = [] } = resolveSchema(schema, source);
  const name = schema.ref ?? '';
  const empty: JsonObject = { ...exceptions[name] };
  for (const [key, field] of Object.entries(properties)) {
    const value = isJsonObject(field.default)
      ? emptyStruct(field, source)
      : emptyValue(field, required.includes(key) && notWritten[name] !== key, source);
    if (value !== undefined) empty[key] = value;
  }
  return empty;
}

/** A scalar that is always written has its zero value as default. */
function emptyValue(field: Schema, isRequired: boolean, source: SchemaSource): JsonValue | undefined {
  if (field.default === '' || field.default === 0 || field.default === false) return field.default;
  if (field.shownAsNull === true) return null;
  if (!isRequired) return undefined;
  const { type, additionalProperties } = resolveSchema(field, source);
  return type === 'array' || (type === 'object' && additionalProperties !== undefined) ? null : undefined;
}
