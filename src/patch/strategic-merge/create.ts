import {
  cloneJson,
  equalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  setOwn,
} from '../../apimachinery/json.ts';
import {
  deleteListPrefix,
  directiveKey,
  type FieldRule,
  type FieldRules,
  goKind,
  goText,
  itemKind,
  mergeKeyOf,
  orderPrefix,
  requireMap,
  retainKeysKey,
  StrategicMergePatchError,
} from './field-rule.ts';
import { inOrderOf } from './list-order.ts';

/** Which differences go into a patch. */
export interface DiffOptions {
  readonly additions: boolean;
  readonly deletions: boolean;
  /** Whether `$setElementOrder` is written. */
  readonly order: boolean;
  readonly retainsKeys?: boolean;
}

/** The patch from one document to another. Neither is changed. @throws StrategicMergePatchError */
export function diffMaps(
  original: JsonObject,
  modified: JsonObject,
  rules: FieldRules,
  options: DiffOptions,
): JsonObject {
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(modified)) {
    const before = Object.hasOwn(original, key) ? original[key] : undefined;
    if (before === undefined) {
      if (options.additions) setOwn(patch, key, cloneJson(value));
    } else if (key === directiveKey) {
      diffDirective(patch, before, value);
    } else if (isJsonObject(before) && isJsonObject(value)) {
      diffMapField(patch, key, before, value, rules.of(key), options);
    } else if (Array.isArray(before) && Array.isArray(value)) {
      diffListField(patch, key, before, value, rules.of(key), options);
    } else if (options.additions && !isSameValue(before, value)) {
      setOwn(patch, key, cloneJson(value));
    }
  }
  const gone = Object.keys(original).filter((key) => !Object.hasOwn(modified, key));
  if (options.deletions) for (const key of gone) setOwn(patch, key, null);
  if (options.retainsKeys !== true) return patch;
  const retained = Object.keys(modified).filter((key) => modified[key] !== null);
  const losesKeys = gone.some((key) => original[key] !== null);
  if (retained.length > 0 && (Object.keys(patch).length > 0 || losesKeys)) patch[retainKeysKey] = retained.sort();
  return patch;
}

/** Go tells 1 and 1.0 apart no more than JSON does, but an integer from a float. */
function isSameValue(left: JsonValue, right: JsonValue): boolean {
  return goKind(left) === goKind(right) && equalJson(left, right);
}

function diffDirective(patch: JsonObject, before: JsonValue, after: JsonValue): void {
  if (typeof before !== 'string' || typeof after !== 'string') {
    throw new StrategicMergePatchError(`invalid value for special key: ${directiveKey}`);
  }
  if (before !== after) patch[directiveKey] = after;
}

function diffMapField(
  patch: JsonObject,
  key: string,
  before: JsonObject,
  after: JsonObject,
  rule: FieldRule,
  options: DiffOptions,
): void {
  if (rule.strategy === 'replace') {
    // Such a map is always sent as it is, changed or not.
    if (options.additions) setOwn(patch, key, cloneJson(after));
    return;
  }
  const inner = diffMaps(before, after, rule.fields, { ...options, retainsKeys: rule.retainsKeys });
  if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
}

function diffListField(
  patch: JsonObject,
  key: string,
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  rule: FieldRule,
  options: DiffOptions,
): void {
  if (rule.strategy !== 'merge') {
    if (options.additions && !equalJson(before, after)) setOwn(patch, key, cloneJson([...after]));
    return;
  }
  const { items, deleted, order } = diffLists(before, after, rule, { ...options, retainsKeys: rule.retainsKeys });
  if (items.length > 0) setOwn(patch, key, items);
  if (deleted.length > 0) patch[deleteListPrefix + key] = deleted;
  if (options.order && order.length > 0) patch[orderPrefix + key] = order;
}

interface ListDiff {
  readonly items: JsonValue[];
  /** Scalars to take out. */
  readonly deleted: JsonValue[];
  readonly order: JsonValue[];
}

