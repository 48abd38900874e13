import { cloneJson, equalJson, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../apimachinery/schema.ts';

/** A patch that cannot be applied or made; `message` is that of apimachinery's strategicpatch. */
export class StrategicMergePatchError extends Error {}

const directive = '$patch';
const retainKeysDirective = '$retainKeys';
const deleteListPrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

/** What a type says about patching one of its fields. */
interface FieldRule {
  readonly schema: Schema | undefined;
  readonly merges: boolean;
  readonly replaces: boolean;
  readonly retainsKeys: boolean;
  readonly mergeKey: string | undefined;
}

function ruleOf(parent: Schema | undefined, key: string, source: SchemaSource): FieldRule {
  const resolved = parent === undefined ? undefined : resolveSchema(parent, source);
  const declared = resolved?.properties;
  const field = declared !== undefined && Object.hasOwn(declared, key) ? declared[key] : resolved?.additionalProperties;
  const schema = field === undefined ? undefined : resolveSchema(field, source);
  const strategies = (schema?.patchStrategy ?? '').split(',');
  return {
    schema,
    merges: strategies.includes('merge'),
    replaces: strategies.includes('replace'),
    retainsKeys: strategies.includes('retainKeys'),
    mergeKey: schema?.patchMergeKey,
  };
}

// ---------------------------------------------------------------------------------------------------------- applying

/**
 * Applies a strategic merge patch.
 * @param schema the document's type; without one, maps merge and everything else is replaced.
 * @throws StrategicMergePatchError
 */
export function applyStrategicMergePatch(
  document: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
): JsonObject {
  return mergeMap(cloneJson(document), cloneJson(patch), schema, source);
}

function mergeMap(
  original: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
): JsonObject {
  if (Object.hasOwn(patch, directive)) {
    const { [directive]: kind, ...rest } = patch;
    if (kind === 'replace') return dropDirectives(rest) as JsonObject;
    if (kind === 'delete') return {};
    if (kind !== 'merge') throw badPatchType(kind, patch);
    delete patch[directive];
  }
  applyRetainKeys(original, patch);
  applyElementOrders(original, patch, schema, source);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deleteListPrefix)) {
      removeFromPrimitiveList(original, key.slice(deleteListPrefix.length), value);
      continue;
    }
    if (value === null) {
      delete original[key];
      continue;
    }
    const before = Object.hasOwn(original, key) ? original[key] : undefined;
    setOwn(original, key, mergeField(before, value, ruleOf(schema, key, source), source));
  }
  return original;
}

function mergeField(before: JsonValue | undefined, value: JsonValue, rule: FieldRule, source: SchemaSource): JsonValue {
  if (isJsonObject(before) && isJsonObject(value) && !rule.replaces)
    return mergeMap(before, value, rule.schema, source);
  if (Array.isArray(before) && Array.isArray(value) && rule.merges) return mergeList(before, value, rule, source);
  return dropDirectives(withoutNulls(value));
}

function applyRetainKeys(original: JsonObject, patch: JsonObject): void {
  const retained = patch[retainKeysDirective];
  if (retained === undefined) return;
  delete patch[retainKeysDirective];
  if (!Array.isArray(retained)) throw new StrategicMergePatchError('invalid patch format of retainKeys');
  const names = new Set(retained);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(deleteListPrefix) || key.startsWith(orderPrefix) || names.has(key)) continue;
    throw new StrategicMergePatchError(
      'patch contains fields that are not in the retainKeys list: retainKeys list must contain all keys of the patch',
    );
  }
  for (const key of Object.keys(original)) if (!names.has(key)) delete original[key];
}

function removeFromPrimitiveList(original: JsonObject, key: string, values: JsonValue): void {
  const list = original[key];
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  original[key] = list.filter((item) => !values.some((value) => equalJson(item, value)));
}

function applyElementOrders(
  original: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
): void {
  for (const [orderKey, order] of Object.entries(patch)) {
    if (!orderKey.startsWith(orderPrefix)) continue;
    delete patch[orderKey];
    const key = orderKey.slice(orderPrefix.length);
    if (!Array.isArray(order)) throw new StrategicMergePatchError(`${orderKey} must be a list`);
    const rule = ruleOf(schema, key, source);
    const patchList = patch[key];
    const originalList = original[key];
    const deleted = patch[deleteListPrefix + key];
    if (Array.isArray(patchList)) checkOrder(order, patchList, rule.mergeKey);
    if (!Array.isArray(patchList) && !Array.isArray(originalList)) continue;
    delete patch[key];
    if (deleted !== undefined) {
      delete patch[deleteListPrefix + key];
      removeFromPrimitiveList(original, key, deleted);
    }
    const base = Array.isArray(original[key]) ? original[key] : [];
    const merged =
      Array.isArray(patchList) && rule.merges
        ? mergeItems(base, patchList, rule, source)
        : Array.isArray(patchList)
          ? (dropDirectives(patchList) as JsonValue[])
          : base;
    const inOrder = merged.filter((item) => indexIn(order, item, rule.mergeKey) >= 0);
    const others = merged.filter((item) => indexIn(order, item, rule.mergeKey) < 0);
    const serverOrder = Array.isArray(originalList) ? originalList : [];
    original[key] = normalizeOrder(inOrder, others, order, serverOrder, rule.mergeKey);
  }
}

