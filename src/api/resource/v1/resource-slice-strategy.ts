import {
  checkImmutable,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Subdomain, isQualifiedName, isValidLabelValue } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { validateNodeSelector } from '../../core/v1/pod-scheduling-validation.ts';
import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type {
  Device,
  DeviceAttribute,
  DeviceTaint,
  ResourcePool,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../types/resource-v1.ts';
import { validateAttributeName, validateEach, validateLabelName } from './device-validation.ts';

const specPath = new FieldPath('spec');
const mostAttributes = 32;
const mostAttributeLength = 64;
const oneTarget = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
const semanticVersion =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

function sliceOf(object: Unstructured): ResourceSlice {
  return object as unknown as ResourceSlice;
}

function validate(spec: ResourceSliceSpec, old?: ResourceSliceSpec): FieldError[] {
  const byName = { key: ({ name }: Device): string => name, field: 'name' };
  const most = (spec.devices ?? []).some(({ taints = [] }) => taints.length > 0) ? 64 : 128;
  return [
    ...validateCsiDriverName(spec.driver, specPath.child('driver')),
    ...validatePool(spec.pool, specPath.child('pool')),
    ...(old === undefined
      ? []
      : [
          ...checkImmutable(specPath.child('pool', 'name'), spec.pool.name, old.pool.name),
          ...checkImmutable(specPath.child('driver'), spec.driver, old.driver),
          ...checkImmutable(specPath.child('nodeName'), spec.nodeName ?? null, old.nodeName ?? null),
        ]),
    ...validateNodes(spec),
    ...validateEach(spec.devices, most, specPath.child('devices'), validateDevice, byName),
  ];
}

function validatePool({ name, generation, resourceSliceCount }: ResourcePool, path: FieldPath): FieldError[] {
  const errors = name === '' ? [required(path.child('name'))] : validatePoolName(name, path.child('name'));
  if (resourceSliceCount <= 0) {
    errors.push(invalid(path.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'));
  }
  if (generation < 0) {
    errors.push(invalid(path.child('generation'), generation, 'must be greater than or equal to zero'));
  }
  return errors;
}

function validatePoolName(name: string, path: FieldPath): FieldError[] {
  const errors = name.length > 253 ? [tooLong(path, 253)] : [];
  return [...errors, ...name.split('/').flatMap((part) => invalidFor(path, part, isDns1123Subdomain(part)))];
}

/** A slice is of one node, of some, of all, or says it of each device. */
function validateNodes(spec: ResourceSliceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const given: string[] = [];
  const { nodeName, nodeSelector } = spec;
  if (nodeName === '') {
    const problem = 'must be either unset or set to a non-empty string';
    errors.push(invalid(specPath.child('nodeName'), nodeName, problem));
  } else if (nodeName !== undefined) {
    given.push('`nodeName`');
    errors.push(...invalidFor(specPath.child('nodeName'), nodeName, isDns1123Subdomain(nodeName)));
  }
  if (nodeSelector !== undefined) {
    given.push('`nodeSelector`');
    const at = specPath.child('nodeSelector');
    errors.push(...validateNodeSelector(nodeSelector, at));
    const terms = nodeSelector.nodeSelectorTerms;
    if (terms.length !== 1) {
      errors.push(invalid(at.child('nodeSelectorTerms'), terms, 'must have exactly one node selector term'));
    }
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[field] === true) given.push(`\`${field}\``);
    if (spec[field] === false) {
      errors.push(invalid(specPath.child(field), false, 'must be either unset or set to true'));
    }
  }
  if (given.length === 0) return [...errors, required(specPath, oneTarget)];
  if (given.length === 1) return errors;
  return [...errors, invalid(specPath, `{${given.join(', ')}}`, `${oneTarget}, but multiple fields are set`)];
}

function validateDevice({ name, attributes = {}, capacity = {}, taints }: Device, path: FieldPath): FieldError[] {
  const errors = validateLabelName(name, path.child('name'));
  for (const [key, attribute] of inOrder(attributes)) {
    const at = path.child('attributes');
    errors.push(...validateAttributeName(key, at), ...validateAttribute(attribute, at.key(key)));
  }
  for (const [key] of inOrder(capacity)) errors.push(...validateAttributeName(key, path.child('capacity')));
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > mostAttributes) {
    const problem = `the total number of attributes and capacities must not exceed ${mostAttributes}`;
    errors.push(invalid(path, count, problem));
  }
  return [...errors, ...validateEach(taints, 16, path.child('taints'), validateTaint)];
}

function inOrder<Value>(map: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(map).toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function validateAttribute(attribute: DeviceAttribute, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { string, version } = attribute;
  if (string !== undefined && string.length > mostAttributeLength) {
    errors.push(tooLong(path.child('string'), mostAttributeLength));
  }
  if (version !== undefined) {
    if (!semanticVersion.test(version)) {
      const problem = 'must be a string compatible with semver.org spec 2.0.0';
      errors.push(invalid(path.child('version'), version, problem));
    }
    if (version.length > mostAttributeLength) errors.push(tooLong(path.child('version'), mostAttributeLength));
  }
  if (Object.keys(attribute).length === 1) return errors;
  return [...errors, invalid(path, '', 'exactly one value must be specified')];
}

function validateTaint({ key, value = '', effect }: DeviceTaint, path: FieldPath): FieldError[] {
  const keyAt = path.child('key');
  const errors = key === '' ? [required(keyAt)] : invalidFor(keyAt, key, isQualifiedName(key));
  errors.push(...invalidFor(path.child('value'), value, isValidLabelValue(value)));
  const effects = ['NoExecute', 'NoSchedule', 'None'];
  if (effect === '') errors.push(required(path.child('effect')));
  else if (!effects.includes(effect)) errors.push(notSupported(path.child('effect'), effect, effects));
  return errors;
}

/** What the registry does with what drivers publish of devices. */
export const resourceSliceStrategy: Strategy = {
  hasGeneration: true,
  validateCreate: (object) => validate(sliceOf(object).spec),
  validateUpdate: (object, old) => validate(sliceOf(object).spec, sliceOf(old).spec),
};
