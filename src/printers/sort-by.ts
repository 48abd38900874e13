import { parseQuantity, type Quantity, QuantityError } from '../apimachinery/quantity.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { goTypeName } from '../apimachinery/go-value.ts';
import { JsonPath, relaxedJsonPath } from '../apimachinery/jsonpath.ts';
import { PrinterError } from './printer.ts';

/** Up to so many items Go sorts by insertion, which shows in the order of those that are equal. */
const insertionLength = 12;

/**
 * Sorts by a field as `kubectl get --sort-by` does: quantities by amount, other text by its bytes, those without the
 * field first.
 * @param objectOf the object an item stands for (a row's object, or the item itself)
 * @param container Go's type of what is sorted, which the message of values that cannot be sorted tells
 * @throws JsonPathError, PrinterError where no object has the field or values cannot be sorted
 */
export function sortBy<T>(
  items: readonly T[],
  expression: string,
  objectOf: (item: T) => unknown,
  container = '*unstructured.Unstructured',
): T[] {
  const template = relaxedJsonPath(expression);
  const path = new JsonPath(template, { allowMissingKeys: true });
  const keyed = items.map((item) => {
    const results = path.find(objectOf(item))[0] ?? [];
    return { item, has: results.length > 0, key: results[0] };
  });
  if (keyed.length > 0 && keyed.every(({ has }) => !has)) {
    throw new PrinterError(`couldn't find any field with path ${goQuote(template)} in the list of objects`);
  }
  const about = `Field ${template} in ${container} is an unsortable type: interface, err: `;
  const isBefore = (left: (typeof keyed)[number], right: (typeof keyed)[number]): boolean => {
    if (!left.has) return true;
    return right.has && isLess(left.key, right.key, about);
  };
  if (keyed.length <= insertionLength) insertionSort(keyed, isBefore);
  else {
    keyed.sort((left, right) => {
      if (!left.has || !right.has) return Number(left.has) - Number(right.has);
      if (isBefore(left, right)) return -1;
      return isBefore(right, left) ? 1 : 0;
    });
  }
  return keyed.map(({ item }) => item);
}

function insertionSort<T>(items: T[], isBefore: (left: T, right: T) => boolean): void {
  for (let from = 1; from < items.length; from++) {
    for (let at = from; at > 0; at--) {
      const [left, right] = [items[at - 1], items[at]];
      if (left === undefined || right === undefined || !isBefore(right, left)) break;
      items[at - 1] = right;
      items[at] = left;
    }
  }
}

function isLess(left: unknown, right: unknown, about: string): boolean {
  if (left === null || left === undefined) return right !== null && right !== undefined;
  if (right === null || right === undefined) return false;
  const type = goTypeName(left);
  if (type !== 'string' && type !== 'int64' && type !== 'float64') {
    throw new PrinterError(`${about}unsortable type: ${type}`);
  }
  if (goTypeName(right) !== type) throw new PrinterError(`${about}unsortable interface: interface`);
  if (typeof left !== 'string' || typeof right !== 'string') return (left as number) < (right as number);
  const leftAmount = quantityOf(left);
  const rightAmount = leftAmount === undefined ? undefined : quantityOf(right);
  if (leftAmount !== undefined && rightAmount !== undefined) return leftAmount.compare(rightAmount) < 0;
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0;
}

function quantityOf(text: string): Quantity | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}