function checkOrder(order: readonly JsonValue[], list: readonly JsonValue[], mergeKey: string | undefined): void {
  const ordinary = list.filter((item) => !isJsonObject(item) || !Object.hasOwn(item, directive));
  let next = 0;
  for (const item of ordinary) {
    const position = indexIn(order.slice(next), item, mergeKey);
    if (position < 0) {
      throw new StrategicMergePatchError(
        `The order in patch list:\n${goText([...list])}\n doesn't match ${orderPrefix.slice(0, -1)} list:\n${goText([...order])}\n`,
      );
    }
    next += position + 1;
  }
}

function mergeList(original: JsonValue[], patch: JsonValue[], rule: FieldRule, source: SchemaSource): JsonValue[] {
  const merged = mergeItems(original, patch, rule, source);
  const ordinary = patch.filter((item) => !isJsonObject(item) || !Object.hasOwn(item, directive));
  const fromPatch = merged.filter((item) => indexIn(ordinary, item, rule.mergeKey) >= 0);
  const others = merged.filter((item) => indexIn(ordinary, item, rule.mergeKey) < 0);
  return normalizeOrder(fromPatch, others, ordinary, original, rule.mergeKey);
}

function mergeItems(original: JsonValue[], patch: JsonValue[], rule: FieldRule, source: SchemaSource): JsonValue[] {
  const { mergeKey } = rule;
  if (mergeKey === undefined || !patch.every(isJsonObject)) {
    const merged: JsonValue[] = [...original];
    for (const item of patch) if (!merged.some((kept) => equalJson(kept, item))) merged.push(item);
    return merged;
  }
  let merged = [...original];
  const ordinary: JsonObject[] = [];
  let replaced = false;
  for (const item of patch.filter(isJsonObject)) {
    const kind = item[directive];
    if (kind === undefined || kind === 'merge') {
      const { [directive]: _kind, ...rest } = item;
      ordinary.push(rest);
    } else if (kind === 'delete') {
      const key = keyOf(item, mergeKey);
      merged = merged.filter((kept) => !isJsonObject(kept) || !equalJson(kept[mergeKey], key));
    } else if (kind === 'replace') {
      replaced = true;
    } else {
      throw badPatchType(kind, item);
    }
  }
  if (replaced) return ordinary;
  const items = resolveItems(rule.schema, source);
  for (const item of ordinary) {
    const key = keyOf(item, mergeKey);
    const position = merged.findIndex((kept) => isJsonObject(kept) && equalJson(kept[mergeKey], key));
    const before = merged[position];
    if (isJsonObject(before)) merged[position] = mergeMap({ ...before }, item, items, source);
    else merged.push(dropDirectives(withoutNulls(item)));
  }
  return merged;
}

function resolveItems(schema: Schema | undefined, source: SchemaSource): Schema | undefined {
  return schema?.items === undefined ? undefined : resolveSchema(schema.items, source);
}

