import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../../apimachinery/schema.ts';
import { concreteType, type MergeType, mergeTypeOf } from './merge-type.ts';

/**
 * The lists and objects within a value that are only ever replaced as a whole, by their paths (`.spec.containers[0].args`).
 * Keys of maps are not followed, as in the real server; list items go by their position.
 */
export function atomicParts(value: JsonValue, schema: Schema, source: SchemaSource): string[] {
  const found: string[] = [];
  collect(value, mergeTypeOf(schema, source), '', found);
  return found;
}

function collect(value: JsonValue, declared: MergeType, path: string, found: string[]): void {
  const type = concreteType(declared, value);
  if (type.kind === 'map' && isJsonObject(value)) {
    if (type.isAtomic) found.push(path);
    for (const [name, item] of Object.entries(value)) {
      const field = type.declares(name) ? type.typeOf(name) : undefined;
      if (field !== undefined) collect(item, field, `${path}.${name}`, found);
    }
  } else if (type.kind === 'list' && Array.isArray(value)) {
    if (type.relation === 'atomic') found.push(path);
    for (const [index, item] of value.entries()) collect(item, type.items, `${path}[${index}]`, found);
  }
}
