import { checkNonNegative, type FieldError, type FieldPath, invalid } from '../apimachinery/field-error.ts';
import { intValue } from '../apimachinery/int-or-string.ts';
import { isValidPercent } from '../apimachinery/names.ts';

/** Checks an amount of pods: a number that is not negative, or a percentage (apps validation). */
export function checkIntOrPercent(path: FieldPath, value: number | string | undefined): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return checkNonNegative(path, value);
  return isValidPercent(value).map((message) => invalid(path, value, message));
}

/** Checks that a percentage is of the whole at most. */
export function checkAtMostAll(path: FieldPath, value: number | string | undefined): FieldError[] {
  const isMore = typeof value === 'string' && isValidPercent(value).length === 0 && Number.parseInt(value, 10) > 100;
  return isMore ? [invalid(path, value, 'must not be greater than 100%')] : [];
}

/** Whether it stands for nothing: 0, `0%`, or text that is no number. */
export function isZeroAmount(value: number | string | undefined): boolean {
  const amount = value ?? 0;
  const isPercent = typeof amount === 'string' && isValidPercent(amount).length === 0;
  return (isPercent ? Number.parseInt(amount, 10) : intValue(amount)) === 0;
}