function keyOf(item: JsonObject, mergeKey: string): JsonValue {
  const key = item[mergeKey];
  if (key === undefined) {
    throw new StrategicMergePatchError(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return key;
}

function indexIn(list: readonly JsonValue[], item: JsonValue, mergeKey: string | undefined): number {
  return list.findIndex((candidate) => sameItem(candidate, item, mergeKey));
}

function sameItem(left: JsonValue, right: JsonValue, mergeKey: string | undefined): boolean {
  if (mergeKey !== undefined && isJsonObject(left) && isJsonObject(right)) {
    return equalJson(left[mergeKey], right[mergeKey]);
  }
  return equalJson(left, right);
}

/** Items of the patch in its order, among the others in the server's order. */
function normalizeOrder(
  fromPatch: readonly JsonValue[],
  others: readonly JsonValue[],
  patchOrder: readonly JsonValue[],
  serverOrder: readonly JsonValue[],
  mergeKey: string | undefined,
): JsonValue[] {
  const byOrder = (order: readonly JsonValue[]) => (left: JsonValue, right: JsonValue) =>
    indexIn(order, left, mergeKey) - indexIn(order, right, mergeKey);
  const right = fromPatch.toSorted(byOrder(patchOrder));
  const left = others.toSorted(byOrder(serverOrder));
  const result: JsonValue[] = [];
  while (left.length > 0 && right.length > 0) {
    const leftIndex = indexIn(serverOrder, left[0] ?? null, mergeKey);
    const rightIndex = indexIn(serverOrder, right[0] ?? null, mergeKey);
    const takesLeft = leftIndex >= 0 && rightIndex >= 0 && leftIndex < rightIndex;
    const next = (takesLeft ? left : right).shift();
    if (next !== undefined) result.push(next);
  }
  return [...result, ...left, ...right];
}

/** A new value must not carry directives or nulls. */
function dropDirectives(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return value
      .filter((item) => !isJsonObject(item) || item[directive] !== 'delete')
      .filter((item) => !isJsonObject(item) || !isOnlyDirective(item))
      .map(dropDirectives);
  }
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === directive || key === retainKeysDirective) continue;
    if (key.startsWith(deleteListPrefix) || key.startsWith(orderPrefix)) continue;
    setOwn(result, key, dropDirectives(item));
  }
  return result;
}

function isOnlyDirective(item: JsonObject): boolean {
  return Object.hasOwn(item, directive) && Object.keys(item).length === 1;
}

function withoutNulls(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== null) setOwn(result, key, withoutNulls(item));
  return result;
}

function badPatchType(kind: JsonValue | undefined, item: JsonObject): StrategicMergePatchError {
  return new StrategicMergePatchError(`unknown patch type: ${goText(kind ?? null)} in map: ${goText(item)}`);
}

/** Go's %v. */
function goText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isJsonObject(value)) {
    const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
    return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
  }
  return value === null ? '<nil>' : `${value}`;
}

// ------------------------------------------------------------------------------------------------------------ making

interface DiffOptions {
  readonly ignoreChangesAndAdditions: boolean;
  readonly ignoreDeletions: boolean;
  readonly retainsKeys: boolean;
}

/** The patch that turns `original` into `modified`. */
export function createStrategicMergePatch(
  original: JsonObject,
  modified: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
): JsonObject {
  const everything = { ignoreChangesAndAdditions: false, ignoreDeletions: false, retainsKeys: false };
  return diffMaps(original, modified, schema, source, everything);
}

/**
 * The patch that kubectl apply sends: it brings `current` to `modified`, and removes what `original` (the last applied
 * configuration) had and `modified` has no more.
 */
export function createThreeWayStrategicMergePatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
): JsonObject {
  const delta = diffMaps(current, modified, schema, source, {
    ignoreChangesAndAdditions: false,
    ignoreDeletions: true,
    retainsKeys: false,
  });
  const deletions = diffMaps(original, modified, schema, source, {
    ignoreChangesAndAdditions: true,
    ignoreDeletions: false,
    retainsKeys: false,
  });
  return joinPatches(deletions, delta, schema, source);
}

function diffMaps(
  original: JsonObject,
  modified: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
  options: DiffOptions,
): JsonObject {
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(modified)) {
    if (!Object.hasOwn(original, key)) {
      if (!options.ignoreChangesAndAdditions) setOwn(patch, key, cloneJson(value));
      continue;
    }
    diffField(patch, key, original[key] ?? null, value, ruleOf(schema, key, source), source, options);
  }
  if (!options.ignoreDeletions) {
    for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) setOwn(patch, key, null);
  }
  const retained = Object.keys(modified).filter((key) => modified[key] !== null);
  const hasGone = Object.keys(original).some((key) => !Object.hasOwn(modified, key));
  if (options.retainsKeys && retained.length > 0 && (Object.keys(patch).length > 0 || hasGone)) {
    patch[retainKeysDirective] = retained.sort();
  }
  return patch;
}

function diffField(
  patch: JsonObject,
  key: string,
  before: JsonValue,
  after: JsonValue,
  rule: FieldRule,
  source: SchemaSource,
  options: DiffOptions,
): void {
  if (isJsonObject(before) && isJsonObject(after) && !rule.replaces) {
    const inner = diffMaps(before, after, rule.schema, source, { ...options, retainsKeys: rule.retainsKeys });
    if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    return;
  }
  if (Array.isArray(before) && Array.isArray(after) && rule.merges) {
    const { list, deleted, order } = diffLists(before, after, rule, source, options);
    if (list.length > 0) setOwn(patch, key, list);
    if (deleted.length > 0) patch[deleteListPrefix + key] = deleted;
    if (order.length > 0) patch[orderPrefix + key] = order;
    return;
  }
  if (!options.ignoreChangesAndAdditions && !equalJson(before, after)) setOwn(patch, key, cloneJson(after));
}

