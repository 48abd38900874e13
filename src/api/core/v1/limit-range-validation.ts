import {
  duplicate,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { Quantity } from '../../../apimachinery/quantity.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { LimitRange, LimitRangeItem } from '../../types/core-v1.ts';
import { readResourceList } from './resource-list.ts';
import {
  isOvercommitAllowed,
  validateContainerResourceName,
  validateResourceName,
} from './resource-requirements-validation.ts';

const limitsPath = new FieldPath('spec').child('limits');
const standardTypes = ['Container', 'PersistentVolumeClaim', 'Pod'];
const one = new Quantity(10n ** 9n, 'DecimalSI');

/** Beyond this the thousandths of an amount no longer fit 64 bits. */
const mostWithThousandths = (2n ** 63n - 1n) / 1000n;

/** What the registry does with limit ranges. */
export const limitRangeStrategy: Strategy = {
  isNamedByUid: true,
  allowCreateOnUpdate: true,
  validateCreate: validate,
  validateUpdate: validate,
};

function validate(object: Unstructured): FieldError[] {
  const types = new Set<string>();
  return ((object as unknown as LimitRange).spec?.limits ?? []).flatMap((item, index) => {
    const at = limitsPath.index(index);
    const errors = validateType(item.type, at.child('type'));
    if (types.has(item.type)) errors.push(duplicate(at.child('type'), item.type));
    types.add(item.type);
    return [...errors, ...validateItem(item, at)];
  });
}

function validateType(type: string, path: FieldPath): FieldError[] {
  const errors = isQualifiedName(type).map((message) => invalid(path, type, message));
  if (errors.length > 0 || type.includes('/') || standardTypes.includes(type)) return errors;
  return [invalid(path, type, 'must be a standard limit type or fully qualified')];
}

type Bound = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';

/** The amounts of one resource, and how to say where they stand. */
interface Bounds {
  readonly of: (bound: Bound) => Quantity | undefined;
  readonly refuse: (bound: Bound, value: Quantity, message: string) => void;
}

function validateItem(item: LimitRangeItem, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const isOfPods = item.type === 'Pod' || item.type === 'Container';
  const amounts = new Map<Bound, ReadonlyMap<string, Quantity>>();
  const names = new Set<string>();
  const read = (bound: Bound): void => {
    const list = readResourceList(item[bound]);
    amounts.set(bound, list);
    for (const name of list.keys()) {
      const at = path.child(bound).key(name);
      errors.push(...(isOfPods ? validateContainerResourceName(name, at) : validateResourceName(name, at)));
      names.add(name);
    }
  };
  read('max');
  read('min');
  for (const bound of ['default', 'defaultRequest'] as const) {
    if (item.type !== 'Pod') read(bound);
    else if (Object.keys(item[bound] ?? {}).length > 0) {
      errors.push(fieldForbidden(path.child(bound), "may not be specified when `type` is 'Pod'"));
    }
  }
  const bounded = item.min?.['storage'] !== undefined || item.max?.['storage'] !== undefined;
  if (item.type === 'PersistentVolumeClaim' && !bounded) {
    const message = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(path.child('limits'), message));
  }
  read('maxLimitRequestRatio');
  for (const name of names) {
    const bounds: Bounds = {
      of: (bound) => amounts.get(bound)?.get(name),
      refuse: (bound, value, message) =>
        void errors.push(invalid(path.child(bound).key(name), value.toString(), message)),
    };
    compareBounds(bounds);
    compareRatio(bounds);
    compareFixed(name, bounds);
  }
  return errors;
}

const titles: Readonly<Partial<Record<Bound, string>>> = {
  max: 'max value',
  min: 'min value',
  default: 'default value',
  defaultRequest: 'default request value',
};

/** Which bound may not exceed which, where that is reported, and with whose value. */
const orders: readonly {
  readonly low: Bound;
  readonly high: Bound;
  readonly at: Bound;
  readonly shown: Bound;
  readonly highTitle?: string;
}[] = [
  { low: 'min', high: 'max', at: 'min', shown: 'min' },
  { low: 'min', high: 'defaultRequest', at: 'defaultRequest', shown: 'defaultRequest' },
  { low: 'defaultRequest', high: 'max', at: 'defaultRequest', shown: 'defaultRequest' },
  {
    low: 'defaultRequest',
    high: 'default',
    at: 'defaultRequest',
    shown: 'defaultRequest',
    highTitle: 'default limit value',
  },
  { low: 'min', high: 'default', at: 'default', shown: 'min' },
  { low: 'default', high: 'max', at: 'default', shown: 'max' },
];

function compareBounds({ of, refuse }: Bounds): void {
  for (const { low, high, at, shown, highTitle } of orders) {
    const [lower, upper] = [of(low), of(high)];
    if (lower === undefined || upper === undefined || lower.compare(upper) <= 0) continue;
    const title = highTitle ?? titles[high] ?? '';
    const message = `${titles[low] ?? ''} ${lower.toString()} is greater than ${title} ${upper.toString()}`;
    refuse(at, shown === low ? lower : upper, message);
  }
}

function compareRatio({ of, refuse }: Bounds): void {
  const ratio = of('maxLimitRequestRatio');
  if (ratio === undefined) return;
  if (ratio.compare(one) < 0) refuse('maxLimitRequestRatio', ratio, `ratio ${ratio.toString()} is less than 1`);
  const [min, max] = [of('min'), of('max')];
  if (min === undefined || max === undefined) return;
  const isExact = [ratio, min, max].every((quantity) => quantity.value() < mostWithThousandths);
  const [low, high] = isExact ? [min.milliValue(), max.milliValue()] : [min.value(), max.value()];
  const limit = Number(high) / Number(low);
  const given = isExact ? Number(ratio.milliValue()) / 1000 : Number(ratio.value());
  if (given <= limit) return;
  const text = Number.isFinite(limit) ? limit.toFixed(6) : '+Inf';
  refuse('maxLimitRequestRatio', ratio, `ratio ${ratio.toString()} is greater than max/min = ${text}`);
}

/** What cannot be promised twice has one value for both. */
function compareFixed(name: string, { of, refuse }: Bounds): void {
  const [limit, request] = [of('default'), of('defaultRequest')];
  if (isOvercommitAllowed(name) || limit === undefined || request === undefined || limit.compare(request) === 0) return;
  const message = `default value ${limit.toString()} must equal to defaultRequest value ${request.toString()} in ${name}`;
  refuse('defaultRequest', request, message);
}
