import { parseQuantity, type Quantity, QuantityError } from '../apimachinery/quantity.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { isGoInteger } from './go-value.ts';
import { JsonPath, relaxedJsonPath } from './jsonpath.ts';
import { PrinterError } from './printer.ts';

/**
 * Sorts by a field as `kubectl get --sort-by` does: quantities by amount, other text in natural order (digits by their
 * number), those without the field first.
 * @param objectOf the object an item stands for (a row's object, or the item itself)
 * @throws JsonPathError, PrinterError where no object has the field or values cannot be sorted
 */
export function sortBy<T>(items: readonly T[], expression: string, objectOf: (item: T) => unknown): T[] {
  const template = relaxedJsonPath(expression);
  const path = new JsonPath(template, { allowMissingKeys: true });
  const keyed = items.map((item) => {
    const results = path.find(objectOf(item))[0] ?? [];
    return { item, has: results.length > 0, key: results[0] };
  });
  if (keyed.length > 0 && keyed.every(({ has }) => !has)) {
    throw new PrinterError(`couldn't find any field with path ${goQuote(template)} in the list of objects`);
  }
  return keyed
    .toSorted((left, right) => {
      if (!left.has || !right.has) return Number(left.has) - Number(right.has);
      if (isLess(left.key, right.key)) return -1;
      return isLess(right.key, left.key) ? 1 : 0;
    })
    .map(({ item }) => item);
}

function isLess(left: unknown, right: unknown): boolean {
  if (left === null || left === undefined) return right !== null && right !== undefined;
  if (right === null || right === undefined) return false;
  if (isNumber(left) && isNumber(right) && isGoInteger(left) === isGoInteger(right)) return left < right;
  if (typeof left !== 'string' || typeof right !== 'string') {
    throw new PrinterError('unsortable interface: interface');
  }
  const leftAmount = quantityOf(left);
  const rightAmount = leftAmount === undefined ? undefined : quantityOf(right);
  if (leftAmount !== undefined && rightAmount !== undefined) return leftAmount.compare(rightAmount) < 0;
  return naturalLess(left, right);
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function quantityOf(text: string): Quantity | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

/** Whether a text comes before another in natural order: `pod-2` before `pod-10`, digits before other characters. */
export function naturalLess(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  let x = 0;
  let y = 0;
  while (x < a.length && y < b.length) {
    const xIsDigit = isDigit(a[x]);
    if (xIsDigit !== isDigit(b[y])) return xIsDigit;
    if (!xIsDigit) {
      if (a[x] !== b[y]) return (a[x] ?? 0) < (b[y] ?? 0);
      x++;
      y++;
      continue;
    }
    const xNumber = numberAt(a, x);
    const yNumber = numberAt(b, y);
    const xDigits = xNumber.end - xNumber.start;
    const yDigits = yNumber.end - yNumber.start;
    if (xDigits !== yDigits) return xDigits < yDigits;
    const order = Buffer.compare(a.subarray(xNumber.start, xNumber.end), b.subarray(yNumber.start, yNumber.end));
    if (order !== 0) return order < 0;
    // Everything before is equal, so that fewer leading zeros mean an earlier start.
    if (xNumber.start !== yNumber.start) return xNumber.start < yNumber.start;
    x = xNumber.end;
    y = yNumber.end;
  }
  return a.length < b.length;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

/** A number's digits without leading zeros. */
function numberAt(bytes: Buffer, from: number): { start: number; end: number } {
  let start = from;
  while (bytes[start] === 48) start++;
  let end = start;
  while (isDigit(bytes[end])) end++;
  return { start, end };
}
