import { isJsonObject, type JsonObject, type JsonValue, setOwn } from './json.ts';
import type { Schema, SchemaSource } from './schema.ts';

/** The types of an OpenAPI document, with their names. */
export interface OpenApiTypes extends SchemaSource {
  readonly names: readonly string[];
  /** The name of the type that declares a kind (x-kubernetes-group-version-kind). */
  nameOf(group: string, version: string, kind: string): string | undefined;
}

/**
 * The types of an OpenAPI v3 document (`components.schemas`), converted when they are looked up.
 * @param document `/openapi/v3/apis/apps/v1`, parsed
 */
export function schemasFromOpenApiV3(document: JsonObject): OpenApiTypes {
  const components = document['components'];
  return openApiTypes(isJsonObject(components) ? components['schemas'] : undefined);
}

/** The types of an OpenAPI v2 document (`definitions`), converted when they are looked up. */
export function schemasFromOpenApiV2(document: JsonObject): OpenApiTypes {
  return openApiTypes(document['definitions']);
}

function openApiTypes(declared: JsonValue | undefined): OpenApiTypes {
  const definitions = isJsonObject(declared) ? declared : {};
  const converted = new Map<string, Schema>();
  let kinds: Map<string, string> | undefined;
  return {
    names: Object.keys(definitions),
    lookup(name) {
      let schema = converted.get(name);
      if (schema === undefined && Object.hasOwn(definitions, name)) {
        schema = schemaFromOpenApi(definitions[name] ?? {});
        converted.set(name, schema);
      }
      return schema;
    },
    nameOf(group, version, kind) {
      kinds ??= kindsOf(definitions);
      return kinds.get(`${group}/${version}/${kind}`);
    },
  };
}

function kindsOf(definitions: JsonObject): Map<string, string> {
  const kinds = new Map<string, string>();
  for (const [name, definition] of Object.entries(definitions)) {
    const declared = isJsonObject(definition) ? definition['x-kubernetes-group-version-kind'] : undefined;
    for (const gvk of Array.isArray(declared) ? declared.filter(isJsonObject) : []) {
      const { group, version, kind } = gvk;
      kinds.set(`${textOf(group) ?? ''}/${textOf(version) ?? ''}/${textOf(kind) ?? ''}`, name);
    }
  }
  return kinds;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const types = new Set(['string', 'integer', 'number', 'boolean', 'object', 'array']);

/** One schema of OpenAPI v2 or v3, with the x-kubernetes extensions; validation keywords are left out. */
export function schemaFromOpenApi(value: JsonValue): Schema {
  if (!isJsonObject(value)) return {};
  const schema: Mutable<Schema> = {};
  const type = textOf(value['type']);
  if (type !== undefined && types.has(type)) schema.type = type as NonNullable<Schema['type']>;
  readReference(value, schema);
  readStructure(value, schema);
  readMerging(value, schema);
  for (const key of ['format', 'description'] as const) {
    const text = textOf(value[key]);
    if (text !== undefined) schema[key] = text;
  }
  if (value['default'] !== undefined) schema.default = value['default'];
  const choices = textsOf(value['enum']);
  if (choices !== undefined) schema.enum = choices;
  return schema;
}

/** A reference stands alone, or as the only member of allOf when keywords stand beside it. */
function readReference(value: JsonObject, schema: Mutable<Schema>): void {
  const [only, ...others] = Array.isArray(value['allOf']) ? value['allOf'] : [];
  const reference =
    textOf(value['$ref']) ?? (others.length === 0 && isJsonObject(only) ? textOf(only['$ref']) : undefined);
  if (reference !== undefined) schema.ref = reference.slice(reference.lastIndexOf('/') + 1);
}

function readStructure(value: JsonObject, schema: Mutable<Schema>): void {
  const { properties, additionalProperties, items } = value;
  if (isJsonObject(properties)) {
    const fields: Record<string, Schema> = {};
    for (const [name, field] of Object.entries(properties)) setOwn(fields, name, schemaFromOpenApi(field));
    schema.properties = fields;
  }
  if (isJsonObject(additionalProperties)) schema.additionalProperties = schemaFromOpenApi(additionalProperties);
  else if (additionalProperties === true) schema.additionalProperties = {};
  if (isJsonObject(items)) schema.items = schemaFromOpenApi(items);
  const required = textsOf(value['required']);
  if (required !== undefined) schema.required = required;
}

function readMerging(value: JsonObject, schema: Mutable<Schema>): void {
  const listType = textOf(value['x-kubernetes-list-type']);
  if (listType === 'atomic' || listType === 'set' || listType === 'map') schema.listType = listType;
  const keys = textsOf(value['x-kubernetes-list-map-keys']);
  if (keys !== undefined) schema.listMapKeys = keys;
  const mapType = textOf(value['x-kubernetes-map-type']);
  if (mapType === 'atomic' || mapType === 'granular') schema.mapType = mapType;
  const mergeKey = textOf(value['x-kubernetes-patch-merge-key']);
  if (mergeKey !== undefined) schema.patchMergeKey = mergeKey;
  const strategy = textOf(value['x-kubernetes-patch-strategy']);
  if (strategy !== undefined) schema.patchStrategy = strategy;
  if (value['x-kubernetes-unions'] !== undefined) schema.unions = value['x-kubernetes-unions'];
  if (value['x-kubernetes-int-or-string'] === true) schema.intOrString = true;
  if (value['x-kubernetes-preserve-unknown-fields'] === true) schema.preserveUnknownFields = true;
  if (value['x-kubernetes-embedded-resource'] === true) schema.embeddedResource = true;
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function textsOf(value: JsonValue | undefined): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const texts = value.filter((item) => typeof item === 'string');
  return texts.length === value.length ? texts : undefined;
}
