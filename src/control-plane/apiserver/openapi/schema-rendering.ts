import type { Documentation } from '../../../api/documentation.ts';
import type { TypeDefinition } from '../../../api/resource-definition.ts';
import type { JsonObject, JsonValue } from '../../../apimachinery/json.ts';
import type { Schema } from '../../../apimachinery/schema.ts';

/** Which OpenAPI is written. */
export type OpenApiVersion = 'v2' | 'v3';

type Gvk = TypeDefinition['gvks'][number];

/** A named type as OpenAPI publishes it. @param gvks of the type, in this document */
export function renderType(
  type: TypeDefinition,
  gvks: readonly Gvk[],
  version: OpenApiVersion,
  documentation: Documentation,
): JsonObject {
  const description = documentation(type.name);
  const rendered: JsonObject = {
    ...(description === undefined ? {} : { description }),
    ...renderSchema(type.schema, version, documentation, type.name),
  };
  if (gvks.length > 0) {
    rendered['x-kubernetes-group-version-kind'] = gvks.map(({ group, version, kind }) => ({ group, kind, version }));
  }
  return rendered;
}

function renderSchema(
  schema: Schema,
  version: OpenApiVersion,
  documentation: Documentation,
  typeName: string,
): JsonObject {
  const rendered: JsonObject = {};
  if (schema.description !== undefined) rendered['description'] = schema.description;
  Object.assign(rendered, renderScalar(schema, version));
  if (schema.ref !== undefined) Object.assign(rendered, typeReference(schema.ref, version));
  if (schema.required !== undefined && schema.required.length > 0) rendered['required'] = [...schema.required];
  // What has no fields says nothing of them: that is the same, and what clients write back.
  if (schema.properties !== undefined && Object.keys(schema.properties).length > 0) {
    const properties: JsonObject = {};
    for (const [name, property] of sortedByName(schema.properties)) {
      properties[name] = renderProperty(property, version, documentation, `${typeName}.${name}`);
    }
    rendered['properties'] = properties;
  }
  if (schema.items !== undefined) rendered['items'] = renderSchema(schema.items, version, documentation, typeName);
  if (schema.additionalProperties !== undefined) {
    rendered['additionalProperties'] = renderSchema(schema.additionalProperties, version, documentation, typeName);
  }
  // Swagger 2.0 documents are published without defaults.
  if (schema.default !== undefined && version === 'v3') {
    rendered['default'] = schema.default;
  }
  if (schema.enum !== undefined) rendered['enum'] = [...schema.enum];
  const extended = extensions(schema);
  if (version === 'v3') wrapReference(rendered, extended);
  return Object.assign(rendered, extended);
}

function sortedByName<T>(byName: { readonly [name: string]: T }): [string, T][] {
  return Object.entries(byName).toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function renderProperty(
  schema: Schema,
  version: OpenApiVersion,
  documentation: Documentation,
  name: string,
): JsonObject {
  const text = schema.description ?? documentation(name);
  // Where a text says what the values mean it lists them itself.
  const isListed = text?.includes('Possible enum values:') === true;
  const values = isListed ? [] : (schema.enum ?? []);
  const enumText =
    values.length === 0 ? '' : `Possible enum values:\n${values.map((value) => ` - \`"${value}"\``).join('\n')}`;
  const description = [text ?? '', enumText].filter((part) => part !== '').join('\n\n');
  return renderSchema(description === '' ? schema : { ...schema, description }, version, documentation, name);
}

/** OpenAPI 3.0 allows nothing beside `$ref`: with company it goes into `allOf`. */
function wrapReference(rendered: JsonObject, extended: JsonObject): void {
  const ref = rendered['$ref'];
  if (ref === undefined || Object.keys(rendered).length + Object.keys(extended).length === 1) return;
  delete rendered['$ref'];
  rendered['allOf'] = [{ $ref: ref }];
}

/** A `$ref` to a named type. */
export function typeReference(name: string, version: OpenApiVersion): JsonObject {
  return { $ref: version === 'v2' ? `#/definitions/${name}` : `#/components/schemas/${name}` };
}

/** Numbers or text are a string to Swagger 2.0, and one of two types to OpenAPI 3. */
function renderScalar(schema: Schema, version: OpenApiVersion): JsonObject {
  if (schema.format === 'quantity') {
    return version === 'v2' ? { type: 'string' } : { oneOf: [{ type: 'string' }, { type: 'number' }] };
  }
  if (schema.format === 'int-or-string') {
    const format = 'int-or-string';
    return version === 'v2' ? { type: 'string', format } : { format, oneOf: [{ type: 'integer' }, { type: 'string' }] };
  }
  return {
    ...(schema.type === undefined ? {} : { type: schema.type }),
    ...(schema.format === undefined ? {} : { format: schema.format }),
  };
}

function extensions(schema: Schema): JsonObject {
  const pairs: readonly (readonly [string, JsonValue | undefined])[] = [
    ['x-kubernetes-list-map-keys', schema.listMapKeys === undefined ? undefined : [...schema.listMapKeys]],
    ['x-kubernetes-list-type', schema.listType],
    ['x-kubernetes-map-type', schema.mapType],
    ['x-kubernetes-patch-merge-key', schema.patchMergeKey],
    ['x-kubernetes-patch-strategy', schema.patchStrategy],
    ['x-kubernetes-unions', schema.unions],
    ['x-kubernetes-preserve-unknown-fields', schema.preserveUnknownFields],
    ['x-kubernetes-embedded-resource', schema.embeddedResource],
    ['x-kubernetes-int-or-string', schema.format === 'int-or-string' ? undefined : schema.intOrString],
  ];
  const result: JsonObject = {};
  for (const [name, value] of pairs) if (value !== undefined && value !== false) result[name] = value;
  return result;
}

/** The names of the types that types reach, themselves included. */
export function reachableTypes(
  roots: Iterable<string>,
  types: ReadonlyMap<string, TypeDefinition>,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const pending = [...roots];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const type = types.get(name);
    if (type === undefined || reached.has(name)) continue;
    reached.add(name);
    pending.push(...references(type.schema));
  }
  return reached;
}

function references(schema: Schema): string[] {
  const inner = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  const nested = inner.flatMap((part) => (part === undefined ? [] : references(part)));
  return schema.ref === undefined ? nested : [schema.ref, ...nested];
}
