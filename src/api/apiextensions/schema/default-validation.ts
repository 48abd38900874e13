import { type FieldError, type FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import { equalJson, type JsonObject } from '../../../apimachinery/json.ts';
import { pruneValue } from './pruning.ts';
import { validateEmbeddedResources } from './resource-checks.ts';
import { createRuleValidator } from './rule-validation.ts';
import { namedSchemas, subSchema } from './schema-keywords.ts';
import { validateValue } from './value-validation.ts';

/** Whether the defaults in a structural schema are themselves what it asks for. */
export function validateDefaults(
  schema: JsonObject,
  path: FieldPath,
  mustBePruned: boolean,
  place: 'root' | 'inside' = 'root',
): FieldError[] {
  // The root is the object itself, which has a kind.
  const whole = place === 'root' ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema;
  const errors = checkDefault(whole, path.child('default'), mustBePruned);
  const items = subSchema(schema, 'items');
  if (items !== undefined) errors.push(...validateDefaults(items, path.child('items'), mustBePruned, 'inside'));
  for (const [name, property] of namedSchemas(schema, 'properties')) {
    errors.push(...validateDefaults(property, path.child('properties').key(name), mustBePruned, 'inside'));
  }
  return errors;
}

function checkDefault(schema: JsonObject, path: FieldPath, mustBePruned: boolean): FieldError[] {
  const value = schema['default'];
  if (value === undefined || value === null) return [];
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const errors: FieldError[] = [];
  if (mustBePruned && !equalJson(pruneValue(value, schema, isEmbedded), value)) {
    errors.push(invalid(path, value, 'must not have unknown fields'));
  }
  const resources = validateEmbeddedResources(value, schema, path);
  if (resources.length > 0) return [...errors, ...resources];
  const values = validateValue(value, schema, path);
  if (values.length > 0) return [...errors, ...values];
  const rules = createRuleValidator(schema, false);
  if (rules === undefined) return errors;
  const asUnchanged = rules.validate(path, value, value);
  return [...errors, ...(asUnchanged.length > 0 ? asUnchanged : rules.validate(path, value, undefined))];
}
