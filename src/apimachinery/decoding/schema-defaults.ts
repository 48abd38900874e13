import { cloneJson, isJsonObject, setOwn, type JsonObject, type JsonValue } from '../json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../schema.ts';
import { typePlans } from './type-plans.ts';

/**
 * Fills in the defaults that the schema states: what Go's zero values show (`{}`, `""`, `0`) and declared defaults.
 * Fields that are there, even with null in schema-less parts, stay.
 */
export function applySchemaDefaults(object: JsonObject, typeName: string, types: SchemaSource): void {
  const schema = types.lookup(typeName);
  if (schema !== undefined) fillObject(object, planOf(schema, types).fields);
}

/** What filling does to one field of a type. Fields for which there is nothing to do have none. */
interface FieldPlan {
  readonly key: string;
  /** What an absent field becomes; undefined when it stays absent. */
  readonly absent: JsonValue | undefined;
  /** What is done to what stands below; undefined when nothing can be missing there. */
  readonly below: ValuePlan | undefined;
}

/** What filling does to a value: to each of its fields, or to each of its items. */
type ValuePlan =
  | { readonly fields: readonly FieldPlan[] }
  | { readonly items: ValuePlan }
  | { readonly values: ValuePlan };

const planOf = typePlans<FieldPlan>((key, property, owner, types) => {
  const absent = absentValue(key, property, owner, types);
  const below = valuePlan(property, types);
  return absent !== undefined || below !== undefined ? { key, absent, below } : undefined;
});

function absentValue(key: string, property: Schema, owner: Schema, types: SchemaSource): JsonValue | undefined {
  if (isShownAsNull(key, property, owner)) return null;
  // The only amounts that are no pointers in Go.
  if (key === 'value' && property.ref?.endsWith('.Quantity') === true && owner.required?.includes(key) === true)
    return '0';
  const value = property.default;
  return value === undefined || isOptionalName(key, owner) || !fits(value, property, types) ? undefined : value;
}

function valuePlan(declared: Schema, types: SchemaSource): ValuePlan | undefined {
  const schema = declared.ref === undefined ? declared : resolveSchema(declared, types);
  if (schema.items !== undefined) {
    const items = valuePlan(schema.items, types);
    return items === undefined ? undefined : { items };
  }
  if (schema.properties !== undefined) {
    const { fields, isWhole } = planOf(schema, types);
    return isWhole && fields.length === 0 ? undefined : { fields };
  }
  if (schema.additionalProperties === undefined) return undefined;
  const values = valuePlan(schema.additionalProperties, types);
  return values === undefined ? undefined : { values };
}

function fillObject(object: JsonObject, plan: readonly FieldPlan[]): void {
  for (const { key, absent, below } of plan) {
    if (!Object.hasOwn(object, key)) {
      if (absent === undefined) continue;
      setOwn(object, key, cloneJson(absent));
    }
    if (below !== undefined) fillValue(object[key], below);
  }
}

function fillValue(value: JsonValue | undefined, plan: ValuePlan): void {
  if (typeof value !== 'object' || value === null) return;
  if ('items' in plan) {
    if (Array.isArray(value)) for (const item of value) fillValue(item, plan.items);
  } else if (Array.isArray(value)) return;
  else if ('fields' in plan) fillObject(value, plan.fields);
  else for (const item of Object.values(value)) fillValue(item, plan.values);
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

/**
 * Names of what is referred to are published with an empty default, and left out when they are empty; the handler of a
 * node that is used where none is named has an empty name that is shown.
 */
export function isOptionalName(key: string, owner: Schema): boolean {
  if (owner.properties?.['features'] !== undefined) return false;
  return key === 'name' && owner.properties?.[key]?.default === '' && owner.required?.includes(key) !== true;
}

/** `default: {}` beside a reference to a string type (times, quantities) means nothing. */
function fits(value: JsonValue, declared: Schema, types: SchemaSource): boolean {
  if (!isJsonObject(value)) return true;
  const schema = declared.ref === undefined ? declared : resolveSchema(declared, types);
  return schema.properties !== undefined || schema.additionalProperties !== undefined || schema.type === undefined;
}
