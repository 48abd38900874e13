import type { Schema, SchemaSource } from '../schema.ts';

/** What is done to the fields of a type; while it is being made, types within it may refer to it already. */
export interface TypePlan<Field> {
  readonly fields: Field[];
  isWhole: boolean;
}

/**
 * Plans that are made once per type, as far as they are needed, and found by the properties: resolving keeps those.
 * @param fieldPlan what is done to one field of a type; undefined for nothing
 */
export function typePlans<Field>(
  fieldPlan: (key: string, property: Schema, owner: Schema, types: SchemaSource) => Field | undefined,
): (schema: Schema, types: SchemaSource) => TypePlan<Field> {
  const plans = new WeakMap<SchemaSource, WeakMap<object, TypePlan<Field>>>();
  return (schema, types) => {
    const { properties = {} } = schema;
    let ofSource = plans.get(types);
    if (ofSource === undefined) {
      ofSource = new WeakMap();
      plans.set(types, ofSource);
    }
    const known = ofSource.get(properties);
    if (known !== undefined) return known;
    const plan: TypePlan<Field> = { fields: [], isWhole: false };
    ofSource.set(properties, plan);
    for (const [key, property] of Object.entries(properties)) {
      const field = fieldPlan(key, property, schema, types);
      if (field !== undefined) plan.fields.push(field);
    }
    plan.isWhole = true;
    return plan;
  };
}
