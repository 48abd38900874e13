import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';

/** A schema inside another one, under a keyword that holds one schema. */
export function subSchema(schema: JsonObject, keyword: string): JsonObject | undefined {
  const found = schema[keyword];
  return isJsonObject(found) ? found : undefined;
}

/** The schemas inside another one, under a keyword that holds several. */
export function subSchemas(schema: JsonObject, keyword: string): JsonObject[] {
  const found = schema[keyword];
  return Array.isArray(found) ? found.filter(isJsonObject) : [];
}

/** The schemas that a keyword holds by names, in the order in which they are written. */
export function namedSchemas(schema: JsonObject, keyword: string): [string, JsonObject][] {
  const found = schema[keyword];
  if (!isJsonObject(found)) return [];
  return Object.entries(found).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1]));
}

/** One of the schemas that a keyword holds by names. */
export function namedSchema(schema: JsonObject, keyword: string, name: string): JsonObject | undefined {
  const found = schema[keyword];
  const own = isJsonObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  return isJsonObject(own) ? own : undefined;
}

/** The texts that a keyword lists. */
export function textsOf(schema: JsonObject, keyword: string): string[] {
  const found = schema[keyword];
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
}

/** The text of a keyword, empty when it is not there. */
export function textOf(schema: JsonObject, keyword: string): string {
  const found = schema[keyword];
  return typeof found === 'string' ? found : '';
}

/** Calls back for a schema and all schemas inside it, wherever they stand. */
export function walkSchemas(schema: JsonObject, visit: (schema: JsonObject) => void): void {
  visit(schema);
  for (const keyword of ['items', 'not', 'additionalProperties', 'additionalItems']) {
    const inside = subSchema(schema, keyword);
    if (inside !== undefined) walkSchemas(inside, visit);
  }
  for (const keyword of ['items', 'allOf', 'anyOf', 'oneOf']) {
    for (const inside of subSchemas(schema, keyword)) walkSchemas(inside, visit);
  }
  for (const keyword of ['properties', 'patternProperties', 'definitions', 'dependencies']) {
    for (const [, inside] of namedSchemas(schema, keyword)) walkSchemas(inside, visit);
  }
}

/** Whether some schema within one is as asked. */
export function someSchema(schema: JsonObject | undefined, test: (schema: JsonObject) => boolean): boolean {
  let found = false;
  if (schema !== undefined) walkSchemas(schema, (inside) => (found ||= test(inside)));
  return found;
}

/** Whether a keyword says something that is refused where it is not supported; some count even when they are empty. */
export function isKeywordSet(schema: JsonObject, keyword: string, seenWhenEmpty: readonly string[]): boolean {
  const value = schema[keyword];
  if (seenWhenEmpty.includes(keyword)) return value !== undefined && value !== null;
  return isSet(value) && !(isJsonObject(value) && Object.keys(value).length === 0);
}

/** Whether a keyword is set to something other than its empty value. */
export function isSet(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false;
  return Array.isArray(value) ? value.length > 0 : true;
}