function diffLists(
  original: readonly JsonValue[],
  modified: readonly JsonValue[],
  rule: FieldRule,
  options: DiffOptions,
): ListDiff {
  if (original.length === 0) {
    return { items: options.additions ? cloneJson([...modified]) : [], deleted: [], order: [] };
  }
  if (itemKind(original, modified) === 'scalar') return diffScalarLists(original, modified, options);
  const { mergeKey } = rule;
  const { changed, deletions } = diffMapLists(original, modified, rule, options);
  const items = [...inOrderOf(changed, modified, mergeKey), ...deletions];
  const isOrderSame =
    original.length === modified.length &&
    modified.every((item, index) =>
      equalJson(mergeKeyOf(item, mergeKey), mergeKeyOf(original[index] ?? null, mergeKey)),
    );
  const needsOrder = items.length > 0 || (options.additions && !isOrderSame);
  const order = modified.map((item): JsonValue => ({ [mergeKey]: mergeKeyOf(item, mergeKey) }));
  return { items, deleted: [], order: needsOrder ? order : [] };
}

interface KeyedItem {
  readonly item: JsonObject;
  readonly key: JsonValue;
  /** The key as text, by which items are paired. */
  readonly text: string;
}

/** Items of the same key come out last first, as kubectl's sort leaves them. */
function sortedByKey(list: readonly JsonValue[], mergeKey: string): KeyedItem[] {
  return list
    .map((value) => {
      const item = requireMap(value);
      const key = mergeKeyOf(item, mergeKey);
      return { item, key, text: goText(key) };
    })
    .reverse()
    .sort((left, right) => compareText(left.text, right.text));
}

function diffMapLists(
  original: readonly JsonValue[],
  modified: readonly JsonValue[],
  { mergeKey, fields }: FieldRule,
  options: DiffOptions,
): { readonly changed: JsonValue[]; readonly deletions: JsonValue[] } {
  const changed: JsonValue[] = [];
  const deletions: JsonValue[] = [];
  const rest = sortedByKey(original, mergeKey);
  const dropFirst = (count: number): void => {
    for (const { key } of rest.splice(0, count)) {
      if (options.deletions) deletions.push({ [directiveKey]: 'delete', [mergeKey]: key });
    }
  };
  for (const { item, key, text } of sortedByKey(modified, mergeKey)) {
    const position = rest.findIndex((candidate) => candidate.text >= text);
    dropFirst(position < 0 ? rest.length : position);
    const [before] = rest;
    if (before?.text !== text) {
      if (options.additions) changed.push(cloneJson(item));
      continue;
    }
    rest.shift();
    const inner = diffMaps(before.item, item, fields, options);
    if (Object.keys(inner).length > 0) changed.push({ ...inner, [mergeKey]: key });
  }
  dropFirst(rest.length);
  return { changed, deletions };
}

function diffScalarLists(
  original: readonly JsonValue[],
  modified: readonly JsonValue[],
  options: DiffOptions,
): ListDiff {
  const byText = (left: JsonValue, right: JsonValue): number => compareText(goText(left), goText(right));
  const sorted = original.toSorted(byText);
  const rest = [...sorted];
  const added: JsonValue[] = [];
  const gone: JsonValue[] = [];
  for (const item of modified.toSorted(byText)) {
    while (rest.length > 0 && goText(rest[0] ?? null) < goText(item)) gone.push(rest.shift() ?? null);
    if (rest.length > 0 && goText(rest[0] ?? null) === goText(item)) rest.shift();
    else added.push(item);
  }
  gone.push(...rest);
  const deleted = options.deletions ? gone.filter((item, index) => gone.indexOf(item) === index) : [];
  // The real one compares with the sorted original: an unsorted list always gets its order.
  const needsOrder = deleted.length > 0 || (options.additions && !equalJson(sorted, modified));
  return {
    items: options.additions ? inOrderOf(added, modified, '') : [],
    deleted,
    order: needsOrder ? [...modified] : [],
  };
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
