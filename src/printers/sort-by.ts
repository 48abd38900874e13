import { parseQuantity, type Quantity, QuantityError } from '../apimachinery/quantity.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { goSort } from '../apimachinery/go-sort.ts';
import { goTypeName } from '../apimachinery/go-value.ts';
import { JsonPath, relaxedJsonPath } from '../apimachinery/jsonpath.ts';
import { PrinterError } from './printer.ts';

/** Values that have no order. The real program tells of them in its log and ends there. */
export class UnsortableError extends PrinterError {
  /** Where the real program says so: `sorter.go:329`. */
  readonly source: string;

  constructor(message: string, source: string) {
    super(message);
    this.source = source;
  }
}

const placeOfObjects = 'sorter.go:329';
const placeOfRows = 'sorter.go:375';

/**
 * Sorts by a field as `kubectl get --sort-by` does: quantities by amount, other text by its bytes, those without the
 * field first.
 * @param objectOf the object an item stands for (a row's object, or the item itself)
 * @param container Go's type of what is sorted, which the message of values that cannot be sorted tells
 * @throws JsonPathError, PrinterError where no object has the field, UnsortableError where values have no order
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
  const unsortable = (reason: string): UnsortableError => {
    const isOfRows = container.startsWith('[');
    const message = `Field ${template} in ${container} is an unsortable type: interface, err: ${reason}`;
    return new UnsortableError(message, isOfRows ? placeOfRows : placeOfObjects);
  };
  goSort(keyed, (left, right) => {
    if (!left.has) return true;
    return right.has && isLess(left.key, right.key, unsortable);
  });
  return keyed.map(({ item }) => item);
}

function isLess(left: unknown, right: unknown, unsortable: (reason: string) => Error): boolean {
  if (left === null || left === undefined) return right !== null && right !== undefined;
  if (right === null || right === undefined) return false;
  const type = goTypeName(left);
  if (type !== 'string' && type !== 'int64' && type !== 'float64') {
    throw unsortable(`unsortable type: ${type}`);
  }
  if (goTypeName(right) !== type) throw unsortable('unsortable interface: interface');
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
