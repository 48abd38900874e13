import { YamlNode } from '../yaml-node.ts';

/** Merges an item of the list with its counterpart of the patch; either may be missing. */
type ItemMerge = (target: YamlNode | undefined, patch: YamlNode | undefined, schema: undefined) => YamlNode | undefined;

/**
 * Merges the items of a list by keys that tell them apart (none: by their own text): first those of the patch in its
 * order, then the others in theirs.
 */
export function mergeListItems(
  target: YamlNode,
  patch: YamlNode | undefined,
  keys: readonly string[],
  merge: ItemMerge,
): YamlNode | undefined {
  const allKeys = keys.length === 0 ? [''] : keys;
  let identities = identitiesOf([patch, target], allKeys);
  if (allKeys.length > 1) identities = completeIdentities(identities);
  const merged = YamlNode.sequence();
  let used = allKeys;
  for (const identity of identities) {
    const { keys: names, values } = usedKeys(identities, identity, allKeys);
    used = names;
    const own = usedKeys([values], values, names);
    const item = merge(find(target, own.keys, own.values), patch && find(patch, own.keys, own.values), undefined);
    if (item === undefined || item.isNull || (item.kind === 'mapping' && item.fields.size === 0)) {
      replaceItem(target, names, values, undefined);
      continue;
    }
    for (const [index, name] of names.entries()) {
      if (name !== '' && item.get(name) === undefined && values[index] !== '') {
        item.set(name, YamlNode.scalar(values[index] ?? ''));
      }
    }
    replaceItem(merged, names, values, item);
  }
  if (identities.length === 0) return target;
  appendOthers(merged, target, used);
  return merged;
}

/** What tells the items of the lists apart: the texts of their keys, each combination once. */
function identitiesOf(lists: readonly (YamlNode | undefined)[], keys: readonly string[]): string[][] {
  const seen = new Set<string>();
  const identities: string[][] = [];
  for (const list of lists) {
    for (const item of list?.items ?? []) {
      const identity = keys.map((key) => {
        const value = key === '' ? item : item.get(key);
        return value === undefined || value.isEmpty ? '' : value.text;
      });
      const text = JSON.stringify(identity);
      if (!seen.has(text)) identities.push(identity);
      seen.add(text);
    }
  }
  return identities;
}

/** Fills what one item does not say (`protocol`) from others that are alike in the rest. */
function completeIdentities(identities: readonly string[][]): string[][] {
  const result = identities.map((identity) => identity);
  for (let one = 0; one < result.length; one++) {
    for (let other = 0; other < result.length; other++) {
      const joined = joinIdentities(result[one] ?? [], result[other] ?? []);
      if (joined === undefined) continue;
      result[one] = joined;
      result[other] = joined;
    }
  }
  return result;
}

function joinIdentities(one: readonly string[], other: readonly string[]): string[] | undefined {
  if (one.length !== other.length) return undefined;
  let hasCommon = false;
  const joined: string[] = [];
  for (const [index, left] of one.entries()) {
    const right = other[index] ?? '';
    if (left === right) hasCommon = true;
    else if (left !== '' && right !== '') return undefined;
    joined.push(left === '' ? right : left);
  }
  return hasCommon ? joined : undefined;
}

/** The keys that any of the items has, with the values of one; all keys where none has any. */
function usedKeys(
  identities: readonly (readonly string[])[],
  identity: readonly string[],
  keys: readonly string[],
): { readonly keys: readonly string[]; readonly values: readonly string[] } {
  const used = new Set<string>();
  for (const values of identities) {
    for (const [index, value] of values.entries()) if (value !== '') used.add(keys[index] ?? '');
  }
  if (used.size === 0) return { keys, values: identity };
  return {
    keys: keys.filter((key) => used.has(key)),
    values: identity.filter((value, index) => value !== '' || used.has(keys[index] ?? '')),
  };
}

function find(list: YamlNode, keys: readonly string[], values: readonly string[]): YamlNode | undefined {
  if (keys[0] === '') return list.items.find((item) => item.text === values[0]);
  return list.items.find(
    (item) =>
      item.kind === 'mapping' &&
      keys.length === values.length &&
      keys.every((key, index) => item.get(key)?.text === values[index]),
  );
}

/** Puts an item in the place of those with its keys, or behind all; without one those are removed. */
function replaceItem(
  list: YamlNode,
  keys: readonly string[],
  values: readonly string[],
  replacement: YamlNode | undefined,
): void {
  const isOfMaps = keys[0] !== '' && values.length > 0 && values[0] !== '';
  const items: YamlNode[] = [];
  let isFound = false;
  for (const item of list.items) {
    if (item.isNull || (item.kind === 'mapping' && item.fields.size === 0)) continue;
    if ((item.kind !== 'mapping' && isOfMaps) || !hasKeys(item, keys, values)) {
      if (values.length > 0 || item.kind !== 'mapping') items.push(item);
      continue;
    }
    isFound = true;
    if (replacement !== undefined) items.push(replacement);
  }
  if (!isFound && replacement !== undefined) items.push(replacement);
  list.items = items;
}

function hasKeys(item: YamlNode, keys: readonly string[], values: readonly string[]): boolean {
  return keys.every((key, index) => {
    if (index >= values.length) return true;
    const value = values[index] ?? '';
    if (key === '') return item.kind === 'scalar' && item.text === value;
    const field = item.get(key);
    return field !== undefined && (value === '' || field.text === value);
  });
}

/** Adds the items that a list had before, each in the place of its merged self. */
function appendOthers(merged: YamlNode, target: YamlNode, keys: readonly string[]): void {
  for (const item of target.items) {
    if (keys[0] === '') {
      replaceItem(merged, keys, [item.text], item);
      continue;
    }
    const values: string[] = [];
    for (const key of keys) {
      const value = item.get(key);
      if (value === undefined || value.isNull) merged.items.push(item);
      else values.push(value.text);
    }
    if (keys.length > 1) replaceItem(merged, keys, values, undefined);
    replaceItem(merged, keys, values, item);
  }
}
