import type { Documentation } from '../../../api/documentation.ts';
import { listType } from '../../../api/registry.ts';
import type { TypeDefinition } from '../../../api/resource-definition.ts';
import type { GroupVersionKind } from '../../../apimachinery/gvk.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import type { ApiResource, CustomType } from '../registry/api-resource.ts';
import type { OpenApiInput } from './openapi-documents.ts';
import { inOrderOfKeywords } from './schema-order.ts';
import { type OpenApiVersion, typeReference } from './schema-rendering.ts';

const metaTypes = 'io.k8s.apimachinery.pkg.apis.meta.v1';
/** A built-in type whose fields are documented with the words that custom resources get too. */
const documentedType = 'io.k8s.api.core.v1.Secret';
const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** What a published schema keeps of a declared one, besides what lies within. */
const keptKeywords: readonly string[] = [
  'type format title description default example externalDocs enum required nullable',
  'maximum exclusiveMaximum minimum exclusiveMinimum multipleOf',
  'maxLength minLength pattern maxItems minItems uniqueItems maxProperties minProperties',
  'x-kubernetes-preserve-unknown-fields x-kubernetes-embedded-resource x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys x-kubernetes-list-type x-kubernetes-map-type x-kubernetes-validations',
].flatMap((line) => line.split(' '));

/** Swagger 2.0 has only the first of these. */
const junctors = ['allOf', 'anyOf', 'oneOf', 'not'] as const;

/**
 * The type of a custom resource as OpenAPI publishes it: what its definition declares, with what every object has.
 * Swagger 2.0 leaves out what its readers stumble over: alternatives, nullable values, and what lies in values that may
 * hold anything.
 */
export function renderCustomType(
  { schema, selectableFields }: CustomType,
  gvk: GroupVersionKind,
  version: OpenApiVersion,
  documentation: Documentation,
): JsonObject {
  const about = typeExtensions(gvk, selectableFields);
  if (schema === undefined) return { type: 'object', ...about };
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (version === 'v2' && isOpen) return { type: 'object', ...about };
  const published = publishSchema(schema, version, documentation);
  const own = isJsonObject(published['properties']) ? published['properties'] : {};
  const metadata = reference(`${metaTypes}.ObjectMeta`, version, documentation(`${documentedType}.metadata`));
  return { ...published, properties: { ...own, metadata, ...typeMeta(documentation) }, ...about };
}

