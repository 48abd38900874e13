import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../../apimachinery/field-error.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';

/**
 * Checks a value against an OpenAPI v3 schema of a CustomResourceDefinition: types, required, bounds, patterns, enums
 * and the combinations of schemas; errors read as apiextensions' do.
 */
export function validateAgainstSchema(value: JsonValue, schema: JsonObject, path: FieldPath): FieldError[] {
  if (value === null && schema['nullable'] === true) return [];
  const errors = [...checkType(value, schema, path)];
  if (errors.length > 0) return errors;
  errors.push(...checkEnum(value, schema, path));
  if (typeof value === 'string') errors.push(...checkString(value, schema, path));
  if (typeof value === 'number' || typeof value === 'bigint') errors.push(...checkNumber(value, schema, path));
  if (Array.isArray(value)) errors.push(...checkArray(value, schema, path));
  else if (isJsonObject(value)) errors.push(...checkObject(value, schema, path));
  return [...errors, ...checkCombinations(value, schema, path)];
}

const typeNames: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)),
  number: (value) => typeof value === 'bigint' || typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: (value) => Array.isArray(value),
  object: (value) => isJsonObject(value),
};

function jsonType(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number' || typeof value === 'bigint')
    return Number.isInteger(Number(value)) ? 'integer' : 'number';
  return typeof value;
}

function inBody(path: FieldPath): string {
  return `${path.toString()} in body`;
}

function checkType(value: JsonValue, schema: JsonObject, path: FieldPath): FieldError[] {
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value === 'string' || typeNames['integer']?.(value) === true) return [];
    return [
      typeInvalid(
        path,
        jsonType(value),
        `${inBody(path)} must be of type integer,string: ${JSON.stringify(jsonType(value))}`,
      ),
    ];
  }
  const type = schema['type'];
  if (typeof type !== 'string' || typeNames[type]?.(value) !== false) return [];
  return [
    typeInvalid(path, jsonType(value), `${inBody(path)} must be of type ${type}: ${JSON.stringify(jsonType(value))}`),
  ];
}

function checkEnum(value: JsonValue, schema: JsonObject, path: FieldPath): FieldError[] {
  const allowed = schema['enum'];
  if (!Array.isArray(allowed) || allowed.some((item) => equalJson(item, value))) return [];
  return [
    notSupported(
      path,
      value,
      allowed.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))),
    ),
  ];
}

function checkString(value: string, schema: JsonObject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { maxLength, minLength, pattern } = schema;
  const length = Array.from(value).length;
  if (typeof maxLength === 'number' && length > maxLength) errors.push(tooLong(path, maxLength));
  if (typeof minLength === 'number' && length < minLength) {
    errors.push(invalid(path, value, `${inBody(path)} should be at least ${minLength} chars long`));
  }
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) {
    errors.push(invalid(path, value, `${inBody(path)} should match '${pattern}'`));
  }
  return errors;
}

function checkNumber(value: number | bigint, schema: JsonObject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { maximum, minimum, exclusiveMaximum, exclusiveMinimum, multipleOf } = schema;
  if (typeof maximum === 'number' && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    const bound = exclusiveMaximum === true ? 'less than' : 'less than or equal to';
    errors.push(invalid(path, value, `${inBody(path)} should be ${bound} ${maximum}`));
  }
  if (typeof minimum === 'number' && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    const bound = exclusiveMinimum === true ? 'greater than' : 'greater than or equal to';
    errors.push(invalid(path, value, `${inBody(path)} should be ${bound} ${minimum}`));
  }
  if (typeof multipleOf === 'number' && Number(value) % multipleOf !== 0) {
    errors.push(invalid(path, value, `${inBody(path)} should be a multiple of ${multipleOf}`));
  }
  return errors;
}

function checkArray(value: readonly JsonValue[], schema: JsonObject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { maxItems, minItems, items } = schema;
  if (typeof maxItems === 'number' && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems));
  if (typeof minItems === 'number' && value.length < minItems) {
    errors.push(invalid(path, value.length, `${inBody(path)} should have at least ${minItems} items`));
  }
  if (isJsonObject(items)) {
    for (const [index, item] of value.entries()) errors.push(...validateAgainstSchema(item, items, path.index(index)));
  }
  return [...errors, ...checkListType(value, schema, path)];
}

function checkListType(value: readonly JsonValue[], schema: JsonObject, path: FieldPath): FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'];
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return [];
  const seen = new Set<string>();
  return value.flatMap((item, index) => {
    const shown =
      type === 'map' && isJsonObject(item) && Array.isArray(keys)
        ? Object.fromEntries(
            keys.filter((key) => typeof key === 'string').map((key): [string, JsonValue] => [key, item[key] ?? null]),
          )
        : item;
    const key = JSON.stringify(shown);
    const isRepeated = seen.has(key);
    seen.add(key);
    return isRepeated ? [duplicate(path.index(index), shown)] : [];
  });
}

function checkObject(value: JsonObject, schema: JsonObject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { maxProperties, minProperties, properties, additionalProperties } = schema;
  const names = Object.keys(value);
  if (typeof maxProperties === 'number' && names.length > maxProperties) {
    errors.push(tooMany(path, names.length, maxProperties));
  }
  if (typeof minProperties === 'number' && names.length < minProperties) {
    errors.push(invalid(path, names.length, `${inBody(path)} should have at least ${minProperties} properties`));
  }
  const needed = schema['required'];
  for (const name of Array.isArray(needed) ? needed : []) {
    if (typeof name === 'string' && !Object.hasOwn(value, name)) errors.push(required(path.child(name)));
  }
  const declared = isJsonObject(properties) ? properties : {};
  for (const [name, item] of Object.entries(value)) {
    const own = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (isJsonObject(own)) errors.push(...validateAgainstSchema(item, own, path.child(name)));
    else if (isJsonObject(additionalProperties)) {
      errors.push(...validateAgainstSchema(item, additionalProperties, path.key(name)));
    }
  }
  return errors;
}

function checkCombinations(value: JsonValue, schema: JsonObject, path: FieldPath): FieldError[] {
  const schemas = (name: string): JsonObject[] => {
    const list = schema[name];
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  };
  const fits = (candidate: JsonObject): boolean => validateAgainstSchema(value, candidate, path).length === 0;
  const errors = schemas('allOf').flatMap((candidate) => validateAgainstSchema(value, candidate, path));
  const any = schemas('anyOf');
  if (any.length > 0 && !any.some(fits)) {
    errors.push(invalid(path, value, `${inBody(path)} must validate at least one schema (anyOf)`));
  }
  const one = schemas('oneOf');
  if (one.length > 0 && one.filter(fits).length !== 1) {
    const found = one.filter(fits).length;
    const tail = found === 0 ? 'Found none valid' : `Found ${found} valid alternatives`;
    errors.push(invalid(path, value, `${inBody(path)} must validate one and only one schema (oneOf). ${tail}`));
  }
  const not = schema['not'];
  if (isJsonObject(not) && fits(not)) {
    errors.push(invalid(path, value, `${inBody(path)} must not validate the schema (not)`));
  }
  return errors;
}
