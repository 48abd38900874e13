import { isJsonObject, type JsonObject, type JsonValue } from '../../../../apimachinery/json.ts';

/** The object at a path; empty when there is none. */
export function objectAt(value: JsonValue | undefined, ...path: readonly string[]): JsonObject {
  let current = value;
  for (const name of path) current = isJsonObject(current) ? current[name] : undefined;
  return isJsonObject(current) ? current : {};
}

/** A text; empty for what is none. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
