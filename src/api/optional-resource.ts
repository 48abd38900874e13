import { formatGroupVersion } from '../apimachinery/gvk.ts';
import type { Schema } from '../apimachinery/schema.ts';
import { builtInTypes, listType } from './registry.ts';
import type { OtherForm, ResourceDefinition, TypeDefinition } from './resource-definition.ts';
import { parseTypes, type TypeSource } from './type-language.ts';

/** A resource that a server has only when it is told so: a version that is off by default, or a kind behind a gate. */
export interface OptionalResource {
  readonly definition: ResourceDefinition;
  /** The types that it needs and no built-in resource has. */
  types(): readonly TypeDefinition[];
  /** The feature gate of Kubernetes without which it is not there. */
  readonly gate?: string;
}

/**
 * A kind in another version of its group that has the same fields.
 * @param one the version that is stored
 * @param more what is different, such as the warning that everybody gets
 * @param retouch what its types say differently, by their names without the package
 */
export function otherVersionOf(
  one: ResourceDefinition | OptionalResource,
  version: string,
  more: Partial<ResourceDefinition> = {},
  retouch: Readonly<Record<string, (schema: Schema) => Schema>> = {},
): OptionalResource {
  const base = 'definition' in one ? one.definition : one;
  const { group } = base;
  const from = packageOf(base.type);
  const to = `${from.slice(0, from.lastIndexOf('.'))}.${version}`;
  const apiVersion = formatGroupVersion({ group, version });
  const storedVersion = formatGroupVersion(base);
  return {
    definition: {
      ...base,
      version,
      type: `${to}${base.type.slice(from.length)}`,
      storage: {
        group,
        version: base.version,
        toStorage: (object) => ({ ...object, apiVersion: storedVersion }),
        fromStorage: (object) => ({ ...object, apiVersion }),
      },
      storageVersion: base.storageVersion ?? { group, version: base.version },
      ...more,
    },
    types: () =>
      typesIn(base.type, typesOf(one), from, to).map((type) => {
        const change = retouch[type.name.slice(to.length + 1)];
        return change === undefined ? type : { ...type, schema: change(type.schema) };
      }),
    ...('gate' in one ? { gate: one.gate } : {}),
  };
}

/** A resource whose types are written down for it. @param gate the feature gate of Kubernetes that it is behind, if any */
export function optionalResource(definition: ResourceDefinition, source: TypeSource, gate?: string): OptionalResource {
  return { definition, types: () => parseTypes(source), ...(gate === undefined ? {} : { gate }) };
}

/** Built-in types with those of further resources, their kinds and their lists. */
export function typesWith(
  optional: readonly OptionalResource[],
  built: ReadonlyMap<string, TypeDefinition>,
): ReadonlyMap<string, TypeDefinition> {
  const types = new Map(built);
  for (const one of optional) for (const type of one.types()) if (!types.has(type.name)) types.set(type.name, type);
  for (const { definition } of optional) {
    const { group, version, kind } = definition;
    const type = types.get(definition.type);
    if (type === undefined) throw new Error(`resource ${definition.resource}: no type ${definition.type}`);
    types.set(type.name, { ...type, gvks: [{ group, version, kind }] });
    const list = listType(type.name, { group, version, kind });
    types.set(list.name, list);
  }
  return types;
}

/** Resources of which those of one kind know each other, so that nobody's fields are forgotten between versions. */
export function knowingEachOther(resources: readonly ResourceDefinition[]): readonly ResourceDefinition[] {
  const keyOf = ({ group, resource }: ResourceDefinition): string => `${group}/${resource}`;
  const byKind = new Map<string, ResourceDefinition[]>();
  for (const resource of resources) byKind.set(keyOf(resource), [...(byKind.get(keyOf(resource)) ?? []), resource]);
  return resources.map((resource) => {
    const others = (byKind.get(keyOf(resource)) ?? []).filter((other) => other !== resource);
    if (others.length === 0 || resource.otherForms !== undefined) return resource;
    return { ...resource, otherForms: others.map((other) => formOf(other, resource)) };
  });
}

function formOf(other: ResourceDefinition, own: ResourceDefinition): OtherForm {
  const convert =
    (from: ResourceDefinition, to: ResourceDefinition): OtherForm['convert'] =>
    (object) => {
      const stored = from.storage === undefined ? object : from.storage.toStorage(object);
      return to.storage === undefined ? stored : to.storage.fromStorage(stored);
    };
  return {
    apiVersion: formatGroupVersion(other),
    type: other.type,
    convert: convert(own, other),
    convertBack: convert(other, own),
  };
}

function packageOf(type: string): string {
  return type.slice(0, type.lastIndexOf('.'));
}

function typesOf(one: ResourceDefinition | OptionalResource): ReadonlyMap<string, TypeDefinition> {
  return 'definition' in one ? new Map(one.types().map((type) => [type.name, type])) : builtInTypes();
}

/** A type and all of its package that it refers to, in another package. */
function typesIn(type: string, built: ReadonlyMap<string, TypeDefinition>, from: string, to: string): TypeDefinition[] {
  const found = new Map<string, TypeDefinition>();
  const rename = (name: string): string => (packageOf(name) === from ? `${to}${name.slice(from.length)}` : name);
  const visit = (name: string): void => {
    const definition = built.get(name);
    if (definition === undefined || packageOf(name) !== from || found.has(name)) return;
    found.set(name, definition);
    const schema = renamed(definition.schema, (ref) => {
      visit(ref);
      return rename(ref);
    });
    found.set(name, { name: rename(name), schema, gvks: [] });
  };
  visit(type);
  return [...found.values()];
}

function renamed(schema: Schema, rename: (ref: string) => string): Schema {
  const { ref, items, additionalProperties, properties } = schema;
  return {
    ...schema,
    ...(ref === undefined ? {} : { ref: rename(ref) }),
    ...(items === undefined ? {} : { items: renamed(items, rename) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: renamed(additionalProperties, rename) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, renamed(property, rename)]),
          ),
        }),
  };
}
