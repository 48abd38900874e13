import { goQuote } from '../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../../apimachinery/schema.ts';
import {
  concreteType,
  itemElement,
  ListItemError,
  type ListMergeType,
  type MapMergeType,
  type MergeType,
  mergeTypeOf,
  type ScalarType,
} from './merge-type.ts';
import { fieldElement, formatPath, type PathElement } from './path-element.ts';

/** A value that does not fit its type; `message` is what sigs.k8s.io/structured-merge-diff says, with the path. */
export class TypedValueError extends Error {}

/** What is let through of what a strict check refuses. */
export interface Leniency {
  /** Whether items of sets and maps may be there twice, as in objects from before they were told apart. */
  readonly duplicates?: 'refused' | 'allowed';
  /** Whether null is a value of its own that fits nothing, as what expressions make of it, and not none. */
  readonly nulls?: 'refused' | 'allowed';
}

/**
 * @throws TypedValueError naming every part of the value that does not fit the type.
 */
export function validateTyped(
  value: JsonValue,
  schema: Schema,
  source: SchemaSource,
  { duplicates = 'refused', nulls = 'allowed' }: Leniency = {},
): void {
  const errors: string[] = [];
  check(value, mergeTypeOf(schema, source), [], errors);
  if (nulls === 'refused') checkNulls(value, mergeTypeOf(schema, source), [], errors);
  if (duplicates === 'allowed') {
    const isTwice = /(?:^|: )duplicate entries for key /;
    errors.splice(0, errors.length, ...errors.filter((error) => !isTwice.test(error)));
  }
  if (errors.length === 1) throw new TypedValueError(errors[0] ?? '');
  if (errors.length > 1) throw new TypedValueError(`errors:\n${errors.map((error) => `  ${error}`).join('\n')}`);
}

type Path = readonly PathElement[];

function complain(errors: string[], path: Path, message: string): void {
  errors.push(path.length === 0 ? message : `${formatPath(path)}: ${message}`);
}

function check(value: JsonValue, declared: MergeType, path: Path, errors: string[]): void {
  if (value === null || declared.kind === 'any') return;
  const type = concreteType(declared, value);
  if (type.kind === 'map') {
    if (isJsonObject(value)) checkMap(value, type, path, errors);
    else complain(errors, path, `expected map, got &{${goText(value)}}`);
  } else if (type.kind === 'list') {
    if (Array.isArray(value)) checkList(value, type, path, errors);
    else complain(errors, path, `expected list, got &{${goText(value)}}`);
  } else {
    const message = scalarMessage(value, type.type);
    if (message !== undefined) complain(errors, path, message);
  }
}

/** The first field that the type does not know ends the check of this map. */
function checkMap(map: JsonObject, type: MapMergeType, path: Path, errors: string[]): void {
  for (const [name, item] of Object.entries(map)) {
    const field = type.typeOf(name);
    const at = [...path, fieldElement(name)];
    if (field === undefined) return complain(errors, at, 'field not declared in schema');
    check(item, field, at, errors);
  }
}

/** Messages for nulls, which the converter of expressions makes numbers of an odd type of. */
function checkNulls(value: JsonValue, declared: MergeType, path: Path, errors: string[]): void {
  if (value === null) return complain(errors, path, nullMessage(declared));
  const type = concreteType(declared, value);
  if (type.kind === 'map' && isJsonObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      const field = type.typeOf(name);
      if (field !== undefined) checkNulls(item, field, [...path, fieldElement(name)], errors);
    }
  } else if (type.kind === 'list' && declared.kind === 'list' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkNulls(item, type.items, [...path, `i:${index}`], errors);
  }
}

function nullMessage(type: MergeType): string {
  if (type.kind !== 'scalar') return `expected ${type.kind === 'list' ? 'list' : 'map'}, got &{NULL_VALUE}`;
  if (type.type === 'numeric') return 'expected numeric (int or float), got structpb.NullValue';
  if (type.type === 'string') return 'expected string, got &value.valueUnstructured{Value:0}';
  return `expected ${type.type === 'boolean' ? 'boolean' : 'any scalar'}, got &{NULL_VALUE}`;
}

function checkList(list: readonly JsonValue[], type: ListMergeType, path: Path, errors: string[]): void {
  const seen = new Set<PathElement>();
  for (const [index, item] of list.entries()) {
    let element = `i:${index}`;
    if (type.relation !== 'atomic') {
      try {
        element = itemElement(type, item);
      } catch (error) {
        if (!(error instanceof ListItemError)) throw error;
        return complain(errors, path, `element ${index}: ${error.message}`);
      }
      if (seen.has(element)) complain(errors, path, `duplicate entries for key ${formatPath([element])}`);
      seen.add(element);
    }
    check(item, type.items, [...path, element], errors);
  }
}

function scalarMessage(value: JsonValue, type: ScalarType): string | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  switch (type) {
    case 'numeric':
      return isNumber ? undefined : `expected numeric (int or float), got ${goTypeOf(value)}`;
    case 'string':
      if (typeof value === 'string') return undefined;
      return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goText(value)}}`;
    default:
      if (isNumber || typeof value === 'string' || typeof value === 'boolean') return undefined;
      return `expected any scalar, got &{${goText(value)}}`;
  }
}

/** Go's %T of what its JSON decoder makes. */
function goTypeOf(value: JsonValue): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isJsonObject(value)) return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'float64';
}

/** Go's %#v. */
function goSyntax(value: JsonValue): string {
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (isJsonObject(value)) {
    const fields = sortedEntries(value).map(([key, item]) => `${goQuote(key)}:${goSyntax(item)}`);
    return `map[string]interface {}{${fields.join(', ')}}`;
  }
  return value === null ? 'interface {}(nil)' : `${value}`;
}

/** Go's %v. */
export function goText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isJsonObject(value)) {
    return `map[${sortedEntries(value)
      .map(([key, item]) => `${key}:${goText(item)}`)
      .join(' ')}]`;
  }
  return value === null ? '<nil>' : `${value}`;
}

function sortedEntries(object: JsonObject): [string, JsonValue][] {
  return Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1));
}
