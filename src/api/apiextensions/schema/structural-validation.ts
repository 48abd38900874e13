import {
  fieldForbidden,
  type FieldError,
  type FieldPath,
  formatFieldError,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalJson, type JsonObject } from '../../../apimachinery/json.ts';
import { compilePattern, PatternError } from '../../../cel/regular-expression.ts';
import { isKeywordSet, isSet, namedSchema, namedSchemas, subSchema, subSchemas, textOf } from './schema-keywords.ts';

type Level = 'root' | 'item' | 'field';

/**
 * Whether a schema is structural: every value has a type, and what combines schemas only adds checks
 * (KEP "vanilla OpenAPI subset"). Errors come in the order of their texts.
 */
export function validateStructural(schema: JsonObject, path: FieldPath): FieldError[] {
  const errors = [...checkInvariants(schema, 'root', path), ...checkCombinedCompleteness(schema, schema, path, path)];
  const texts = new Map(errors.map((error) => [error, formatFieldError(error)]));
  return errors.toSorted((left, right) => ((texts.get(left) ?? '') < (texts.get(right) ?? '') ? -1 : 1));
}

/** Why a schema cannot be read as a structural one at all; undefined when it can. */
export function unsupportedKeyword(schema: JsonObject): string | undefined {
  const names: readonly (readonly [string, string])[] = [
    ['id', 'id'],
    ['$schema', 'schema'],
    ['$ref', '$ref'],
    ['patternProperties', 'patternProperties'],
    ['dependencies', 'dependencies'],
    ['additionalItems', 'additionalItems'],
    ['definitions', 'definitions'],
  ];
  for (const [keyword, shown] of names) {
    if (isKeywordSet(schema, keyword, ['additionalItems'])) return `OpenAPIV3Schema '${shown}' is not supported`;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  if (Array.isArray(schema['items'])) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  const inside = [
    subSchema(schema, 'items'),
    subSchema(schema, 'additionalProperties'),
    subSchema(schema, 'not'),
    ...subSchemas(schema, 'allOf'),
    ...subSchemas(schema, 'anyOf'),
    ...subSchemas(schema, 'oneOf'),
    ...namedSchemas(schema, 'properties').map(([, property]) => property),
  ];
  for (const child of inside) {
    const found = child === undefined ? undefined : unsupportedKeyword(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

const intOrString: readonly JsonObject[] = [{ type: 'integer' }, { type: 'string' }];

function isIntOrStringChoice(schema: JsonObject | undefined): boolean {
  return schema !== undefined && equalJson(schema['anyOf'], intOrString);
}

function checkInvariants(schema: JsonObject, level: Level, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const type = textOf(schema, 'type');
  const items = subSchema(schema, 'items');
  if (type === 'array' && items === undefined) errors.push(required(path.child('items'), 'must be specified'));
  if (items !== undefined) errors.push(...checkInvariants(items, 'item', path.child('items')));
  for (const [name, property] of namedSchemas(schema, 'properties')) {
    errors.push(...checkInvariants(property, 'field', path.child('properties').key(name)));
  }
  if (schema['additionalProperties'] !== undefined) {
    const at = path.child('additionalProperties');
    if (level === 'root') errors.push(fieldForbidden(at, 'must not be used at the root'));
    const inside = subSchema(schema, 'additionalProperties');
    if (inside !== undefined) errors.push(...checkInvariants(inside, 'field', at));
  }
  errors.push(...checkExtensions(schema, path));
  const [firstAll] = subSchemas(schema, 'allOf');
  const skips = { any: isIntOrStringChoice(schema), firstAll: isIntOrStringChoice(firstAll) };
  errors.push(...checkCombinations(schema, skips, level, path));
  errors.push(...checkOwnType(schema, type, level, path));
  errors.push(...checkResourceFields(schema, level, path));
  return errors;
}

function checkExtensions(schema: JsonObject, path: FieldPath): FieldError[] {
  if (schema['x-kubernetes-int-or-string'] !== true) return [];
  return ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource']
    .filter((keyword) => schema[keyword] === true)
    .map((keyword) => invalid(path.child(keyword), true, 'must be false if x-kubernetes-int-or-string is true'));
}

function checkOwnType(schema: JsonObject, type: string, level: Level, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child('type');
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  if (isEmbedded && type !== 'object') {
    const message = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(at, message) : invalid(at, type, message));
  } else if (
    type === '' &&
    schema['x-kubernetes-int-or-string'] !== true &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true
  ) {
    const where = { root: 'at the root', item: 'for specified array items', field: 'for specified object fields' };
    errors.push(required(at, `must not be empty ${where[level]}`));
  }
  if (isEmbedded && schema['additionalProperties'] !== undefined) {
    const message = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(fieldForbidden(path.child('additionalProperties'), message));
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalid(at, type, 'must be object at the root'));
  }
  return errors;
}

/** What every resource has, at the root and in embedded ones. */
function checkResourceFields(schema: JsonObject, level: Level, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const isResource = level === 'root' || isEmbedded;
  const properties = path.child('properties');
  for (const name of ['kind', 'apiVersion']) {
    const property = namedSchema(schema, 'properties', name);
    if (property === undefined || !isResource || textOf(property, 'type') === 'string') continue;
    errors.push(invalid(properties.key(name).child('type'), textOf(property, 'type'), 'must be string'));
  }
  const metadata = namedSchema(schema, 'properties', 'metadata');
  if (metadata !== undefined) {
    const at = properties.key('metadata');
    if (isResource && textOf(metadata, 'type') !== 'object') {
      errors.push(invalid(at.child('type'), textOf(metadata, 'type'), 'must be object'));
    }
    if (level === 'root' && !isPlainMetadata(metadata)) {
      const message =
        'must not specify anything other than name and generateName, but metadata is implicitly specified';
      errors.push(fieldForbidden(at, message));
    }
  }
  if (
    isEmbedded &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true &&
    namedSchemas(schema, 'properties').length === 0
  ) {
    const message =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(properties, message));
  }
  return errors;
}

/** At the root, metadata may restrict only the names. */
function isPlainMetadata(metadata: JsonObject): boolean {
  const { type: _type, default: _default, properties, ...others } = metadata;
  const names = namedSchemas({ properties: properties ?? {} }, 'properties').map(([name]) => name);
  return (
    names.every((name) => name === 'name' || name === 'generateName') &&
    Object.values(others).every((value) => !isSet(value))
  );
}

interface Skips {
  readonly any: boolean;
  readonly firstAll: boolean;
}

const noSkips: Skips = { any: false, firstAll: false };

function checkCombinations(schema: JsonObject, skips: Skips, level: Level, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const nested = (keyword: string, skipAnyOfFirst: boolean): void => {
    for (const [index, inside] of subSchemas(schema, keyword).entries()) {
      const inner = skipAnyOfFirst && index === 0 ? { any: true, firstAll: false } : noSkips;
      errors.push(...checkNested(inside, inner, level, path.child(keyword).index(index)));
    }
  };
  if (!skips.any) nested('anyOf', false);
  nested('allOf', skips.firstAll);
  nested('oneOf', false);
  const not = subSchema(schema, 'not');
  if (not !== undefined) errors.push(...checkNested(not, noSkips, level, path.child('not')));
  const pattern = textOf(schema, 'pattern');
  if (pattern !== '') {
    try {
      compilePattern(pattern);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      const message = `must be a valid regular expression, but isn't: ${error.message}`;
      errors.push(invalid(path.child('pattern'), pattern, message));
    }
  }
  return errors;
}

/** Keywords that only the structure itself may have, with what messages say of them. */
const structureKeywords: readonly (readonly [keyword: string, must: string])[] = [
  ['type', 'must be empty'],
  ['additionalProperties', 'must be undefined'],
  ['default', 'must be undefined'],
  ['title', 'must be empty'],
  ['description', 'must be empty'],
  ['nullable', 'must be false'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false'],
  ['x-kubernetes-embedded-resource', 'must be false'],
  ['x-kubernetes-int-or-string', 'must be false'],
  ['x-kubernetes-list-map-keys', 'must be empty'],
  ['x-kubernetes-list-type', 'must be undefined'],
  ['x-kubernetes-map-type', 'must be undefined'],
  ['x-kubernetes-validations', 'must be empty'],
];

function checkNested(schema: JsonObject, skips: Skips, level: Level, path: FieldPath): FieldError[] {
  const errors = checkCombinations(schema, skips, level, path);
  const items = subSchema(schema, 'items');
  if (items !== undefined) errors.push(...checkNested(items, noSkips, level, path.child('items')));
  for (const [name, property] of namedSchemas(schema, 'properties')) {
    errors.push(...checkNested(property, noSkips, 'field', path.child('properties').key(name)));
  }
  for (const [keyword, must] of structureKeywords) {
    const value = schema[keyword];
    const isThere = keyword === 'default' ? value !== undefined && value !== null : isSet(value);
    if (isThere) errors.push(fieldForbidden(path.child(keyword), `${must} to be structural`));
  }
  if (namedSchema(schema, 'properties', 'metadata') !== undefined) {
    const message = 'must not be specified in a nested context';
    errors.push(fieldForbidden(path.child('properties').key('metadata'), message));
  }
  return errors;
}

/** Whatever a combined schema speaks of must be in the structure. */
function checkCombinedCompleteness(
  schema: JsonObject,
  structure: JsonObject,
  structurePath: FieldPath,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const check = (inside: JsonObject, at: FieldPath): void => {
    errors.push(...checkCompleteness(inside, structure, structurePath, at));
  };
  const not = subSchema(schema, 'not');
  if (not !== undefined) check(not, path.child('not'));
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    for (const [index, inside] of subSchemas(schema, keyword).entries())
      check(inside, path.child(keyword).index(index));
  }
  return errors;
}

function checkCompleteness(
  schema: JsonObject,
  structure: JsonObject | undefined,
  structurePath: FieldPath,
  path: FieldPath,
): FieldError[] {
  if (structure === undefined) return [required(structurePath, `because it is defined in ${path.toString()}`)];
  const errors = checkCombinedCompleteness(schema, structure, structurePath, path);
  const items = subSchema(schema, 'items');
  if (items !== undefined) {
    const own = subSchema(structure, 'items');
    errors.push(...checkCompleteness(items, own, structurePath.child('items'), path.child('items')));
  }
  for (const [name, property] of namedSchemas(schema, 'properties')) {
    const own = namedSchema(structure, 'properties', name);
    const at = path.child('properties').key(name);
    errors.push(...checkCompleteness(property, own, structurePath.child('properties').key(name), at));
  }
  return errors;
}
