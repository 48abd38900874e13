import {
  type FieldError,
  fieldForbidden,
  type FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import type { SchemaAllowances } from './definition-schema-validation.ts';
import { internalSchema } from './internal-form.ts';
import { checkCompiledRules, checkRuleSyntax, innerScope, type RuleScope } from './rule-checks.ts';
import { isKeywordSet, namedSchema, namedSchemas, subSchema, subSchemas, textOf, textsOf } from './schema-keywords.ts';

/** What is forbidden at a place within a schema. */
export interface Permissions {
  readonly isRoot: boolean;
  readonly allowances: SchemaAllowances;
  /** Why defaults must not be set there; undefined where they may. */
  readonly noDefaults: string | undefined;
  readonly insideMetadata: boolean;
  /** From where on old values cannot be told. */
  readonly uncorrelatable: FieldPath | undefined;
}

/** What is forbidden at the root. */
export function rootPermissions(allowances: SchemaAllowances): Permissions {
  return { isRoot: true, allowances, noDefaults: undefined, insideMetadata: false, uncorrelatable: undefined };
}

/** Errors of the schema itself, and those of its rules, which come after all of the others. */
export interface SchemaErrors {
  readonly schema: FieldError[];
  readonly rules: FieldError[];
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Checks every keyword of a schema and of those inside it. */
export function checkSchema(
  schema: JsonObject,
  path: FieldPath,
  permissions: Permissions,
  scope: RuleScope | undefined,
): SchemaErrors {
  const errors: SchemaErrors = { schema: checkUnsupported(schema, path, permissions), rules: [] };
  const own = { ...permissions, isRoot: false };
  const visit = (child: JsonObject, at: FieldPath, inner: Permissions, childScope: RuleScope | undefined): void => {
    const found = checkSchema(child, at, inner, childScope);
    errors.schema.push(...found.schema);
    errors.rules.push(...found.rules);
  };
  visitStructure(schema, path, permissions, scope, errors, visit);
  for (const keyword of ['allOf', 'oneOf', 'anyOf']) {
    for (const [index, child] of subSchemas(schema, keyword).entries()) {
      visit(child, path.child(keyword).index(index), own, undefined);
    }
  }
  const not = subSchema(schema, 'not');
  if (not !== undefined) visit(not, path.child('not'), own, undefined);
  for (const [name, child] of namedSchemas(schema, 'definitions')) {
    visit(child, path.child('definitions').key(name), own, undefined);
  }
  errors.schema.push(...checkExtensionTypes(schema, path, permissions.allowances), ...checkMapKeys(schema, path));
  if (!permissions.allowances.mapKeys) errors.schema.push(...checkKeyValues(schema, path));
  errors.schema.push(...checkRuleSyntax(schema, path));
  const hasRules = subSchemas(schema, 'x-kubernetes-validations').length > 0;
  if (hasRules && errors.schema.length === 0 && scope !== undefined) {
    const { allowances, uncorrelatable } = permissions;
    errors.rules.push(...checkCompiledRules(schema, path, scope, allowances.ruleCosts, uncorrelatable));
  }
  return errors;
}

type Visit = (child: JsonObject, at: FieldPath, inner: Permissions, scope: RuleScope | undefined) => void;

function visitStructure(
  schema: JsonObject,
  path: FieldPath,
  permissions: Permissions,
  scope: RuleScope | undefined,
  errors: SchemaErrors,
  visit: Visit,
): void {
  const own = { ...permissions, isRoot: false };
  const { additionalProperties } = schema;
  const properties = namedSchemas(schema, 'properties');
  if (additionalProperties !== undefined) {
    const at = path.child('additionalProperties');
    if (properties.length > 0 && additionalProperties !== true) {
      errors.schema.push(fieldForbidden(at, 'additionalProperties and properties are mutual exclusive'));
    }
    const inner = permissions.insideMetadata
      ? { ...own, noDefaults: ' inside additionalProperties applying to object metadata' }
      : own;
    if (isJsonObject(additionalProperties)) {
      visit(additionalProperties, at, inner, innerScope(scope, schema, additionalProperties, 'element'));
    }
  }
  const isResource = permissions.isRoot || schema['x-kubernetes-embedded-resource'] === true;
  for (const [name, child] of properties) {
    const isMeta = isResource && ['metadata', 'kind', 'apiVersion'].includes(name);
    const inner = {
      ...own,
      insideMetadata: own.insideMetadata || isMeta,
      noDefaults: isMeta && permissions.isRoot ? ` in top-level ${name}` : own.noDefaults,
    };
    visit(child, path.child('properties').key(name), inner, innerScope(scope, schema, child, { property: name }));
  }
  const items = subSchema(schema, 'items');
  const isCorrelatable = schema['x-kubernetes-list-type'] === 'map';
  const inner = { ...own, uncorrelatable: own.uncorrelatable ?? (isCorrelatable ? undefined : path) };
  if (items !== undefined) visit(items, path.child('items'), inner, innerScope(scope, schema, items, 'element'));
  for (const [index, child] of subSchemas(schema, 'items').entries()) {
    visit(child, path.child('items').index(index), inner, innerScope(scope, schema, child, 'element'));
  }
}

function checkUnsupported(schema: JsonObject, path: FieldPath, permissions: Permissions): FieldError[] {
  const errors: FieldError[] = [];
  const type = textOf(schema, 'type');
  if (!permissions.allowances.validTypes && type !== '' && !types.includes(type)) {
    errors.push(notSupported(path.child('type'), type, types));
  }
  const { default: value } = schema;
  if (value !== undefined && value !== null && permissions.noDefaults !== undefined) {
    errors.push(fieldForbidden(path.child('default'), `must not be set${permissions.noDefaults}`));
  }
  for (const keyword of ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref']) {
    if (isKeywordSet(schema, keyword, ['additionalItems', 'dependencies', '$ref']))
      errors.push(fieldForbidden(path.child(keyword), `${keyword} is not supported`));
  }
  if (type === 'null') {
    errors.push(fieldForbidden(path.child('type'), 'type cannot be set to null, use nullable as an alternative'));
  }
  if (Array.isArray(schema['items'])) {
    errors.push(fieldForbidden(path.child('items'), 'items must be a schema object and not an array'));
  }
  const embedded = 'x-kubernetes-embedded-resource';
  if (permissions.insideMetadata && schema[embedded] === true) {
    errors.push(fieldForbidden(path.child(embedded), 'must not be used inside of resource meta'));
  }
  if (schema['uniqueItems'] === true) {
    const message = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(fieldForbidden(path.child('uniqueItems'), message));
  }
  return errors;
}

function mustBeOfType(path: FieldPath, type: string, message: string): FieldError {
  return type === '' ? required(path.child('type'), message) : invalid(path.child('type'), type, message);
}

function checkExtensionTypes(schema: JsonObject, path: FieldPath, allowances: SchemaAllowances): FieldError[] {
  const errors: FieldError[] = [];
  const type = textOf(schema, 'type');
  const preserve = 'x-kubernetes-preserve-unknown-fields';
  if (schema[preserve] === false) errors.push(invalid(path.child(preserve), false, 'must be true or undefined'));
  const mapType = schema['x-kubernetes-map-type'];
  if (typeof mapType === 'string') {
    if (type !== 'object') {
      errors.push(mustBeOfType(path, type, 'must be object if x-kubernetes-map-type is specified'));
    }
    if (mapType !== 'atomic' && mapType !== 'granular') {
      errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
    }
  }
  const listType = schema['x-kubernetes-list-type'];
  if (typeof listType !== 'string') return errors;
  if (type !== 'array') {
    errors.push(mustBeOfType(path, type, 'must be array if x-kubernetes-list-type is specified'));
  } else if (!allowances.atomicSets && listType === 'set') errors.push(...checkSetItems(schema, path));
  if (!['atomic', 'set', 'map'].includes(listType)) {
    errors.push(notSupported(path.child('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']));
  }
  return errors;
}

/** What stands in a set is compared as a whole. */
function checkSetItems(schema: JsonObject, path: FieldPath): FieldError[] {
  const items = subSchema(schema, 'items');
  if (items === undefined) return [];
  const message = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items['x-kubernetes-list-type'] ?? null;
  const at = path.child('items');
  if (items['type'] === 'array' && listType !== null && listType !== 'atomic') {
    return [invalid(at.child('x-kubernetes-list-type'), listType, message)];
  }
  if (items['type'] === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    // The real server shows the type of the list here.
    return [invalid(at.child('x-kubernetes-map-type'), listType, message)];
  }
  return [];
}

function checkMapKeys(schema: JsonObject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const keys = textsOf(schema, 'x-kubernetes-list-map-keys');
  const listType = schema['x-kubernetes-list-type'];
  const [typeAt, keysAt] = [path.child('x-kubernetes-list-type'), path.child('x-kubernetes-list-map-keys')];
  if (keys.length > 0 && listType !== 'map') {
    const message = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(typeof listType === 'string' ? invalid(typeAt, listType, message) : required(typeAt, message));
  }
  if (listType !== 'map') return errors;
  if (keys.length === 0) errors.push(required(keysAt, 'must not be empty if x-kubernetes-list-type is map'));
  const at = path.child('items');
  const { items } = schema;
  if (items === undefined) errors.push(required(at, 'must have a schema if x-kubernetes-list-type is map'));
  else if (!isJsonObject(items)) {
    const shown = { Schema: null, JSONSchemas: Array.isArray(items) ? items.map(internalSchema) : null };
    errors.push(invalid(at, shown, 'must only have a single schema if x-kubernetes-list-type is map'));
  } else if (items['type'] !== 'object') {
    const message = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalid(at.child('type'), textOf(items, 'type'), message));
  } else {
    for (const [index, key] of keys.entries()) {
      const property = namedSchema(items, 'properties', key);
      if (property === undefined) {
        errors.push(invalid(keysAt, keys, 'entries must all be names of item properties'));
      } else if (property['type'] === 'array' || property['type'] === 'object') {
        const message = "must be a scalar type if parent array's x-kubernetes-list-type is map";
        errors.push(invalid(at.child('properties').key(key).child('type'), 'object', message));
      }
      if (keys.indexOf(key) < index) errors.push(invalid(keysAt, keys, 'must not contain duplicate entries'));
    }
  }
  return errors;
}

/** Elements of sets and maps, and the keys of maps, must have a value. */
function checkKeyValues(schema: JsonObject, path: FieldPath): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  const items = subSchema(schema, 'items');
  if (items === undefined || (listType !== 'set' && listType !== 'map')) return [];
  const errors: FieldError[] = [];
  const at = path.child('items');
  if (items['nullable'] === true) {
    errors.push(fieldForbidden(at.child('nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  }
  if (listType !== 'map') return errors;
  for (const key of textsOf(schema, 'x-kubernetes-list-map-keys')) {
    const property = namedSchema(items, 'properties', key);
    if (property === undefined) continue;
    const inside = at.child('properties').key(key);
    const start = 'this property is in x-kubernetes-list-map-keys, so it';
    if (!textsOf(items, 'required').includes(key) && (property['default'] ?? null) === null) {
      errors.push(required(inside.child('default'), `${start} must have a default or be a required property`));
    }
    if (property['nullable'] === true) {
      errors.push(fieldForbidden(inside.child('nullable'), `${start} cannot be nullable`));
    }
  }
  return errors;
}
