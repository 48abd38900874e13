import { cloneJson, isJsonObject, setOwn, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../../../apimachinery/schema.ts';

/**
 * Fills in the defaults that the schema states: what Go's zero values show (`{}`, `""`, `0`) and declared defaults.
 * Fields that are there, even with null in schema-less parts, stay.
 */
export function applySchemaDefaults(object: JsonObject, typeName: string, types: SchemaSource): void {
  const schema = types.lookup(typeName);
  if (schema !== undefined) fillObject(object, schema, types);
}

function fillObject(object: JsonObject, schema: Schema, types: SchemaSource): void {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const present = Object.hasOwn(object, key);
    if (!present && isShownAsNull(key, property, schema)) {
      setOwn(object, key, null);
      continue;
    }
    if (!present) {
      if (property.default === undefined || isOptionalName(key, schema) || !fits(property.default, property, types))
        continue;
      setOwn(object, key, cloneJson(property.default));
    }
    fillValue(object[key], property, types);
  }
}

function fillValue(value: JsonValue | undefined, declared: Schema, types: SchemaSource): void {
  if (typeof value !== 'object' || value === null) return;
  const schema = declared.ref === undefined ? declared : resolveSchema(declared, types);
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) fillValue(item, schema.items, types);
    return;
  }
  if (schema.properties !== undefined) fillObject(value, schema, types);
  else if (schema.additionalProperties !== undefined) {
    for (const item of Object.values(value)) fillValue(item, schema.additionalProperties, types);
  }
}

/** Times that are values in Go, not pointers: they show null when they are not set. */
const valueTimes: ReadonlySet<string> = new Set([
  'deprecatedFirstTimestamp',
  'deprecatedLastTimestamp',
  'eventTime',
  'finishedAt',
  'firstTimestamp',
  'lastHeartbeatTime',
  'lastObservedTime',
  'lastProbeTime',
  'lastTimestamp',
  'lastTransitionTime',
  'lastUpdateTime',
  'startedAt',
]);

/** Whether Go shows null for a field that is not there: what the types mark, value times and required lists. */
function isShownAsNull(key: string, property: Schema, owner: Schema): boolean {
  if (property.shownAsNull === true) return true;
  if (property.ref?.endsWith('.meta.v1.Time') === true || property.ref?.endsWith('.meta.v1.MicroTime') === true) {
    return valueTimes.has(key);
  }
  return property.type === 'array' && property.default === undefined && owner.required?.includes(key) === true;
}

/** Names of what is referred to are published with an empty default, and left out when they are empty. */
export function isOptionalName(key: string, owner: Schema): boolean {
  return key === 'name' && owner.properties?.[key]?.default === '' && owner.required?.includes(key) !== true;
}

/** `default: {}` beside a reference to a string type (times, quantities) means nothing. */
function fits(value: JsonValue, declared: Schema, types: SchemaSource): boolean {
  if (!isJsonObject(value)) return true;
  const schema = declared.ref === undefined ? declared : resolveSchema(declared, types);
  return schema.properties !== undefined || schema.additionalProperties !== undefined || schema.type === undefined;
}