/** The type of a list of custom resources. @param itemType its name */
export function renderCustomList(
  { listKind, plural, selectableFields }: CustomType,
  gvk: GroupVersionKind,
  itemType: string,
  version: OpenApiVersion,
  documentation: Documentation,
): JsonObject {
  return {
    description: `${listKind} is a list of ${gvk.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta(documentation),
      items: {
        description: `List of ${plural}. More info: ${conventions}`,
        type: 'array',
        items: typeReference(itemType, version),
      },
      metadata: reference(`${metaTypes}.ListMeta`, version, documentation(`${documentedType}List.metadata`)),
    },
    ...typeExtensions({ ...gvk, kind: listKind }, selectableFields),
  };
}

function typeExtensions({ group, version, kind }: GroupVersionKind, selectableFields: readonly string[]): JsonObject {
  const fields = selectableFields.map((fieldPath) => ({ fieldPath }));
  return {
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
    ...(fields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': fields }),
  };
}

function typeMeta(documentation: Documentation): JsonObject {
  const field = (name: string): JsonObject => described({ type: 'string' }, documentation(`${documentedType}.${name}`));
  return { apiVersion: field('apiVersion'), kind: field('kind') };
}

function described(schema: JsonObject, description: string | undefined): JsonObject {
  return description === undefined ? schema : { description, ...schema };
}

/** A reference with words beside it; OpenAPI 3.0 wants it in `allOf` then. */
function reference(type: string, version: OpenApiVersion, description: string | undefined): JsonObject {
  const target = typeReference(type, version);
  if (description === undefined) return target;
  return version === 'v2' ? { description, ...target } : { description, allOf: [target] };
}

function publishSchema(declared: JsonObject, version: OpenApiVersion, documentation: Documentation): JsonObject {
  const source = version === 'v3' ? unfold(declared) : withoutTrouble(declared);
  const schema = keep(source);
  const { properties, items, additionalProperties } = source;
  if (isJsonObject(properties)) {
    schema['properties'] = mapValues(properties, (field) => publishSchema(field, version, documentation));
  }
  if (isJsonObject(items)) schema['items'] = publishSchema(items, version, documentation);
  if (isJsonObject(additionalProperties)) {
    schema['additionalProperties'] = publishSchema(additionalProperties, version, documentation);
  } else if (additionalProperties !== undefined) schema['additionalProperties'] = additionalProperties;
  return declared['x-kubernetes-embedded-resource'] === true ? withEmbedded(schema, version, documentation) : schema;
}

function mapValues(fields: JsonObject, change: (field: JsonObject) => JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]): [string, JsonObject] => [
      name,
      change(isJsonObject(field) ? field : {}),
    ]),
  );
}

/** Keywords with their values, but not those that say nothing. */
function keep(schema: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const name of [...keptKeywords, ...junctors]) {
    const value = schema[name];
    if (value === undefined || value === null) continue;
    const saysNothing = value === false || value === '' || (Array.isArray(value) && value.length === 0);
    if (!saysNothing || name === 'default' || name === 'example') kept[name] = value;
  }
  return kept;
}

const integerOrString: JsonValue = [{ type: 'integer' }, { type: 'string' }];

/** Says in words of OpenAPI what `x-kubernetes-int-or-string` means. */
function unfold(schema: JsonObject): JsonObject {
  if (schema['x-kubernetes-int-or-string'] !== true) return schema;
  const { anyOf, allOf } = schema;
  const [first] = Array.isArray(allOf) ? allOf : [];
  if (isIntegerOrString(anyOf) || (isJsonObject(first) && isIntegerOrString(first['anyOf']))) return schema;
  if (!Array.isArray(anyOf)) return { ...schema, anyOf: integerOrString };
  return { ...schema, allOf: [{ anyOf: integerOrString }, ...(Array.isArray(allOf) ? allOf : [])] };
}

function isIntegerOrString(value: JsonValue | undefined): boolean {
  return value !== undefined && equalJson(value, integerOrString);
}

/** One level of a schema without what readers of Swagger 2.0 cannot cope with. */
function withoutTrouble(declared: JsonObject): JsonObject {
  const schema: JsonObject = { ...declared };
  // Its numbers are all read as floating point ones.
  for (const name of ['enum', 'example']) {
    const value = schema[name];
    if (value !== undefined) schema[name] = roundNumbers(value);
  }
  // Swagger 2.0 documents are published without defaults.
  for (const name of ['default', ...junctors]) delete schema[name];
  const isNullable = schema['nullable'] === true;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (isNullable) {
    delete schema['type'];
    delete schema['nullable'];
  }
  if (isNullable || isOpen) {
    delete schema['items'];
    delete schema['properties'];
  }
  const { type, items, properties, additionalProperties, required } = schema;
  if ((type === 'array' && items === undefined) || (type === 'object' && isOpen)) delete schema['type'];
  if (isNullableSchema(additionalProperties)) delete schema['required'];
  else if (Array.isArray(required) && isJsonObject(properties)) {
    schema['required'] = required.filter((name) => !isNullableSchema(properties[name as string]));
  }
  return schema;
}

function roundNumbers(value: JsonValue): JsonValue {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(roundNumbers);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, roundNumbers(item)]));
}

function isNullableSchema(schema: JsonValue | undefined): boolean {
  return isJsonObject(schema) && schema['nullable'] === true;
}

/** A whole object within another one. */
function withEmbedded(schema: JsonObject, version: OpenApiVersion, documentation: Documentation): JsonObject {
  // Fields of its own would make readers of Swagger 2.0 refuse all others.
  if (version === 'v2' && schema['x-kubernetes-preserve-unknown-fields'] === true) return schema;
  const own = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const metadata = reference(`${metaTypes}.ObjectMeta`, version, documentation(`${documentedType}.metadata`));
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const missing = ['kind', 'apiVersion'].filter((name) => !required.includes(name));
  return {
    ...schema,
    properties: { ...own, ...typeMeta(documentation), metadata },
    required: [...required, ...missing],
  };
}

/** What the documents of custom resources are made of. */
export function customInput(
  resources: readonly ApiResource[],
  builtIn: ReadonlyMap<string, TypeDefinition>,
  documentation: Documentation,
): OpenApiInput {
  const types = new Map(builtIn);
  const custom = new Map<string, (version: OpenApiVersion) => JsonObject>();
  const listTypes = new Map<string, string>();
  for (const { definition, gvk, types: source, customType } of resources) {
    const schema = source.lookup(definition.type);
    if (schema === undefined || customType === undefined) continue;
    const { type } = definition;
    const list = listTypeOf(type, customType.listKind);
    listTypes.set(`${type}List`, list);
    types.set(type, { name: type, schema, gvks: [gvk] });
    types.set(list, { ...listType(type, gvk), name: list });
    custom.set(type, (version) =>
      inOrderOfKeywords(renderCustomType(customType, gvk, version, documentation), version),
    );
    custom.set(list, (version) =>
      inOrderOfKeywords(renderCustomList(customType, gvk, type, version, documentation), version),
    );
  }
  return {
    // The deprecated watch paths are those of built-in resources only.
    resources: resources.map(({ definition }) => ({
      ...definition,
      verbs: definition.verbs.filter((verb) => verb !== 'watch'),
    })),
    types,
    documentation,
    custom: { types: custom, listTypes },
    version: '1.36',
  };
}

function listTypeOf(type: string, listKind: string): string {
  return `${type.slice(0, type.lastIndexOf('.'))}.${listKind}`;
}
