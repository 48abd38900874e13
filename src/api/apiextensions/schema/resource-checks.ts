import { validateAnnotations } from '../../../apimachinery/annotations.ts';
import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  invalidFor,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import { isDns1035Label, isDns1123Label, isPathSegmentName, isQualifiedName } from '../../../apimachinery/names.ts';
import { namedSchema, subSchema, textsOf } from './schema-keywords.ts';

/** Lists that are sets or maps must not hold anything twice. */
export function validateListTypes(value: JsonValue, schema: JsonObject, path: FieldPath): FieldError[] {
  if (Array.isArray(value)) {
    const items = subSchema(schema, 'items');
    const inside =
      items === undefined ? [] : value.flatMap((item, index) => validateListTypes(item, items, path.index(index)));
    return [...checkUnique(value, schema, path), ...inside];
  }
  if (!isJsonObject(value)) return [];
  const additional = subSchema(schema, 'additionalProperties');
  return Object.entries(value).flatMap(([name, item]) => {
    const property = namedSchema(schema, 'properties', name);
    if (property !== undefined) return validateListTypes(item, property, path.child(name));
    return additional === undefined ? [] : validateListTypes(item, additional, path.key(name));
  });
}

function checkUnique(value: readonly JsonValue[], schema: JsonObject, path: FieldPath): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return [];
  if (type === 'map') {
    const bad = value.findIndex((item) => item !== null && !isJsonObject(item));
    if (bad >= 0) return [invalid(path.index(bad), value[bad], 'must be an object for an array of list-type map')];
  }
  const keys = textsOf(schema, 'x-kubernetes-list-map-keys');
  const shown = type === 'set' ? value : value.map((item) => keysOf(item, keys));
  // The first repetition is reported, further ones of the same are not.
  return shown.flatMap((item, index) => {
    const before = shown.slice(0, index).filter((other) => equalJson(other, item)).length;
    return before === 1 ? [duplicate(path.index(index), item)] : [];
  });
}

function keysOf(item: JsonValue, keys: readonly string[]): JsonObject {
  const found: JsonObject = {};
  for (const key of keys) {
    const value = isJsonObject(item) && Object.hasOwn(item, key) ? item[key] : undefined;
    if (value !== undefined) found[key] = value;
  }
  return found;
}

/** Whole resources inside an object must have what every resource has. */
export function validateEmbeddedResources(value: JsonValue, schema: JsonObject, path: FieldPath): FieldError[] {
  if (Array.isArray(value)) {
    const items = subSchema(schema, 'items');
    return items === undefined
      ? []
      : value.flatMap((item, index) => validateEmbeddedResources(item, items, path.index(index)));
  }
  if (!isJsonObject(value)) return [];
  const own = schema['x-kubernetes-embedded-resource'] === true ? checkResource(value, path) : [];
  const additional = subSchema(schema, 'additionalProperties');
  const inside = Object.entries(value).flatMap(([name, item]) => {
    const property = namedSchema(schema, 'properties', name);
    if (property !== undefined) return validateEmbeddedResources(item, property, path.child(name));
    return additional === undefined ? [] : validateEmbeddedResources(item, additional, path.key(name));
  });
  return [...own, ...inside];
}

function checkResource(value: JsonObject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { apiVersion, kind, metadata } = value;
  const version = path.child('apiVersion');
  if (apiVersion === undefined) errors.push(required(version));
  if (kind === undefined) errors.push(required(path.child('kind')));
  if (apiVersion !== undefined) {
    if (typeof apiVersion !== 'string') errors.push(invalid(version, apiVersion, 'must be a string'));
    else if (apiVersion === '') errors.push(invalid(version, apiVersion, 'must not be empty'));
    else if (apiVersion.split('/').length > 2) {
      errors.push(invalid(version, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
    }
  }
  if (kind !== undefined) {
    const at = path.child('kind');
    if (typeof kind !== 'string') errors.push(invalid(at, kind, 'must be a string'));
    else if (kind === '') errors.push(invalid(at, kind, 'must not be empty'));
    else {
      const problems = isDns1035Label(kind.toLowerCase());
      const message = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
      if (problems.length > 0) errors.push(invalid(at, kind, message));
    }
  }
  if (metadata !== undefined) errors.push(...checkMetadata(metadata, path.child('metadata')));
  return errors;
}

/** What the names of all objects are held against; their types are right, since reading them would have failed. */
function checkMetadata(metadata: JsonValue, path: FieldPath): FieldError[] {
  if (!isJsonObject(metadata)) return [invalid(path, metadata, 'must be an object')];
  const { name = '', generateName = '', namespace = '', labels, annotations, finalizers } = metadata;
  const check = (field: string, value: JsonValue, problems: (text: string) => readonly string[]): FieldError[] =>
    typeof value === 'string' && value !== '' ? invalidFor(path.child(field), value, problems(value)) : [];
  const names = Array.isArray(finalizers) ? finalizers : [];
  return [
    ...check('generateName', generateName, (text) => isPathSegmentName(text, true)),
    ...check('name', name, isPathSegmentName),
    ...check('namespace', namespace, isDns1123Label),
    ...validateLabels(isJsonObject(labels) ? (labels as Record<string, string>) : {}, path.child('labels')),
    ...validateAnnotations(
      isJsonObject(annotations) ? (annotations as Record<string, string>) : {},
      path.child('annotations'),
    ),
    ...names.flatMap((finalizer) => check('finalizers', finalizer, isQualifiedName)),
  ];
}
