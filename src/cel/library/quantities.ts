import { parseQuantity, Quantity, QuantityError } from '../../apimachinery/quantity.ts';
import { declare, type FunctionDeclaration, member, overload } from '../declarations.ts';
import { type CelType, structType, types } from '../types.ts';
import { CelEvaluationError, CelOpaque, type CelValue, noSuchOverload } from '../values.ts';
import { intOf, opaqueOf, textOf } from './arguments.ts';
import { addAmounts, floatOf, integerOf, readAmount, type ScaledAmount } from './quantity-amount.ts';

const { bool, double, int, string } = types;
/** Amounts such as `1Gi`. */
export const quantityType = structType('kubernetes.Quantity');

/** A quantity, as in resource requests. */
export class CelQuantity extends CelOpaque {
  readonly type: CelType = quantityType;
  readonly quantity: Quantity;
  readonly amount: ScaledAmount;
  readonly #isComputed: boolean;

  constructor(quantity: Quantity, amount: ScaledAmount, isComputed = false) {
    super();
    this.quantity = quantity;
    this.amount = amount;
    this.#isComputed = isComputed;
  }

  /** @throws CelEvaluationError for a sum or a difference: the real server knows those only at the left of `==` */
  equalTo(other: CelOpaque): boolean {
    if (other instanceof CelQuantity && other.#isComputed) throw noSuchOverload();
    return other instanceof CelQuantity && this.quantity.compare(other.quantity) === 0;
  }
}

function read(text: string): Quantity {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) throw new CelEvaluationError(error.message);
    throw error;
  }
}

/** The value of an amount such as `5Gi`. @throws CelEvaluationError for what is none */
export function celQuantityOf(text: string): CelQuantity {
  return new CelQuantity(read(text), readAmount(text));
}

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}

function quantityOf(value: CelValue | undefined): Quantity {
  return opaqueOf(value, CelQuantity).quantity;
}

function compared(id: string, result: CelType, call: (order: -1 | 0 | 1) => CelValue) {
  return member(id, [quantityType, quantityType], result, ([left, right]) =>
    call(quantityOf(left).compare(quantityOf(right))),
  );
}

function amountOf(value: CelValue | undefined): ScaledAmount {
  return opaqueOf(value, CelQuantity).amount;
}

function whole(value: bigint): CelQuantity {
  return new CelQuantity(new Quantity(value * 10n ** 9n, 'DecimalExponent'), { value, scale: 0 });
}

function negated({ quantity, amount }: CelQuantity): CelQuantity {
  const negative = new Quantity(-quantity.nano, quantity.format);
  return new CelQuantity(negative, amount === undefined ? undefined : { ...amount, value: -amount.value });
}

function sum(left: CelValue | undefined, right: CelValue | undefined): CelQuantity {
  return new CelQuantity(quantityOf(left).add(quantityOf(right)), addAmounts(amountOf(left), amountOf(right)), true);
}

/** Kubernetes' functions for quantities. */
export const quantityLibrary: readonly FunctionDeclaration[] = [
  declare(
    'quantity',
    overload('string_to_quantity', [string], quantityType, ([text]) => celQuantityOf(textOf(text))),
  ),
  declare(
    'isQuantity',
    overload('is_quantity_string', [string], bool, ([text]) => isQuantity(textOf(text))),
  ),
  declare(
    'sign',
    overload('quantity_sign', [quantityType], int, ([value]) => BigInt(quantityOf(value).sign())),
  ),
  declare(
    'isGreaterThan',
    compared('quantity_is_greater_than', bool, (order) => order > 0),
  ),
  declare(
    'isLessThan',
    compared('quantity_is_less_than', bool, (order) => order < 0),
  ),
  declare('compareTo', compared('quantity_compare_to', int, BigInt)),
  declare(
    'asApproximateFloat',
    member(
      'quantity_get_float',
      [quantityType],
      double,
      ([value]) => floatOf(amountOf(value)) ?? quantityOf(value).toNumber(),
    ),
  ),
  declare(
    'asInteger',
    member('quantity_get_int', [quantityType], int, ([value]) => {
      const integer = integerOf(amountOf(value));
      if (integer === undefined) throw new CelEvaluationError('cannot convert value to integer');
      return integer;
    }),
  ),
  declare(
    'isInteger',
    member('quantity_is_integer', [quantityType], bool, ([value]) => integerOf(amountOf(value)) !== undefined),
  ),
  declare(
    'add',
    member('quantity_add', [quantityType, quantityType], quantityType, ([left, right]) => sum(left, right)),
    member('quantity_add_int', [quantityType, int], quantityType, ([left, right]) => sum(left, whole(intOf(right)))),
  ),
  declare(
    'sub',
    member('quantity_sub', [quantityType, quantityType], quantityType, ([left, right]) =>
      sum(left, negated(opaqueOf(right, CelQuantity))),
    ),
    member('quantity_sub_int', [quantityType, int], quantityType, ([left, right]) =>
      sum(left, negated(whole(intOf(right)))),
    ),
  ),
];
