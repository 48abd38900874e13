import {
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  invalidFor,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Subdomain, isQualifiedName, isValidLabelValue } from '../../../apimachinery/names.ts';
import { parseSemanticVersion } from '../../../apimachinery/semantic-version.ts';
import { validateNodeSelector } from '../../core/v1/pod-scheduling-validation.ts';
import type {
  CounterSet,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceCounterConsumption,
  DeviceTaint,
} from '../../types/resource-v1.ts';
import { validateRequestPolicy } from './capacity-policy-validation.ts';
import { findDuplicates, validateAttributeName, validateEach, validateLabelName } from './device-validation.ts';

const mostAttributes = 32;
const mostAttributeLength = 64;
const mostCounters = 32;

/** Checks a device of a slice; `isPlacedByDevice` when each says itself on which nodes it is. */
export function validateDevice(device: Device, isPlacedByDevice: boolean, path: FieldPath): FieldError[] {
  const { name, attributes = {}, capacity = {}, taints, consumesCounters, allowMultipleAllocations } = device;
  const errors = validateLabelName(name, path.child('name'));
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > mostAttributes) {
    const problem = `the total number of attributes and capacities must not exceed ${mostAttributes}`;
    errors.push(invalid(path, count, problem));
  }
  const validateCapacity = (one: DeviceCapacity, at: FieldPath): FieldError[] => {
    if (one.requestPolicy === undefined) return [];
    const where = at.child('requestPolicy');
    if (allowMultipleAllocations !== true) return [fieldForbidden(where, 'allowMultipleAllocations must be true')];
    return validateRequestPolicy(one.value, one.requestPolicy, where);
  };
  return [
    ...errors,
    ...validateMap(attributes, path.child('attributes'), validateAttributeName, validateAttribute),
    ...validateMap(capacity, path.child('capacity'), validateAttributeName, validateCapacity),
    ...validateEach(taints, 16, path.child('taints'), validateTaint),
    ...validateEach(
      consumesCounters,
      2,
      path.child('consumesCounters'),
      validateConsumption,
      ({ counterSet }) => counterSet,
    ),
    ...validatePlace(device, isPlacedByDevice, path),
    ...validateBinding(device, path),
  ];
}

/** Checks a set of counters that devices share. */
export function validateCounterSet({ name, counters }: CounterSet, path: FieldPath): FieldError[] {
  return [
    ...(name === '' ? [required(path.child('name'))] : validateLabelName(name, path.child('name'))),
    ...validateCounters(counters, path.child('counters')),
  ];
}

function validateConsumption({ counterSet, counters }: DeviceCounterConsumption, path: FieldPath): FieldError[] {
  const at = path.child('counterSet');
  return [
    ...(counterSet === '' ? [required(at)] : validateLabelName(counterSet, at)),
    ...validateCounters(counters, path.child('counters')),
  ];
}

function validateCounters(counters: Readonly<Record<string, unknown>> | undefined, path: FieldPath): FieldError[] {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) return [required(path)];
  if (names.length > mostCounters) return [tooMany(path, names.length, mostCounters)];
  return validateMap(counters ?? {}, path, validateLabelName, () => []);
}

function validateMap<Value>(
  map: Readonly<Record<string, Value>>,
  path: FieldPath,
  validateKey: (key: string, path: FieldPath) => FieldError[],
  validateValue: (value: Value, path: FieldPath) => FieldError[],
): FieldError[] {
  const inOrder = Object.entries(map).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return inOrder.flatMap(([key, value]) => [...validateKey(key, path), ...validateValue(value, path.key(key))]);
}

const attributeFields = [
  ['int', 'IntValue'],
  ['bool', 'BoolValue'],
  ['string', 'StringValue'],
  ['version', 'VersionValue'],
] as const;

