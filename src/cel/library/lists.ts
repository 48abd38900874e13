import { add } from '../arithmetic.ts';
import { declare, type FunctionDeclaration, member, overload } from '../declarations.ts';
import { compareValues, isEqual } from '../equality.ts';
import { CelUint } from '../numbers.ts';
import { contains, showKey } from '../standard-library.ts';
import { type CelType, listType, mapType, typeParam, types } from '../types.ts';
import {
  CelDuration,
  CelEvaluationError,
  type CelKey,
  CelList,
  CelMap,
  type CelValue,
  isKey,
  noSuchOverload,
  typeOf,
} from '../values.ts';
import { intOf, listOf } from './arguments.ts';

const { bool, bytes, double, duration, dyn, int, string, timestamp, uint } = types;
const t = typeParam('T');
const listOfT = listType(t);

const comparable: readonly (readonly [string, CelType])[] = [
  ['int', int],
  ['uint', uint],
  ['double', double],
  ['bool', bool],
  ['duration', duration],
  ['timestamp', timestamp],
  ['string', string],
  ['bytes', bytes],
];

const zeros: readonly (readonly [string, CelType, CelValue])[] = [
  ['int', int, 0n],
  ['uint', uint, new CelUint(0n)],
  ['double', double, 0],
  ['duration', duration, new CelDuration(0n)],
];

function isSorted([list]: readonly CelValue[]): boolean {
  let before: CelValue | undefined;
  for (const item of listOf(list)) {
    if (item === null || item instanceof CelList || item instanceof CelMap) {
      // The first item says of what the list is.
      throw before === undefined ? new CelEvaluationError('no such overload: isSorted(list)') : noSuchOverload();
    }
    if (before !== undefined && isAfter(before, item)) return false;
    before = item;
  }
  return true;
}

/** What cannot be compared with what follows it is not after it. */
function isAfter(left: CelValue, right: CelValue): boolean {
  try {
    return compareValues(left, right) > 0;
  } catch (error) {
    if (error instanceof CelEvaluationError) return false;
    throw error;
  }
}

function sum(zero: CelValue): (args: readonly CelValue[]) => CelValue {
  return ([list]) => {
    let total = zero;
    for (const item of listOf(list)) total = add(total, item);
    return total;
  };
}

/** The first of the elements that no other one comes before in this direction. */
function extreme(name: 'min' | 'max'): (args: readonly CelValue[]) => CelValue {
  const better = name === 'min' ? -1 : 1;
  return ([list]) => {
    let best: CelValue | undefined;
    for (const item of listOf(list)) {
      if (best === undefined || compareValues(item, best) === better) best = item;
    }
    if (best === undefined) throw new CelEvaluationError(`${name} called on empty list`);
    return best;
  };
}

function indexOf([list, wanted = null]: readonly CelValue[]): bigint {
  return BigInt([...listOf(list)].findIndex((item) => isEqual(item, wanted)));
}

function lastIndexOf([list, wanted = null]: readonly CelValue[]): bigint {
  return BigInt([...listOf(list)].findLastIndex((item) => isEqual(item, wanted)));
}

/** Kubernetes' functions for lists. */
export const listLibrary: readonly FunctionDeclaration[] = [
  declare(
    'isSorted',
    ...comparable.map(([name, type]) => member(`list_${name}_is_sorted_bool`, [listType(type)], bool, isSorted)),
  ),
  declare(
    'sum',
    ...zeros.map(([name, type, zero]) => member(`list_${name}_sum_${name}`, [listType(type)], type, sum(zero))),
  ),
  declare(
    'max',
    ...comparable.map(([name, type]) => member(`list_${name}_max_${name}`, [listType(type)], type, extreme('max'))),
  ),
  declare(
    'min',
    ...comparable.map(([name, type]) => member(`list_${name}_min_${name}`, [listType(type)], type, extreme('min'))),
  ),
  declare('indexOf', member('list_a_index_of_int', [listOfT, t], int, indexOf)),
  declare('lastIndexOf', member('list_a_last_index_of_int', [listOfT, t], int, lastIndexOf)),
];

function slice([list, from, to]: readonly CelValue[]): CelList {
  const items = [...listOf(list)];
  const [start, end] = [intOf(from), intOf(to)];
  const refuse = (why: string): CelEvaluationError => new CelEvaluationError(`cannot slice(${start}, ${end}), ${why}`);
  if (start < 0n || end < 0n) throw refuse('negative indexes not supported');
  if (start > end) throw refuse('start index must be less than or equal to end index');
  if (end > BigInt(items.length)) throw refuse(`list is length ${items.length}`);
  return new CelList(items.slice(Number(start), Number(end)));
}

function flatten([list, depth = 1n]: readonly CelValue[]): CelList {
  const levels = intOf(depth);
  if (levels < 0n) throw new CelEvaluationError('level must be non-negative');
  const flat = (items: CelList, left: bigint): CelValue[] =>
    [...items].flatMap((item) => (item instanceof CelList && left > 0n ? flat(item, left - 1n) : [item]));
  return new CelList(flat(listOf(list), levels));
}

