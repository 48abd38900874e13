import { equalJson, isJsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { directiveKey, mergeKeyOf } from './field-rule.ts';

/** Whether two items are the same one: by merge key where there is one, by value else. */
export function isSameItem(left: JsonValue, right: JsonValue, mergeKey: string): boolean {
  if (mergeKey === '') return equalJson(left, right);
  return equalJson(mergeKeyOf(left, mergeKey), mergeKeyOf(right, mergeKey));
}

/** Where an item stands in a list; -1 when it does not. */
export function indexOfItem(list: readonly JsonValue[], item: JsonValue, mergeKey: string): number {
  return list.findIndex((candidate) => isSameItem(candidate, item, mergeKey));
}

/** Whether an item says that its like is to be deleted. */
export function isDeletion(item: JsonValue): boolean {
  return isJsonObject(item) && item[directiveKey] === 'delete';
}

/** Brings items into the order in which another list has them; deletions go last. */
export function inOrderOf(items: readonly JsonValue[], order: readonly JsonValue[], mergeKey: string): JsonValue[] {
  const isDeletedItem = (item: JsonValue): boolean => mergeKey !== '' && isDeletion(item);
  const positions = new Map(items.map((item) => [item, indexOfItem(order, item, mergeKey)]));
  const position = (item: JsonValue): number => positions.get(item) ?? -1;
  const kept = items.filter((item) => !isDeletedItem(item));
  return [...kept.sort((left, right) => position(left) - position(right)), ...items.filter(isDeletedItem)];
}

/**
 * Orders a merged list: the items that `order` names in its order, and among them the server's others, which keep their
 * place before an item that stood behind them.
 */
export function orderMergedList(
  merged: readonly JsonValue[],
  order: readonly JsonValue[],
  serverOrder: readonly JsonValue[],
  mergeKey: string,
): JsonValue[] {
  const isOrdered = (item: JsonValue): boolean => indexOfItem(order, item, mergeKey) >= 0;
  const right = inOrderOf(merged.filter(isOrdered), order, mergeKey);
  const left = inOrderOf(
    merged.filter((item) => !isOrdered(item)),
    serverOrder,
    mergeKey,
  );
  const result: JsonValue[] = [];
  let next = 0;
  for (const item of right) {
    const position = indexOfItem(serverOrder, item, mergeKey);
    for (; next < left.length; next++) {
      const other = left[next] ?? null;
      const otherPosition = indexOfItem(serverOrder, other, mergeKey);
      if (otherPosition < 0 || position < 0 || otherPosition >= position) break;
      result.push(other);
    }
    result.push(item);
  }
  return [...result, ...left.slice(next)];
}
