import type { Column, ResourceDefinition, Verb } from '../../../api/resource-definition.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../../api/types/apiextensions-v1.ts';
import { compareApiVersions } from '../../../apimachinery/api-version-order.ts';
import { humanDuration } from '../../../apimachinery/duration.ts';
import { canonicalTime } from '../../../apimachinery/go-time.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { schemaFromOpenApi } from '../../../apimachinery/openapi-schema.ts';
import type { Schema, SchemaSource } from '../../../apimachinery/schema.ts';
import { apiResource, type ApiResource, type CustomType } from '../registry/api-resource.ts';
import { defaultColumns } from '../registry/table.ts';
import { JsonPath, JsonPathError } from '../../../apimachinery/jsonpath.ts';
import { parseObjectPath, valuesAt } from './object-path.ts';
import type { ConversionWorld } from './conversion-webhook.ts';
import { applyCustomDefaults, decodeCustomObject, pruneCustomNulls } from './custom-decoding.ts';
import { customStrategy, type RuleTimes, unmeasuredRules } from './custom-strategy.ts';
import { customVersions, declaredSchema } from './custom-versions.ts';

const objectMetaType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** In the order in which the real server lists them for custom resources. */
const customVerbs: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
];

/** Everything that a CustomResourceDefinition serves, a resource for each served version. */
export function customResources(
  crd: CustomResourceDefinition,
  builtIn: SchemaSource,
  conversion: ConversionWorld,
  rules: RuleTimes = unmeasuredRules,
): ApiResource[] {
  const { group, names, versions } = crd.spec;
  const schemas = new Map(
    versions.map((version) => [customTypeName(group, version.name, names.kind), customSchema(version)]),
  );
  const typesOf = (type: string): SchemaSource => ({
    lookup: (name) => (name === type ? schemas.get(type) : builtIn.lookup(name)),
  });
  const versionsOf = customVersions(
    crd,
    {
      builtIn,
      typeIn(version) {
        const type = customTypeName(group, version, names.kind);
        const schema = schemas.get(type);
        return schema === undefined ? undefined : { schema, types: typesOf(type) };
      },
    },
    conversion,
  );
  return versions
    .filter((version) => version.served)
    .map((version) => {
      const definition = customDefinition(crd, version, rules);
      return apiResource(definition, typesOf(definition.type), {
        custom: true,
        customType: customType(crd, version),
        deprecationWarning: deprecationWarning(crd, version),
        ...(crd.metadata.deletionTimestamp === undefined ? {} : { refusesCreate: terminatingText }),
        decode(value, keepsNulls = false) {
          const schema = declaredSchema(version);
          const decoded = decodeCustomObject(value, schema, builtIn);
          if (!keepsNulls) pruneCustomNulls(decoded.object, schema);
          return decoded;
        },
        ...(version.subresources?.scale === undefined ? {} : { scalePaths: version.subresources.scale }),
        versions: versionsOf(version.name),
      });
    });
}

const terminatingText = 'create not allowed while custom resource definition is terminating';

/** The type's name in the server's documents: the group turned around, version and kind. */
export function customTypeName(group: string, version: string, kind: string): string {
  return `${group.split('.').toReversed().join('.')}.${version}.${kind}`;
}

function customDefinition(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  rules: RuleTimes,
): ResourceDefinition {
  const { group, names, scope } = crd.spec;
  const status = crd.status?.acceptedNames;
  const accepted = status !== undefined && status.plural !== '' ? status : names;
  const storageVersion = crd.spec.versions.find((candidate) => candidate.storage)?.name ?? version.name;
  const { status: statusSubresource, scale } = version.subresources ?? {};
  const schema = declaredSchema(version);
  const setDefaults = (object: Unstructured): void => applyCustomDefaults(object as unknown as JsonObject, schema);
  return {
    group,
    version: version.name,
    kind: names.kind,
    resource: names.plural,
    singular: accepted.singular ?? names.kind.toLowerCase(),
    shortNames: accepted.shortNames ?? [],
    categories: accepted.categories ?? [],
    namespaced: scope === 'Namespaced',
    verbs: customVerbs,
    subresources: [
      ...(statusSubresource === undefined ? [] : [{ name: 'status', verbs: ['get', 'patch', 'update'] as const }]),
      ...(scale === undefined
        ? []
        : [
            {
              name: 'scale',
              kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
              verbs: ['get', 'patch', 'update'] as const,
            },
          ]),
    ],
    type: customTypeName(group, version.name, names.kind),
    setDefaults,
    storageVersion: { group, version: storageVersion },
    ...selectableFieldsOf(version),
    columns: customColumns(version.additionalPrinterColumns),
    strategy: customStrategy(version, names.kind, rules),
  };
}

