import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../schema.ts';
import { type TypePlan, typePlans } from './type-plans.ts';

/** Fields whose empty lists and maps are forgotten, and where there are more below. */
interface FieldPlan {
  readonly key: string;
  readonly isForgotten: boolean;
  readonly below: ValuePlan | undefined;
}

/** `each`: the plan is that of every item or value. */
type ValuePlan = { readonly type: TypePlan<FieldPlan> } | { readonly each: ValuePlan };

const planOf = typePlans<FieldPlan>((key, property, owner, types) => {
  const isForgotten = isForgottenWhenEmpty(key, property, owner);
  const below = valuePlan(property, types);
  return isForgotten || below !== undefined ? { key, isForgotten, below } : undefined;
});

/**
 * Makes empty lists and maps null where Go shows null for none: what the real server stores does not tell one from the
 * other, although whoever wrote an empty one owns it. Others, which Go leaves out when they are empty, were never read.
 * The object is changed in place.
 */
export function forgetEmptyLists(object: JsonObject, typeName: string, types: SchemaSource): void {
  const schema = types.lookup(typeName);
  if (schema !== undefined) visitObject(object, planOf(schema, types).fields);
}

/** Whether an empty value of a field stands for none, and none is shown as null. */
export function isForgottenWhenEmpty(key: string, property: Schema, owner: Schema): boolean {
  if (property.shownAsNull === true) return property.type === 'array';
  return property.type === 'array' && property.default === undefined && owner.required?.includes(key) === true;
}

function valuePlan(declared: Schema, types: SchemaSource): ValuePlan | undefined {
  const schema = declared.ref === undefined ? declared : resolveSchema(declared, types);
  if (schema.properties !== undefined) {
    const type = planOf(schema, types);
    return type.isWhole && type.fields.length === 0 ? undefined : { type };
  }
  const inner = schema.items ?? schema.additionalProperties;
  const each = inner === undefined ? undefined : valuePlan(inner, types);
  return each === undefined ? undefined : { each };
}

function visitObject(object: JsonObject, fields: readonly FieldPlan[]): void {
  for (const { key, isForgotten, below } of fields) {
    const value = object[key];
    if (typeof value !== 'object' || value === null) continue;
    if (isForgotten && Array.isArray(value) && value.length === 0) object[key] = null;
    else if (below !== undefined) visitValue(value, below);
  }
}

function visitValue(value: JsonValue | undefined, plan: ValuePlan): void {
  if ('type' in plan) {
    if (isJsonObject(value)) visitObject(value, plan.type.fields);
  } else if (Array.isArray(value)) for (const item of value) visitValue(item, plan.each);
  else if (isJsonObject(value)) for (const item of Object.values(value)) visitValue(item, plan.each);
}
