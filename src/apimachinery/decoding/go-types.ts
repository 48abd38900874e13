import type { Schema } from '../schema.ts';
import { namedLists, namedMaps, namedStrings } from './go-named-types.ts';

type NamedTypes = ReadonlyMap<string, string>;

/** Field → name of its type, from name → fields. */
function byField(table: Readonly<Record<string, string>>): NamedTypes {
  return new Map(Object.entries(table).flatMap(([name, fields]) => fields.split(' ').map((field) => [field, name])));
}

let tables: { readonly strings: NamedTypes; readonly maps: NamedTypes; readonly lists: NamedTypes } | undefined;

/** The tables by field; made when the first message needs them. */
function namedTypes(): NonNullable<typeof tables> {
  tables ??= { strings: byField(namedStrings), maps: byField(namedMaps), lists: byField(namedLists) };
  return tables;
}

/** `PodSpec` of `io.k8s.api.core.v1.PodSpec`. */
export function goStructName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}

/** `v1.PodSpec` of `io.k8s.api.core.v1.PodSpec`: package and name, as Go shows a type. */
export function goQualifiedName(fullName: string): string {
  return fullName.split('.').slice(-2).join('.');
}

/** The name of a map's type, when it has one. */
export function namedMapOf(owner: string, field: string): string | undefined {
  return namedTypes().maps.get(`${goStructName(owner)}.${field}`);
}

/**
 * The Go type of a field as json's messages show it; the full name of the type that has it and its name tell where the
 * schema says only string, list or map.
 */
export function goTypeName(schema: Schema, owner: string, field: string): string {
  if (schema.intOrString === true || schema.format === 'int-or-string') return 'intstr.IntOrString';
  if (schema.type === undefined && schema.ref !== undefined) return goQualifiedName(schema.ref);
  const named = (names: NamedTypes): string | undefined =>
    names.get(`${goStructName(owner)}.${field}`) ?? names.get(`${owner.split('.').slice(-3).join('.')}.${field}`);
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? '[]uint8' : (named(namedTypes().strings) ?? 'string');
    case 'integer':
      if (schema.format === 'byte') return 'uint8';
      return schema.format === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'array': {
      const items = schema.items === undefined ? 'interface {}' : goTypeName(schema.items, owner, field);
      return named(namedTypes().lists) ?? `[]${items}`;
    }
    case 'object':
      if (schema.additionalProperties !== undefined) {
        const values = schema.additionalProperties;
        return named(namedTypes().maps) ?? `map[string]${goTypeName(values, owner, field)}`;
      }
      return schema.ref === undefined ? 'map[string]interface {}' : goQualifiedName(schema.ref);
    default:
      return 'interface {}';
  }
}

/** Whether a type is one of the strings with a name of their own. */
export function isNamedString(type: string): boolean {
  return Object.hasOwn(namedStrings, type);
}

/** Whether a type is one of the maps with a name of their own. */
export function isNamedMap(type: string): boolean {
  return Object.hasOwn(namedMaps, type);
}

/** Whether a type is one of the lists with a name of their own. */
export function isNamedList(type: string): boolean {
  return Object.hasOwn(namedLists, type);
}
