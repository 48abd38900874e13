import { equalJson, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../../apimachinery/json.ts';

const kindsExtension = 'x-kubernetes-group-version-kind';

/** The part of another server's Swagger 2.0 document that is about one group version. */
export function swaggerOfGroupVersion(document: JsonObject, group: string, version: string): JsonObject {
  const root = `/apis/${group}/${version}`;
  const paths = isJsonObject(document['paths']) ? document['paths'] : {};
  const own = Object.entries(paths).filter(([path]) => path === root || path.startsWith(`${root}/`));
  return { ...document, paths: Object.fromEntries(own) };
}

/**
 * One Swagger 2.0 document of several, as kube-aggregator merges them: the first one keeps its paths and names;
 * definitions and parameters of the others that are not the same get names of their own (`…_v2`, `…_v3`).
 */
export function mergeSwagger(first: JsonObject, others: readonly JsonObject[]): JsonObject {
  const merged: JsonObject = { ...first };
  for (const part of ['paths', 'definitions', 'parameters']) merged[part] = { ...partOf(first, part) };
  for (const other of others) {
    const definitions = newNames(partOf(merged, 'definitions'), partOf(other, 'definitions'));
    const parameters = newNames(partOf(merged, 'parameters'), partOf(other, 'parameters'));
    const rename = (value: JsonValue): JsonValue => renameReferences(value, { definitions, parameters });
    addMissing(partOf(merged, 'definitions'), partOf(other, 'definitions'), definitions, rename);
    addMissing(partOf(merged, 'parameters'), partOf(other, 'parameters'), parameters, rename);
    for (const [path, operations] of Object.entries(partOf(other, 'paths'))) {
      const paths = partOf(merged, 'paths');
      if (!Object.hasOwn(paths, path)) setOwn(paths, path, rename(operations));
    }
  }
  return merged;
}

function partOf(document: JsonObject, part: string): JsonObject {
  const found = document[part];
  return isJsonObject(found) ? found : {};
}

/** Names that mean something else in both documents, with those that they get. */
function newNames(known: JsonObject, added: JsonObject): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  for (const [name, value] of Object.entries(added)) {
    let candidate = name;
    for (let number = 2; ; number++) {
      const existing = Object.hasOwn(known, candidate) ? known[candidate] : undefined;
      const isFree = existing === undefined && (candidate === name || !Object.hasOwn(added, candidate));
      if (isFree || (existing !== undefined && isSame(existing, value))) break;
      candidate = `${name}_v${number}`;
    }
    if (candidate !== name) renamed.set(name, candidate);
  }
  return renamed;
}

/**
 * Whether two definitions differ in nothing but the kinds they are for, and their texts: those of types of the machinery
 * are not all here, and a type is the same type without its text.
 */
function isSame(left: JsonValue, right: JsonValue): boolean {
  return equalJson(withoutTexts(left), withoutTexts(right));
}

function withoutTexts(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutTexts);
  if (!isJsonObject(value)) return value;
  const rest: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const isText = key === 'description' && typeof member === 'string';
    if (!isText && key !== kindsExtension) setOwn(rest, key, withoutTexts(member));
  }
  return rest;
}

function addMissing(
  known: JsonObject,
  added: JsonObject,
  renamed: ReadonlyMap<string, string>,
  rename: (value: JsonValue) => JsonValue,
): void {
  for (const [name, value] of Object.entries(added)) {
    const target = renamed.get(name) ?? name;
    if (!Object.hasOwn(known, target)) setOwn(known, target, rename(value));
    else setOwn(known, target, withKindsOf(known[target] ?? {}, value));
  }
}

/** The definition, for the kinds of both. */
function withKindsOf(definition: JsonValue, other: JsonValue): JsonValue {
  if (!isJsonObject(definition) || !isJsonObject(other)) return definition;
  const [kinds, more] = [definition[kindsExtension], other[kindsExtension]];
  if (!Array.isArray(more)) return definition;
  const known = Array.isArray(kinds) ? kinds : [];
  const missing = more.filter((kind) => !known.some((candidate) => equalJson(candidate, kind)));
  return missing.length === 0 ? definition : { ...definition, [kindsExtension]: [...known, ...missing] };
}

function renameReferences(
  value: JsonValue,
  names: Readonly<Record<'definitions' | 'parameters', ReadonlyMap<string, string>>>,
): JsonValue {
  if (names.definitions.size === 0 && names.parameters.size === 0) return value;
  if (Array.isArray(value)) return value.map((item) => renameReferences(item, names));
  if (!isJsonObject(value)) return value;
  const renamed: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const [, part, name = ''] = key === '$ref' && typeof item === 'string' ? item.split('/') : [];
    const target = part === 'definitions' || part === 'parameters' ? names[part].get(name) : undefined;
    setOwn(renamed, key, target === undefined ? renameReferences(item, names) : `#/${part ?? ''}/${target}`);
  }
  return renamed;
}
