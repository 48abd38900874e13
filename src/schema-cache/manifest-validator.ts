import type { JsonObject, JsonValue } from '../apimachinery/json.ts';
import type { OpenApiTypes } from '../apimachinery/openapi-schema.ts';
import { type ManifestSchema, manifestSchemaOf } from './manifest-schema.ts';

/** Something in a manifest that the server would refuse to read. */
export interface ManifestProblem {
  /** Where: for a field that is unknown or of the wrong type its own place, for one that is missing the object's. */
  readonly path: readonly (string | number)[];
  /** `ValidationError(Deployment.spec): unknown field "x" in io.k8s.api.apps.v1.DeploymentSpec`. */
  readonly message: string;
  /** Names of the fields there are, for an unknown field. */
  readonly known?: readonly string[];
}

/**
 * Checks an object for unknown fields, wrong types and missing fields, over the types a server publishes. Nearly all
 * objects fit, which a walk over the schema tells at once; ajv is loaded and compiles types only to tell what is wrong.
 * @param name of the kind's type, `io.k8s.api.apps.v1.Deployment`
 * @param kind `Deployment`, as messages begin
 */
export async function validateManifest(
  types: OpenApiTypes,
  name: string,
  kind: string,
  object: JsonObject,
): Promise<readonly ManifestProblem[]> {
  if (fitsType(types, name, object)) return [];
  const { manifestProblems } = await import('./manifest-problems.ts');
  return manifestProblems(types, name, kind, object);
}

/** Whether a value is what the schema of a type allows. It says what ajv says of the same schema. */
export function fitsType(types: OpenApiTypes, name: string, value: JsonValue): boolean {
  return fits(types, manifestSchemaOf(types, name), value);
}

function fits(types: OpenApiTypes, schema: ManifestSchema, value: JsonValue): boolean {
  if (value === null) return schema.typeNamed !== undefined || schema.type === undefined || schema.nullable === true;
  if (schema.typeNamed !== undefined) return fitsType(types, schema.typeNamed, value);
  if (schema.type !== undefined && !isOfType(value, schema.type)) return false;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined || value.every((item) => fits(types, items, item));
  }
  if (typeof value === 'object') return membersFit(types, schema, value);
  if (typeof value !== 'number' && typeof value !== 'bigint') return true;
  return !(value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity));
}

function membersFit(types: OpenApiTypes, schema: ManifestSchema, object: JsonObject): boolean {
  const { properties, additionalProperties = true, required } = schema;
  for (const [name, value] of Object.entries(object)) {
    const member =
      properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (member === false) return false;
    if (member !== undefined && member !== true && !fits(types, member, value)) return false;
  }
  return required === undefined || required.every((name) => Object.hasOwn(object, name));
}

function isOfType(value: JsonValue, type: string | readonly string[]): boolean {
  if (typeof type !== 'string') return type.some((one) => isOfType(value, one));
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      return typeof value === 'bigint' || typeof value === 'number';
    default:
      return typeof value === type;
  }
}
