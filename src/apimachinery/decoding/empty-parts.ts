import { cloneJson, isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../schema.ts';
import { type TypePlan, typePlans } from './type-plans.ts';

/** The type of schemas in definitions of custom resources. */
export const jsonSchemaProps = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

/** What becomes of an empty list or map: it is left out, or shown as null. */
type Fate = 'omitted' | 'null';

/** What becomes of a field that is empty, and what is below it. */
interface FieldPlan {
  readonly key: string;
  readonly fate: Fate | undefined;
  readonly below: ValuePlan | undefined;
}

/** `each`: the plan is that of every item or value. */
type ValuePlan = { readonly type: TypePlan<FieldPlan> } | { readonly each: ValuePlan };

const planOf = typePlans<FieldPlan>((key, property, owner, types) => {
  const fate = fateOf(key, property, owner);
  const below = valuePlan(property, types);
  return fate !== undefined || below !== undefined ? { key, fate, below } : undefined;
});

/**
 * Takes away what the real server does not keep apart when it stores an object or writes it as JSON: empty lists and
 * maps of optional fields, and those that Go shows as null. Whoever reads what came (defaults, validation) sees them
 * before. The object is changed in place.
 */
export function forgetEmptyParts(object: JsonObject, typeName: string, types: SchemaSource): void {
  const schema = types.lookup(typeName);
  if (schema !== undefined) visitObject(object, planOf(schema, types).fields, 'stored');
}

/**
 * An object as Go writes it as JSON: without empty lists and maps of optional fields. It itself where it has none, else
 * a copy.
 */
export function withoutEmptyParts<T extends object>(object: T, typeName: string, types: SchemaSource): T {
  const schema = types.lookup(typeName);
  if (schema === undefined || !isObjectEmptied(object as JsonObject, planOf(schema, types).fields)) return object;
  const copy = cloneJson(object);
  visitObject(copy as JsonObject, planOf(schema, types).fields, 'written');
  return copy;
}

/** Lists of objects as Go writes them in whose items something empty was left out. */
const thinned = new WeakSet<readonly JsonValue[]>();

/**
 * Whether writing left something empty out of a list's items. Go compares lists in memory, where an empty list or map is
 * another thing than none.
 */
export function hasLostEmptyParts(list: readonly JsonValue[]): boolean {
  return thinned.has(list);
}

/** Whether an empty value of a field stands for none, and none is shown as null. */
export function isForgottenWhenEmpty(key: string, property: Schema, owner: Schema): boolean {
  return fateOf(key, property, owner) === 'null';
}

/** Whether Go leaves a field out when it is empty: lists and maps of optional fields. */
export function isOmittedWhenEmpty(key: string, property: Schema, owner: Schema): boolean {
  return fateOf(key, property, owner) === 'omitted';
}

/** Whether a value is a list or map with nothing in it. */
export function isEmptyPart(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

function fateOf(key: string, property: Schema, owner: Schema): Fate | undefined {
  const { type, shownAsNull, additionalProperties, items } = property;
  if (type !== 'array' && additionalProperties === undefined) return undefined;
  const isRequired = owner.required?.includes(key) === true;
  if (shownAsNull === true || (type === 'array' && property.default === undefined && isRequired)) return 'null';
  return isRequired || (type === 'array' && items === undefined) ? undefined : 'omitted';
}

function valuePlan(declared: Schema, types: SchemaSource): ValuePlan | undefined {
  // A schema, or a list of them, or neither.
  const isSchemaOr = declared.ref?.startsWith(`${jsonSchemaProps}Or`) === true;
  const typed = isSchemaOr ? { ref: jsonSchemaProps } : declared;
  const schema = typed.ref === undefined ? typed : resolveSchema(typed, types);
  if (schema.properties !== undefined) {
    const type = planOf(schema, types);
    return type.isWhole && type.fields.length === 0 ? undefined : { type };
  }
  const inner = schema.items ?? schema.additionalProperties;
  const each = inner === undefined ? undefined : valuePlan(inner, types);
  return each === undefined ? undefined : { each };
}

/** @returns whether something was left out */
function visitObject(object: JsonObject, fields: readonly FieldPlan[], as: 'stored' | 'written'): boolean {
  let isThinned = false;
  for (const { key, fate, below } of fields) {
    const value = object[key];
    if (typeof value !== 'object' || value === null) continue;
    if (fate === 'omitted' && isEmptyPart(value)) {
      delete object[key];
      isThinned = true;
    } else if (fate === 'null' && as === 'stored' && isEmptyPart(value)) object[key] = null;
    else if (below !== undefined && visitValue(value, below, as)) isThinned = true;
  }
  return isThinned;
}

function visitValue(value: JsonValue | undefined, plan: ValuePlan, as: 'stored' | 'written'): boolean {
  if ('type' in plan && isJsonObject(value)) return visitObject(value, plan.type.fields, as);
  const inner = 'type' in plan ? plan : plan.each;
  let isThinned = false;
  if (Array.isArray(value)) {
    for (const item of value) if (visitValue(item, inner, as)) isThinned = true;
    if (isThinned && as === 'written') thinned.add(value);
  } else if (isJsonObject(value) && !('type' in plan)) {
    for (const item of Object.values(value)) if (visitValue(item, inner, as)) isThinned = true;
  }
  return isThinned;
}

/** Whether there is anything that writing leaves out. */
function isObjectEmptied(object: JsonObject, fields: readonly FieldPlan[]): boolean {
  for (const { key, fate, below } of fields) {
    const value = object[key];
    if (typeof value !== 'object' || value === null) continue;
    if (fate === 'omitted' && isEmptyPart(value)) return true;
    if (below !== undefined && isValueEmptied(value, below)) return true;
  }
  return false;
}

function isValueEmptied(value: JsonValue, plan: ValuePlan): boolean {
  if ('type' in plan) {
    if (isJsonObject(value)) return isObjectEmptied(value, plan.type.fields);
    return Array.isArray(value) && value.some((item) => isValueEmptied(item, plan));
  }
  if (typeof value !== 'object' || value === null) return false;
  const parts = Array.isArray(value) ? value : Object.values(value);
  return parts.some((item) => isValueEmptied(item, plan.each));
}
