import { CelList, type CelOpaque, type CelValue, noSuchOverload } from '../values.ts';

/** The text that an argument is. @throws CelEvaluationError for anything else. */
export function textOf(value: CelValue | undefined): string {
  if (typeof value !== 'string') throw noSuchOverload();
  return value;
}

/** The whole number that an argument is. @throws CelEvaluationError for anything else. */
export function intOf(value: CelValue | undefined): bigint {
  if (typeof value !== 'bigint') throw noSuchOverload();
  return value;
}

/** The list that an argument is. @throws CelEvaluationError for anything else. */
export function listOf(value: CelValue | undefined): CelList {
  if (!(value instanceof CelList)) throw noSuchOverload();
  return value;
}

/** The value of a library's own type that an argument is. @throws CelEvaluationError for anything else. */
export function opaqueOf<T extends CelOpaque>(
  value: CelValue | undefined,
  type: abstract new (...args: never) => T,
): T {
  if (!(value instanceof type)) throw noSuchOverload();
  return value;
}
