import { type FieldError, fieldForbidden, type FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { validateDefaults } from './default-validation.ts';
import { internalSchema } from './internal-form.ts';
import { RuleCosts, rootScope } from './rule-checks.ts';
import { checkSchema, rootPermissions } from './schema-checks.ts';
import { unsupportedKeyword, validateStructural } from './structural-validation.ts';

/** What an update may keep although it would be refused today. */
export interface SchemaAllowances {
  readonly structural: boolean;
  readonly prunedDefaults: boolean;
  readonly validTypes: boolean;
  readonly atomicSets: boolean;
  readonly mapKeys: boolean;
  /** The schema is what it was, so the work of its single rules is let be. */
  readonly ruleCosts: boolean;
}

/** Nothing is let be: a schema that is new. */
export const noAllowances: SchemaAllowances = {
  structural: false,
  prunedDefaults: false,
  validTypes: false,
  atomicSets: false,
  mapKeys: false,
  ruleCosts: false,
};

/** With a status of its own, a schema may have only these at its root; as messages list them. */
const rootFields = (
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern ' +
  'MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields ' +
  'XValidations'
).split(' ');

/** Checks the schema of a version of a CustomResourceDefinition (openAPIV3Schema). */
export function validateDefinitionSchema(
  schema: JsonObject,
  path: FieldPath,
  hasStatus: boolean,
  allowances: SchemaAllowances,
): FieldError[] {
  const errors: FieldError[] = hasStatus ? checkRoot(schema, path) : [];
  if (schema['nullable'] === true) {
    errors.push(fieldForbidden(path.child('nullable'), 'nullable cannot be true at the root'));
  }
  const costs = new RuleCosts();
  let compiles = false;
  let unreadable: FieldError | undefined;
  if (!allowances.structural) {
    const unsupported = unsupportedKeyword(schema);
    if (unsupported !== undefined) unreadable = invalid(path, '', unsupported);
    else {
      const structural = validateStructural(schema, path);
      const found = structural.length > 0 ? structural : validateDefaults(schema, path, !allowances.prunedDefaults);
      errors.push(...found);
      compiles = found.length === 0;
    }
  }
  const scope = compiles ? rootScope(schema, costs) : undefined;
  const checked = checkSchema(schema, path, rootPermissions(allowances), scope);
  errors.push(...checked.schema, ...checked.rules);
  if (errors.length === 0 && unreadable !== undefined) errors.push(unreadable);
  errors.push(...costs.errors(path));
  return errors;
}

function checkRoot(schema: JsonObject, path: FieldPath): FieldError[] {
  const [internal, nothing] = [internalSchema(schema), internalSchema({})];
  for (const [field, value] of Object.entries(internal)) {
    if (field === 'Type') {
      if (value === 'object' || value === '') continue;
      const message =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(path.child('type'), value, message)];
    }
    if (value === nothing[field] || rootFields.includes(field)) continue;
    const message = `only [${rootFields.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalid(path, internal, message)];
  }
  return [];
}