function customType({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): CustomType {
  const { kind, plural, listKind = `${kind}List` } = spec.names;
  return {
    schema: version.schema?.openAPIV3Schema === undefined ? undefined : declaredSchema(version),
    listKind,
    plural,
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
  };
}

function deprecationWarning({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): string {
  if (version.deprecated !== true) return '';
  if (version.deprecationWarning !== undefined) return version.deprecationWarning;
  const { group, names } = spec;
  const [better] = spec.versions
    .filter(({ served, deprecated }) => served && deprecated !== true)
    .map(({ name }) => name)
    .filter((name) => compareApiVersions(name, version.name) < 0)
    .toSorted(compareApiVersions);
  const advice = better === undefined ? '' : `; use ${group}/${better} ${names.kind}`;
  return `${group}/${version.name} ${names.kind} is deprecated${advice}`;
}

/** The fields that a field selector may use besides the names. */
function selectableFieldsOf(version: CustomResourceDefinitionVersion): Pick<ResourceDefinition, 'selectableFields'> {
  const fields = version.selectableFields ?? [];
  if (fields.length === 0) return {};
  const readers = fields.map(({ jsonPath }) => {
    const steps = parseObjectPath(jsonPath);
    const read = (object: Unstructured): string => {
      const value = valuesAt(object, steps)[0];
      return typeof value === 'string' || typeof value === 'boolean' || isNumeric(value) ? `${value}` : '';
    };
    return [jsonPath.replace(/^\./, ''), read] as const;
  });
  return { selectableFields: Object.fromEntries(readers) };
}

function isNumeric(value: JsonValue | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** The version's schema with what every object has. */
function customSchema(version: CustomResourceDefinitionVersion): Schema {
  const declared = schemaFromOpenApi(withResourceFields((version.schema?.openAPIV3Schema ?? {}) as JsonObject));
  return {
    ...declared,
    type: 'object',
    properties: {
      ...declared.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { ref: objectMetaType, default: {} },
    },
  };
}

/** The schema in which objects inside of objects have the fields of all objects. */
function withResourceFields(schema: JsonObject): JsonObject {
  const changed: JsonObject = { ...schema };
  for (const key of ['items', 'additionalProperties'] as const) {
    const inner = schema[key];
    if (isJsonObject(inner)) changed[key] = withResourceFields(inner);
  }
  const { properties } = schema;
  if (isJsonObject(properties)) {
    changed['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [
        name,
        isJsonObject(inner) ? withResourceFields(inner) : inner,
      ]),
    );
  }
  if (schema['x-kubernetes-embedded-resource'] !== true) return changed;
  const own = isJsonObject(changed['properties']) ? changed['properties'] : {};
  const text = { type: 'string' };
  changed['properties'] = { ...own, apiVersion: text, kind: text, metadata: { $ref: objectMetaType } };
  return changed;
}

const nameDescription =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';

function customColumns(declared: readonly CustomResourceColumnDefinition[] | undefined): Column[] {
  const name: Column = {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: nameDescription,
    priority: 0,
    cell: (object) => object.metadata.name ?? '',
  };
  if (declared === undefined || declared.length === 0) {
    const age = customColumn({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' });
    return [name, { ...age, description: defaultColumns[1]?.description ?? '' }];
  }
  try {
    return [name, ...declared.map(customColumn)];
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
    // Columns of which one cannot be read are shown as if there were none.
    return customColumns(undefined);
  }
}

/** @throws JsonPathError */
function customColumn(column: CustomResourceColumnDefinition): Column {
  const path = new JsonPath(`{${column.jsonPath}}`, { allowMissingKeys: true });
  return {
    name: column.name,
    type: column.type as Column['type'],
    format: column.format ?? '',
    description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
    cell(object, now) {
      const value = firstFound(path, object);
      return value === undefined || value === null ? null : customCell(column.type, value, now);
    },
  };
}

/** What a path leads to first; undefined for nothing, and where it cannot lead. */
function firstFound(path: JsonPath, object: Unstructured): JsonValue | undefined {
  try {
    return path.find(object)[0]?.[0] as JsonValue | undefined;
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

/** A cell of one type; values of another one are left out. */
function customCell(type: string, value: Exclude<JsonValue, null>, now: number): string | number | boolean | null {
  switch (type) {
    case 'string':
      return showText(value);
    case 'integer':
      return isNumeric(value) ? Math.trunc(Number(value)) : null;
    case 'number':
      return isNumeric(value) ? Number(value) : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateCell(value, now) : null;
    default:
      return null;
  }
}

/** The longest time between two that Go can tell, about 292 years. */
const longestMillis = 2 ** 63 / 1e6;

/** How long ago a time was; nothing, and the first moment of Go's calendar, are no time. */
function dateCell(text: string, now: number): string {
  if (text === '' || text === 'null') return '<unknown>';
  let time: string;
  try {
    time = canonicalTime(text);
  } catch {
    return '<invalid>';
  }
  return time === '0001-01-01T00:00:00Z' ? '<unknown>' : humanDuration(Math.min(now - Date.parse(time), longestMillis));
}

/** As JSONPath prints a value: structures as JSON, the rest bare. */
function showText(value: Exclude<JsonValue, null>): string {
  if (typeof value === 'object') {
    return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
  }
  return `${value}`;
}
