import {
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { parseQuantity, type Quantity } from '../../../apimachinery/quantity.ts';
import type { CapacityRequestPolicy, CapacityRequestPolicyRange } from '../../types/resource-v1.ts';
import { validateEach } from './device-validation.ts';

const mostValues = 10;

/** Checks how much of a capacity may be asked for at once: one of some values, or steps of a range (KEP-5075). */
export function validateRequestPolicy(capacity: string, policy: CapacityRequestPolicy, path: FieldPath): FieldError[] {
  const { validValues = [], validRange, default: usual } = policy;
  if (validValues.length > 0 && validRange !== undefined) {
    const problem =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [fieldForbidden(path, problem)];
  }
  const kind = validValues.length > 0 ? 'validValues' : 'validRange';
  if (validValues.length === 0 && validRange === undefined) return [];
  if (usual === undefined || usual === null)
    return [required(path.child('default'), `required when ${kind} is defined`)];
  const [whole, own] = [parseQuantity(capacity), parseQuantity(usual)];
  if (validRange === undefined) return validateValues(validValues.map(parseQuantity), whole, own, path.child(kind));
  return validateRange(validRange, whole, own, path.child(kind));
}

function validateValues(values: readonly Quantity[], whole: Quantity, usual: Quantity, path: FieldPath): FieldError[] {
  const unsorted = values.flatMap((value, index) => {
    const before = values[index - 1];
    if (before === undefined || before.compare(value) <= 0) return [];
    return [invalid(path.index(index), value.toString(), 'values must be sorted in ascending order')];
  });
  const validate = (value: Quantity, at: FieldPath): FieldError[] =>
    value.compare(whole) > 0
      ? [invalid(at, value.toString(), `option is larger than capacity value: ${whole.toString()}`)]
      : [];
  const errors = [
    ...unsorted,
    ...validateEach(values, mostValues, path, validate, (value) => value.value().toString()),
  ];
  if (values.length <= mostValues && values.some((value) => value.compare(usual) === 0)) return errors;
  return [...errors, invalid(path, usual.toString(), 'default value is not valid according to the requestPolicy')];
}

function validateRange(
  range: CapacityRequestPolicyRange,
  whole: Quantity,
  usual: Quantity,
  path: FieldPath,
): FieldError[] {
  // What is decoded may lack what its type asks for.
  if ((range.min as string | undefined) === undefined) {
    return [required(path.child('min'), 'required when validRange is defined')];
  }
  const min = parseQuantity(range.min);
  const max = range.max === undefined ? undefined : parseQuantity(range.max);
  const step = range.step === undefined ? undefined : parseQuantity(range.step);
  const errors: FieldError[] = [];
  const refuse = (field: string, value: Quantity, problem: string): void =>
    void errors.push(invalid(path.child(field), value.toString(), problem));
  if (min.compare(whole) > 0) refuse('min', min, `min is larger than capacity value: ${whole.toString()}`);
  if (usual.compare(min) < 0) refuse('min', usual, `default is less than min: ${min.toString()}`);
  if (max !== undefined) {
    if (min.compare(max) > 0) refuse('max', min, `min is larger than max: ${max.toString()}`);
    if (max.compare(whole) > 0) refuse('max', max, `max is larger than capacity value: ${whole.toString()}`);
    if (usual.compare(max) > 0) refuse('max', usual, `default is more than max: ${max.toString()}`);
  }
  if (step === undefined) return errors;
  const first = min.add(step);
  if (first.compare(whole) > 0) {
    refuse('step', step, `one step ${first.toString()} is larger than capacity value: ${whole.toString()}`);
  }
  for (const value of max === undefined ? [usual] : [usual, max]) {
    // A step of nothing would never get there.
    const isReached = step.value() !== 0n && (value.value() - min.value()) % step.value() === 0n;
    const problem = `value is not a multiple of a given step (${step.toString()}) from (${min.toString()})`;
    if (!isReached) refuse('step', value, problem);
  }
  return errors;
}
