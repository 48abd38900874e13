import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { TypeProvider } from './checker.ts';
import type { SizeEstimator } from './cost-estimate.ts';
import type { CostRange } from './cost-ranges.ts';
import { escapeFieldName, isKeyword } from './field-names.ts';
import { type CelType, listType, mapType, structType, types } from './types.ts';

/** The most that a request can hold, in bytes. */
const maxRequest = 3 * 1024 * 1024;

/** A type that a schema declares, with the bounds that costs are estimated from. */
export interface DeclaredType {
  readonly type: CelType;
  /** Most characters, elements or entries; undefined where there are none to count. */
  readonly maxElements?: number;
  /** Least bytes that a value takes in a request. */
  readonly minSize: number;
  /** By their escaped names. */
  readonly fields?: ReadonlyMap<string, DeclaredType>;
  readonly element?: DeclaredType;
  readonly key?: DeclaredType;
}

const anyText: DeclaredType = { type: types.string, minSize: 2 };

/**
 * The type that expressions see of an OpenAPI schema (apiserver's cel/common/schemas.go); undefined for schemas that
 * they do not see: those without a type.
 * @param name how the type of an object is called in messages
 * @param isRoot whether apiVersion, kind and metadata are always there
 */
export function declaredTypeOf(schema: JsonObject, name: string, isRoot: boolean): DeclaredType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return { type: types.dyn, minSize: 1, maxElements: maxCharacters(schema) ?? maxRequest - 2 };
  }
  switch (isRoot ? 'object' : schema['type']) {
    case 'array':
      return listOf(schema, name);
    case 'object':
      return objectOf(isRoot ? withObjectMeta(schema) : schema, name);
    case 'string':
      return textOf(schema);
    case 'boolean':
      return { type: types.bool, minSize: 4 };
    case 'number':
      return { type: types.double, minSize: 1 };
    case 'integer':
      return { type: types.int, minSize: 1 };
    default:
      return undefined;
  }
}

function isEmbedded(schema: JsonObject): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** Bytes, of which a character can take four. */
function maxCharacters(schema: JsonObject): number | undefined {
  const { maxLength } = schema;
  return typeof maxLength === 'number' ? Math.max(0, maxLength) * 4 : undefined;
}

function bound(value: JsonValue | undefined, otherwise: number): number {
  return typeof value === 'number' ? Math.max(0, value) : Math.floor(otherwise);
}

function listOf(schema: JsonObject, name: string): DeclaredType | undefined {
  const { items } = schema;
  if (!isJsonObject(items)) return undefined;
  const element = declaredTypeOf(items, `${name}.@idx`, isEmbedded(items));
  if (element === undefined) return undefined;
  const maxElements = bound(schema['maxItems'], (maxRequest - 2) / (element.minSize + 1));
  return { type: listType(element.type), maxElements, minSize: 2, element };
}

function objectOf(schema: JsonObject, name: string): DeclaredType | undefined {
  const { additionalProperties } = schema;
  if (isJsonObject(additionalProperties)) {
    const element = declaredTypeOf(additionalProperties, `${name}.@elem`, isEmbedded(additionalProperties));
    if (element === undefined) return undefined;
    const maxElements = bound(schema['maxProperties'], (maxRequest - 2) / (element.minSize + 6));
    return { type: mapType(types.string, element.type), maxElements, minSize: 2, key: anyText, element };
  }
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const fields = new Map<string, DeclaredType>();
  let minSize = 2;
  for (const [field, declared] of Object.entries(isJsonObject(schema['properties']) ? schema['properties'] : {})) {
    if (!isJsonObject(declared)) continue;
    const escaped = escapeFieldName(field);
    const type = declaredTypeOf(declared, `${name}.${escaped ?? field}`, isEmbedded(declared));
    if (type === undefined) continue;
    if (escaped !== undefined) fields.set(escaped, type);
    if (required.includes(field) && declared['default'] === undefined) minSize += field.length + type.minSize + 4;
  }
  return { type: structType(name), minSize, fields };
}

/** Adds what every resource has, so that rules may use it. */
export function withObjectMeta(schema: JsonObject): JsonObject {
  const text = { type: 'string' };
  return {
    ...schema,
    type: 'object',
    properties: {
      ...(isJsonObject(schema['properties']) ? schema['properties'] : {}),
      apiVersion: text,
      kind: text,
      metadata: { type: 'object', properties: { name: text, generateName: text } },
    },
  };
}

function textOf(schema: JsonObject): DeclaredType {
  const { maxLength, enum: choices } = schema;
  switch (schema['format']) {
    case 'byte':
      return { type: types.bytes, minSize: 2, maxElements: bound(maxLength, maxRequest - 2) };
    case 'duration':
      return { type: types.duration, minSize: 3, maxElements: 32 };
    case 'date':
      return { type: types.timestamp, minSize: 12, maxElements: 12 };
    case 'date-time':
      return { type: types.timestamp, minSize: 21, maxElements: 32 };
    default: {
      const longest = Array.isArray(choices)
        ? Math.max(0, ...choices.map((choice) => (typeof choice === 'string' ? Buffer.byteLength(choice) : 0)))
        : maxRequest - 2;
      return { type: types.string, minSize: 2, maxElements: maxCharacters(schema) ?? longest };
    }
  }
}

/** The objects inside declared types, by their names. */
export function declaredTypeProvider(...roots: readonly (DeclaredType | undefined)[]): TypeProvider {
  const objects = new Map<string, DeclaredType>();
  const collect = (declared: DeclaredType): void => {
    if (declared.type.kind === 'struct') objects.set(declared.type.name, declared);
    for (const field of declared.fields?.values() ?? []) collect(field);
    if (declared.element !== undefined) collect(declared.element);
  };
  for (const root of roots) if (root !== undefined) collect(root);
  return {
    hasType: (name) => objects.has(name),
    fieldType(name, field) {
      const fields = objects.get(name)?.fields;
      return (fields?.get(field) ?? (isKeyword(field) ? fields?.get(`__${field}__`) : undefined))?.type;
    },
  };
}

/**
 * Sizes from the bounds of a declared type. The real estimator takes whatever a path begins with for the one root:
 * `self`, `oldSelf`, and names of types as well.
 */
export function declaredSizes(root: DeclaredType): SizeEstimator {
  return ({ path }) => {
    const [variable, ...steps] = path ?? [];
    let current = variable === undefined ? undefined : root;
    for (const step of steps) {
      if (current === undefined) return undefined;
      if (step === '@items' || step === '@values') current = current.element;
      else if (step === '@keys') current = current.key;
      else current = current.fields?.get(step);
    }
    // What has no bound to declare counts as empty, as in the real estimator.
    return current === undefined ? undefined : ({ min: 0, max: current.maxElements ?? 0 } satisfies CostRange);
  };
}
