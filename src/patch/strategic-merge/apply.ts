import { equalJson, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../apimachinery/json.ts';
import {
  badDirective,
  deleteListPrefix,
  directiveKey,
  type FieldRule,
  type FieldRules,
  goText,
  itemKind,
  mergeKeyOf,
  orderPrefix,
  requireList,
  requireMap,
  retainKeysKey,
  StrategicMergePatchError,
} from './field-rule.ts';
import { isDeletion, isSameItem, orderMergedList } from './list-order.ts';

/**
 * Merges a patch into a document, or (`isPatch`) into another patch, whose directives then stay. Both are changed.
 * @throws StrategicMergePatchError
 */
export function mergeMaps(original: JsonObject, patch: JsonObject, rules: FieldRules, isPatch: boolean): JsonObject {
  const directive = patch[directiveKey];
  if (directive !== undefined) {
    if (directive === 'delete') return {};
    if (directive !== 'replace') throw badDirective(directive, patch);
    delete patch[directiveKey];
    return { ...patch };
  }
  applyRetainKeys(original, patch, isPatch);
  for (const [key, order] of Object.entries(patch)) {
    if (key.startsWith(orderPrefix)) mergeOrderedList(original, patch, key, order, rules, isPatch);
  }
  for (const [key, value] of Object.entries(patch)) mergeField(original, key, value, rules, isPatch);
  return original;
}

function mergeField(
  original: JsonObject,
  patchKey: string,
  value: JsonValue,
  rules: FieldRules,
  isPatch: boolean,
): void {
  const deletesItems = patchKey.startsWith(deleteListPrefix);
  if (deletesItems && isPatch) {
    original[patchKey] = value;
    return;
  }
  const key = deletesItems ? patchKey.slice(deleteListPrefix.length) : patchKey;
  if (value === null) {
    delete original[key];
    if (isPatch) setOwn(original, key, null);
    return;
  }
  const before = Object.hasOwn(original, key) ? original[key] : undefined;
  const rule = rules.of(key);
  let merged: JsonValue | undefined;
  if (isJsonObject(before) && isJsonObject(value)) {
    merged = rule.strategy === 'replace' ? value : mergeMaps(before, value, rule.fields, isPatch);
  } else if (Array.isArray(before) && Array.isArray(value)) {
    merged = rule.strategy === 'merge' || deletesItems ? mergeLists(before, value, rule, isPatch, deletesItems) : value;
  } else if (deletesItems) {
    return;
  } else {
    merged = withoutDirectives(isPatch ? value : withoutNulls(value));
  }
  if (merged === undefined) delete original[key];
  else setOwn(original, key, merged);
}

function applyRetainKeys(original: JsonObject, patch: JsonObject, isPatch: boolean): void {
  const retained = patch[retainKeysKey];
  if (retained === undefined) return;
  delete patch[retainKeysKey];
  if (isPatch) {
    const own = original[retainKeysKey];
    if (own !== undefined && !equalJson(own, retained)) {
      throw new StrategicMergePatchError(
        `${goText(own)} and ${goText(retained)} are not deep equal: this may happen when calculating the 3-way diff patch`,
      );
    }
    original[retainKeysKey] = retained;
    return;
  }
  if (!Array.isArray(retained)) throw new StrategicMergePatchError('invalid patch format of retainKeys');
  const names = new Set(retained);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(deleteListPrefix) || key.startsWith(orderPrefix) || names.has(key)) continue;
    throw new StrategicMergePatchError('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(original)) if (!names.has(key)) delete original[key];
}

const badOrder = 'invalid patch format of setElementOrder list';

/** Merges a list whose order the patch sets, and takes both out of the patch. */
function mergeOrderedList(
  original: JsonObject,
  patch: JsonObject,
  orderKey: string,
  orderValue: JsonValue,
  rules: FieldRules,
  isPatch: boolean,
): void {
  if (isPatch) {
    const own = original[orderKey];
    if (own !== undefined && !equalJson(own, orderValue)) throw new StrategicMergePatchError(badOrder);
    original[orderKey] = orderValue;
  }
  delete patch[orderKey];
  const order = requireList(orderValue);
  const key = orderKey.slice(orderPrefix.length);
  const rule = rules.of(key);
  const { mergeKey } = rule;
  const before = Object.hasOwn(original, key) ? requireList(original[key] ?? null) : undefined;
  const list = Object.hasOwn(patch, key) ? requireList(patch[key] ?? null) : undefined;
  if (rule.isNoList) throw new StrategicMergePatchError('expected slice or array type, but got: struct');
  checkOrder(list ?? [], order, mergeKey);
  if (before === undefined && list === undefined) return;
  // Merging changes the list; its order is asked for afterwards.
  const serverOrder = [...(before ?? [])];
  let merged: JsonValue[];
  if (list === undefined) merged = before ?? [];
  else if (before === undefined) merged = requireList(withoutDirectives(list) ?? []);
  else merged = rule.strategy === 'merge' ? mergeLists(before, list, rule, isPatch, false) : list;
  itemKind(serverOrder, list ?? []);
  setOwn(original, key, orderMergedList(merged, order, serverOrder, mergeKey));
  delete patch[key];
}

function checkOrder(list: readonly JsonValue[], order: readonly JsonValue[], mergeKey: string): void {
  if (list.length === 0 || order.length === 0) return;
  const items = mergeKey === '' ? list : list.filter((item) => !isDeletion(item));
  let next = 0;
  for (const item of items) {
    if (isJsonObject(item) && Object.hasOwn(item, directiveKey)) continue;
    while (next < order.length && !isSameItem(item, order[next] ?? null, mergeKey)) next++;
    if (next >= order.length) {
      throw new StrategicMergePatchError(
        `The order in patch list:\n${goText([...list])}\n doesn't match $setElementOrder list:\n${goText([...order])}\n`,
      );
    }
    next++;
  }
}

function mergeLists(
  original: JsonValue[],
  patch: JsonValue[],
  rule: FieldRule,
  isPatch: boolean,
  deletesItems: boolean,
): JsonValue[] {
  if (original.length === 0 && patch.length === 0) return original;
  const { mergeKey } = rule;
  if (itemKind(original, patch) === 'scalar') {
    if (deletesItems) return original.filter((item) => !patch.some((gone) => equalJson(gone, item)));
    const merged: JsonValue[] = [];
    for (const item of [...original, ...patch]) if (!merged.some((kept) => equalJson(kept, item))) merged.push(item);
    return orderMergedList(merged, patch, original, mergeKey);
  }
  if (mergeKey === '') throw new StrategicMergePatchError('cannot merge lists without merge key for ');
  const { kept, items } = carryOutItemDirectives(original, patch, mergeKey);
  const merged = [...kept];
  for (const item of items) {
    const key = mergeKeyOf(item, mergeKey);
    const position = merged.findIndex((candidate) => equalJson(requireMap(candidate)[mergeKey], key));
    const before = merged[position];
    if (position >= 0 && before !== undefined) {
      merged[position] = mergeMaps(requireMap(before), item, rule.fields, isPatch);
    } else {
      merged.push(item);
    }
  }
  return orderMergedList(merged, items, kept, mergeKey);
}

/** Deletes and replaces items as the patch says. @returns what is left, and the patch's ordinary items */
function carryOutItemDirectives(
  original: readonly JsonValue[],
  patch: readonly JsonValue[],
  mergeKey: string,
): { readonly kept: JsonValue[]; readonly items: JsonObject[] } {
  let kept = [...original];
  let replaces = false;
  const items: JsonObject[] = [];
  for (const item of patch.map(requireMap)) {
    const directive = item[directiveKey];
    if (directive === undefined) {
      items.push(item);
    } else if (directive === 'delete') {
      const key = mergeKeyOf(item, mergeKey);
      kept = kept.filter((candidate) => !equalJson(requireMap(candidate)[mergeKey], key));
    } else if (directive === 'replace') {
      replaces = true;
    } else if (directive === 'merge') {
      throw new StrategicMergePatchError('merging lists cannot yet be specified in the patch');
    } else {
      throw badDirective(directive, item);
    }
  }
  return replaces ? { kept: items, items: [] } : { kept, items };
}

/** A value that comes new does not carry `$patch`; @returns undefined when it is nothing but that. */
function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, directiveKey)) return undefined;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const kept = withoutDirectives(item);
    if (kept !== undefined) setOwn(result, key, kept);
  }
  return result;
}

/** Nulls in a new value delete nothing. */
function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== null) setOwn(result, key, withoutNulls(item));
  return result;
}