function validateAttribute(attribute: DeviceAttribute, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { string, version } = attribute;
  if (string !== undefined && Buffer.byteLength(string) > mostAttributeLength) {
    errors.push(tooLong(path.child('string'), mostAttributeLength));
  }
  if (version !== undefined) {
    if (parseSemanticVersion(version) === undefined) {
      const problem = 'must be a string compatible with semver.org spec 2.0.0';
      errors.push(invalid(path.child('version'), version, problem));
    }
    if (Buffer.byteLength(version) > mostAttributeLength) {
      errors.push(tooLong(path.child('version'), mostAttributeLength));
    }
  }
  const count = attributeFields.filter(([field]) => attribute[field] !== undefined).length;
  if (count === 1) return errors;
  // The real server shows its own form of an attribute, lists included.
  const lists = { IntValues: null, BoolValues: null, StringValues: null, VersionValues: null };
  const values = Object.fromEntries(attributeFields.map(([field, shown]) => [shown, attribute[field] ?? null]));
  return [...errors, invalid(path, count === 0 ? '' : { ...values, ...lists }, 'exactly one value must be specified')];
}

function validateTaint({ key, value = '', effect }: DeviceTaint, path: FieldPath): FieldError[] {
  const errors = invalidFor(path.child('key'), key, isQualifiedName(key));
  errors.push(...invalidFor(path.child('value'), value, isValidLabelValue(value)));
  const effects = ['NoExecute', 'NoSchedule', 'None'];
  if (effect === '') errors.push(required(path.child('effect')));
  else if (!effects.includes(effect)) errors.push(notSupported(path.child('effect'), effect, effects));
  return errors;
}

const onePlace =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
const noPlace =
  '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

function validatePlace(device: Device, isPlacedByDevice: boolean, path: FieldPath): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!isPlacedByDevice) {
    const isPlaced = nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined;
    return isPlaced ? [invalid(path, null, noPlace)] : [];
  }
  const errors: FieldError[] = [];
  const given: string[] = [];
  const at = path.child('nodeName');
  if (nodeName === '') errors.push(invalid(at, nodeName, 'must not be empty'));
  else if (nodeName !== undefined) {
    given.push('`nodeName`');
    errors.push(...invalidFor(at, nodeName, isDns1123Subdomain(nodeName)));
  }
  if (nodeSelector !== undefined) {
    given.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, path.child('nodeSelector')));
  }
  if (allNodes === true) given.push('`allNodes`');
  if (allNodes === false) errors.push(invalid(path.child('allNodes'), false, 'must be either unset or set to true'));
  if (given.length === 0) errors.push(required(path, onePlace));
  if (given.length > 1) errors.push(invalid(path, `{${given.join(', ')}}`, onePlace));
  return errors;
}

/** Conditions that a device waits for before a pod is bound, and those that tell that it failed (KEP-5007). */
function validateBinding(device: Device, path: FieldPath): FieldError[] {
  const { bindingConditions = [], bindingFailureConditions = [] } = device;
  const at = path.child('bindingConditions');
  const failuresAt = path.child('bindingFailureConditions');
  const validateName = (name: string, where: FieldPath): FieldError[] => invalidFor(where, name, isQualifiedName(name));
  const failures = bindingFailureConditions.flatMap((condition, index) => {
    const known = bindingFailureConditions.indexOf(condition) < index;
    const overlap = 'bindingFailureConditions must not overlap with bindingConditions';
    return [
      ...(known ? [duplicate(failuresAt.index(index), condition)] : []),
      ...(bindingConditions.includes(condition) ? [invalid(failuresAt.index(index), condition, overlap)] : []),
    ];
  });
  const errors = [
    ...validateEach(bindingConditions, 4, at, validateName),
    ...validateEach(bindingFailureConditions, 4, failuresAt, validateName),
    ...findDuplicates(bindingConditions, at),
    ...failures,
  ];
  if (bindingConditions.length === 0 && bindingFailureConditions.length > 0) {
    errors.push(
      invalid(at, device.bindingConditions ?? null, 'bindingConditions are required to use bindingFailureConditions'),
    );
  }
  if (bindingFailureConditions.length === 0 && bindingConditions.length > 0) {
    errors.push(
      invalid(
        failuresAt,
        device.bindingFailureConditions ?? null,
        'bindingFailureConditions are required to use bindingConditions',
      ),
    );
  }
  return errors;
}
