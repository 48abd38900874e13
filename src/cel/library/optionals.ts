import { operators } from '../ast.ts';
import { declare, type FunctionDeclaration, member, overload } from '../declarations.ts';
import { CelUint } from '../numbers.ts';
import { showKey } from '../standard-library.ts';
import { listType, mapType, optionalType, typeParam, types } from '../types.ts';
import {
  CelDuration,
  CelEvaluationError,
  CelList,
  CelMap,
  CelOptional,
  type CelValue,
  noSuchOverload,
  noValue,
} from '../values.ts';
import { listOf } from './arguments.ts';

const k = typeParam('K');
const v = typeParam('V');
const optionalV = optionalType(v);
const listOfV = listType(v);
const mapOfKV = mapType(k, v);

function optionalOf(value: CelValue | undefined): CelOptional {
  if (!(value instanceof CelOptional)) throw noSuchOverload();
  return value;
}

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0;
  if (value instanceof CelDuration) return value.nanoseconds === 0n;
  if (value instanceof CelOptional) return value.value === undefined;
  return value instanceof Uint8Array && value.length === 0;
}

function unwrap([list]: readonly CelValue[]): CelList {
  const kept: CelValue[] = [];
  for (const item of listOf(list)) {
    if (!(item instanceof CelOptional)) throw new CelEvaluationError(`value ${showKey(item)} is not optional`);
    if (item.value !== undefined) kept.push(item.value);
  }
  return new CelList(kept);
}

function endOf(which: 'first' | 'last'): (args: readonly CelValue[]) => CelOptional {
  return ([list]) => {
    const items = listOf(list);
    const found = items.at(which === 'first' ? 0 : items.size - 1);
    return found === undefined ? noValue : new CelOptional(found);
  };
}

/** Values that may be missing; selections and indices of them are the evaluator's. */
export const optionalLibrary: readonly FunctionDeclaration[] = [
  declare(
    'optional.of',
    overload('optional_of', [v], optionalV, ([value]) => new CelOptional(value)),
  ),
  declare(
    'optional.ofNonZeroValue',
    overload('optional_ofNonZeroValue', [v], optionalV, ([value = null]) =>
      isZero(value) ? noValue : new CelOptional(value),
    ),
  ),
  declare(
    'optional.none',
    overload('optional_none', [], optionalV, () => noValue),
  ),
  declare(
    'value',
    member('optional_value', [optionalV], v, ([value]) => optionalOf(value).get()),
  ),
  declare(
    'hasValue',
    member('optional_hasValue', [optionalV], types.bool, ([value]) => optionalOf(value).value !== undefined),
  ),
  declare('or', member('optional_or_optional', [optionalV, optionalV], optionalV)),
  declare('orValue', member('optional_orValue_value', [optionalV, v], v)),
  declare(
    operators.optionalIndex,
    overload('list_optindex_optional_int', [listOfV, types.int], optionalV),
    overload('optional_list_optindex_optional_int', [optionalType(listOfV), types.int], optionalV),
    overload('map_optindex_optional_value', [mapOfKV, k], optionalV),
    overload('optional_map_optindex_optional_value', [optionalType(mapOfKV), k], optionalV),
  ),
  declare(
    operators.index,
    overload('optional_list_index_int', [optionalType(listOfV), types.int], optionalV),
    overload('optional_map_index_value', [optionalType(mapOfKV), k], optionalV),
  ),
  declare('last', member('list_last', [listOfV], optionalV, endOf('last'))),
  declare('first', member('list_first', [listOfV], optionalV, endOf('first'))),
  declare('optional.unwrap', overload('optional_unwrap', [listType(optionalV)], listOfV, unwrap)),
  declare('unwrapOpt', member('optional_unwrapOpt', [listType(optionalV)], listOfV, unwrap)),
];