function sorted(list: CelList, keys: CelList): CelList {
  if (list.size !== keys.size) {
    const message = `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${list.size} and ${keys.size} elements respectively`;
    throw new CelEvaluationError(message);
  }
  const pairs = [...list].map((item, index): readonly [CelValue, CelValue] => [item, keys.at(index) ?? null]);
  const [first] = pairs;
  if (first === undefined) return list;
  const { name } = typeOf(first[1]);
  if (!comparable.some(([, type]) => type.name === name)) {
    throw new CelEvaluationError('list elements must be comparable');
  }
  if (pairs.some(([, key]) => typeOf(key).name !== name)) {
    throw new CelEvaluationError('list elements must have the same type');
  }
  return new CelList(pairs.toSorted(([, left], [, right]) => compareValues(left, right)).map(([item]) => item));
}

function range([count]: readonly CelValue[]): CelList {
  const length = Math.max(0, Number(intOf(count)));
  if (length > 10_000_000) throw new CelEvaluationError(`lists.range(${length}) is too long`);
  return new CelList(Array.from({ length }, (_item, index) => BigInt(index)));
}

function distinct([list]: readonly CelValue[]): CelList {
  const kept: CelValue[] = [];
  for (const item of listOf(list)) if (!kept.some((other) => isEqual(other, item))) kept.push(item);
  return new CelList(kept);
}

/** cel-go's list library, as of its version 3. */
export const moreListsLibrary: readonly FunctionDeclaration[] = [
  declare('slice', member('list_slice', [listOfT, int, int], listOfT, slice)),
  declare(
    'flatten',
    member('list_flatten', [listType(listOfT)], listOfT, flatten),
    member('list_flatten_int', [listType(dyn), int], listType(dyn), flatten),
  ),
  declare(
    'sort',
    ...comparable.map(([, type]) =>
      member(`list_${type.name}_sort`, [listType(type)], listType(type), ([list]) => {
        const items = listOf(list);
        return sorted(items, items);
      }),
    ),
  ),
  declare(
    '@sortByAssociatedKeys',
    ...comparable.map(([, type]) =>
      member(`list_${type.name}_sortByAssociatedKeys`, [listOfT, listType(type)], listOfT, ([list, keys]) =>
        sorted(listOf(list), listOf(keys)),
      ),
    ),
  ),
  declare('lists.range', overload('lists_range', [int], listType(int), range)),
  declare(
    'reverse',
    member('list_reverse', [listOfT], listOfT, ([list]) => new CelList([...listOf(list)].toReversed())),
  ),
  declare('distinct', member('list_distinct', [listOfT], listOfT, distinct)),
];

function containsAll(list: CelList, part: CelList): boolean {
  return [...part].every((item) => contains(item, list));
}

function setTest(name: string, id: string, call: (left: CelList, right: CelList) => boolean): FunctionDeclaration {
  return declare(
    name,
    overload(id, [listOfT, listOfT], bool, ([left, right]) => call(listOf(left), listOf(right))),
  );
}

/** cel-go's set library. */
export const setLibrary: readonly FunctionDeclaration[] = [
  setTest('sets.contains', 'list_sets_contains_list', containsAll),
  setTest(
    'sets.equivalent',
    'list_sets_equivalent_list',
    (left, right) => containsAll(left, right) && containsAll(right, left),
  ),
  setTest('sets.intersects', 'list_sets_intersects_list', (left, right) =>
    [...left].some((item) => contains(item, right)),
  ),
];

const k = typeParam('K');
const v = typeParam('V');
const mapOfKV = mapType(k, v);

function withEntries(map: CelValue | undefined, added: Iterable<readonly [CelKey, CelValue]>): CelMap {
  if (!(map instanceof CelMap)) throw noSuchOverload();
  const entries = [...map.entries()];
  const seen = new CelMap(entries);
  for (const [key, value] of added) {
    if (seen.has(key)) throw new CelEvaluationError(`insert failed: key ${showKey(key)} already exists`);
    entries.push([key, value]);
  }
  return new CelMap(entries);
}

/** What the comprehensions with two variables are made of. */
export const comprehensionLibrary: readonly FunctionDeclaration[] = [
  declare(
    'cel.@mapInsert',
    overload('@mapInsert_map_key_value', [mapOfKV, k, v], mapOfKV, ([map, key = null, value = null]) => {
      if (!isKey(key)) throw noSuchOverload();
      return withEntries(map, [[key, value]]);
    }),
    overload('@mapInsert_map_map', [mapOfKV, mapOfKV], mapOfKV, ([map, added]) => {
      if (!(added instanceof CelMap)) throw noSuchOverload();
      return withEntries(map, added.entries());
    }),
  ),
];