interface ListDiff {
  readonly list: JsonValue[];
  readonly deleted: JsonValue[];
  readonly order: JsonValue[];
}

function diffLists(
  original: readonly JsonValue[],
  modified: readonly JsonValue[],
  rule: FieldRule,
  source: SchemaSource,
  options: DiffOptions,
): ListDiff {
  if (original.length === 0) {
    const isNothing = modified.length === 0 || options.ignoreChangesAndAdditions;
    return { list: isNothing ? [] : cloneJson([...modified]), deleted: [], order: [] };
  }
  const { mergeKey } = rule;
  if (mergeKey === undefined || !isJsonObject(original[0])) return diffPrimitiveLists(original, modified, options);
  const items = resolveItems(rule.schema, source);
  const list: JsonValue[] = [];
  for (const item of modified) {
    if (!isJsonObject(item)) continue;
    const key = keyOf(item, mergeKey);
    const before = original.find((candidate) => isJsonObject(candidate) && equalJson(candidate[mergeKey], key));
    if (!isJsonObject(before)) {
      if (!options.ignoreChangesAndAdditions) list.push(cloneJson(item));
      continue;
    }
    const inner = diffMaps(before, item, items, source, { ...options, retainsKeys: rule.retainsKeys });
    if (Object.keys(inner).length > 0) list.push({ ...inner, [mergeKey]: key });
  }
  if (!options.ignoreDeletions) {
    const gone = original
      .filter(isJsonObject)
      .map((item) => keyOf(item, mergeKey))
      .filter((key) => !modified.some((item) => isJsonObject(item) && equalJson(item[mergeKey], key)))
      .sort((left, right) => (goText(left) < goText(right) ? -1 : 1));
    for (const key of gone) list.push({ [directive]: 'delete', [mergeKey]: key });
  }
  const keys = modified.map((item) => ({ [mergeKey]: isJsonObject(item) ? (item[mergeKey] ?? null) : null }));
  const needsOrder =
    list.length > 0 || (!options.ignoreChangesAndAdditions && !isOrderSame(original, modified, mergeKey));
  return { list, deleted: [], order: needsOrder ? keys : [] };
}

function diffPrimitiveLists(
  original: readonly JsonValue[],
  modified: readonly JsonValue[],
  options: DiffOptions,
): ListDiff {
  const has = (list: readonly JsonValue[], item: JsonValue): boolean => list.some((other) => equalJson(other, item));
  const list = options.ignoreChangesAndAdditions ? [] : modified.filter((item) => !has(original, item));
  const deleted = options.ignoreDeletions ? [] : original.filter((item) => !has(modified, item));
  const needsOrder =
    list.length > 0 ||
    deleted.length > 0 ||
    (!options.ignoreChangesAndAdditions && !isOrderSame(original, modified, undefined));
  return { list, deleted, order: needsOrder ? [...modified] : [] };
}

function isOrderSame(
  original: readonly JsonValue[],
  modified: readonly JsonValue[],
  mergeKey: string | undefined,
): boolean {
  if (original.length !== modified.length) return false;
  return original.every((item, index) => sameItem(item, modified[index] ?? null, mergeKey));
}

/** Deletions and changes in one patch: changes first where both touch a list. */
function joinPatches(
  deletions: JsonObject,
  delta: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
): JsonObject {
  const joined: JsonObject = { ...deletions };
  for (const [key, value] of Object.entries(delta)) {
    const before = joined[key];
    const rule = ruleOf(schema, key, source);
    if (isJsonObject(before) && isJsonObject(value)) {
      setOwn(joined, key, joinPatches(before, value, rule.schema, source));
    } else if (Array.isArray(before) && Array.isArray(value) && rule.merges) {
      setOwn(joined, key, joinLists(before, value, rule, source));
    } else {
      setOwn(joined, key, value);
    }
  }
  return joined;
}

function joinLists(
  deletions: readonly JsonValue[],
  delta: readonly JsonValue[],
  rule: FieldRule,
  source: SchemaSource,
): JsonValue[] {
  const items = resolveItems(rule.schema, source);
  const rest = [...deletions];
  const joined = delta.map((item) => {
    const position = indexIn(rest, item, rule.mergeKey);
    const before = position < 0 ? undefined : rest.splice(position, 1)[0];
    return isJsonObject(before) && isJsonObject(item) ? joinPatches(before, item, items, source) : item;
  });
  return [...joined, ...rest];
}
