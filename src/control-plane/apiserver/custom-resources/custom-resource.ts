import { allVerbs, type Column, type ResourceDefinition, type Strategy } from '../../../api/resource-definition.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../../api/types/apiextensions-v1.ts';
import { humanDuration } from '../../../apimachinery/duration.ts';
import { FieldPath } from '../../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { schemaFromOpenApi } from '../../../apimachinery/openapi-schema.ts';
import type { Schema, SchemaSource } from '../../../apimachinery/schema.ts';
import { apiResource, type ApiResource } from '../registry/api-resource.ts';
import { parseObjectPath, valuesAt } from './object-path.ts';
import { validateAgainstSchema } from './schema-validation.ts';

const objectMetaType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Everything that a CustomResourceDefinition serves, a resource for each served version. */
export function customResources(crd: CustomResourceDefinition, builtIn: SchemaSource): ApiResource[] {
  return crd.spec.versions
    .filter((version) => version.served)
    .map((version) => {
      const definition = customDefinition(crd, version);
      const schema = customSchema(version);
      const types: SchemaSource = {
        lookup: (name) => (name === definition.type ? schema : builtIn.lookup(name)),
      };
      const deprecated = version.deprecated === true;
      const text =
        version.deprecationWarning ?? `${crd.spec.group}/${version.name} ${crd.spec.names.kind} is deprecated`;
      return apiResource(definition, types, { custom: true, deprecationWarning: deprecated ? text : '' });
    });
}

/** The type's name in the server's documents: the group turned around, version and kind. */
export function customTypeName(group: string, version: string, kind: string): string {
  return `${group.split('.').toReversed().join('.')}.${version}.${kind}`;
}

function customDefinition(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion): ResourceDefinition {
  const { group, names, scope } = crd.spec;
  const status = crd.status?.acceptedNames;
  const accepted = status !== undefined && status.plural !== '' ? status : names;
  const storageVersion = crd.spec.versions.find((candidate) => candidate.storage)?.name ?? version.name;
  const { status: statusSubresource, scale } = version.subresources ?? {};
  const apiVersionOf = (object: Unstructured, name: string): Unstructured => ({
    ...object,
    apiVersion: `${group}/${name}`,
  });
  return {
    group,
    version: version.name,
    kind: names.kind,
    resource: names.plural,
    singular: accepted.singular ?? names.kind.toLowerCase(),
    shortNames: accepted.shortNames ?? [],
    categories: accepted.categories ?? [],
    namespaced: scope === 'Namespaced',
    verbs: allVerbs,
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
    ...(storageVersion === version.name
      ? {}
      : {
          storage: {
            group,
            version: storageVersion,
            toStorage: (object: Unstructured) => apiVersionOf(object, storageVersion),
            fromStorage: (object: Unstructured) => apiVersionOf(object, version.name),
          },
        }),
    columns: customColumns(version.additionalPrinterColumns),
    strategy: customStrategy(version, statusSubresource !== undefined),
  };
}

/** The version's schema with what every object has. */
function customSchema(version: CustomResourceDefinitionVersion): Schema {
  const declared = schemaFromOpenApi((version.schema?.openAPIV3Schema ?? {}) as JsonValue);
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

function customStrategy(version: CustomResourceDefinitionVersion, hasStatus: boolean): Strategy {
  const schema = (version.schema?.openAPIV3Schema ?? {}) as JsonObject;
  const validate = (object: Unstructured): ReturnType<typeof validateAgainstSchema> => {
    const { metadata: _metadata, ...rest } = object;
    const { properties, ...own } = schema;
    const { metadata: _declared, ...declared } = isJsonObject(properties) ? properties : {};
    const required = Array.isArray(own['required']) ? own['required'].filter((name) => name !== 'metadata') : undefined;
    const checked = { ...own, properties: declared, ...(required === undefined ? {} : { required }) };
    return validateAgainstSchema(rest as unknown as JsonObject, checked, new FieldPath());
  };
  return {
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    ...(hasStatus
      ? {
          prepareForCreate(object: Unstructured): void {
            delete object['status'];
          },
          prepareForUpdate: keepOtherPart,
        }
      : { prepareForCreate: () => undefined, prepareForUpdate: () => undefined }),
    validateCreate: validate,
    validateUpdate: validate,
    ...(hasStatus ? { resetFields: { '': ['status'], status: ['spec'] } } : {}),
  };
}

/** The object keeps its status; the status subresource changes nothing else. */
function keepOtherPart(object: Unstructured, old: Unstructured, context: { readonly subresource: string }): void {
  if (context.subresource === 'status') {
    for (const key of new Set([...Object.keys(object), ...Object.keys(old)])) {
      if (key === 'status' || key === 'metadata') continue;
      if (Object.hasOwn(old, key)) object[key] = old[key];
      else delete object[key];
    }
    return;
  }
  if (Object.hasOwn(old, 'status')) object['status'] = old['status'];
  else delete object['status'];
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
  const columns = declared ?? [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }];
  return [name, ...columns.map(customColumn)];
}

function customColumn(column: CustomResourceColumnDefinition): Column {
  const steps = parseObjectPath(column.jsonPath);
  return {
    name: column.name,
    type: column.type as Column['type'],
    format: column.format ?? '',
    description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
    cell(object, now) {
      const found = valuesAt(object, steps);
      const value = found[0];
      if (value === undefined || value === null) return column.type === 'date' ? '<unknown>' : null;
      if (column.type === 'date') {
        const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
        return Number.isNaN(time) ? '<invalid>' : humanDuration(now - time);
      }
      if (typeof value === 'object') return JSON.stringify(found.length > 1 ? found : value);
      return typeof value === 'bigint' ? value.toString() : value;
    },
  };
}
