import {
  checkImmutable,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  required,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import { formatTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import { validateNodeSelector } from '../../core/v1/pod-scheduling-validation.ts';
import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Device, ResourcePool, ResourceSlice, ResourceSliceSpec } from '../../types/resource-v1.ts';
import { validateEach, validatePoolName } from './device-validation.ts';
import { validateCounterSet, validateDevice } from './slice-device-validation.ts';

const specPath = new FieldPath('spec');
const oneTarget = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
function sliceOf(object: Unstructured): ResourceSlice {
  return object as unknown as ResourceSlice;
}

function validate(spec: ResourceSliceSpec, old?: ResourceSliceSpec): FieldError[] {
  const isAdvanced = ({ taints = [], consumesCounters = [] }: Device): boolean =>
    taints.length > 0 || consumesCounters.length > 0;
  const most = (spec.devices ?? []).some(isAdvanced) ? 64 : 128;
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
    ...(spec.sharedCounters === undefined || spec.devices === undefined
      ? []
      : [invalid(specPath, '', 'only one of `sharedCounters` or `devices` is allowed')]),
    ...validateEach(
      spec.devices,
      most,
      specPath.child('devices'),
      (device, at) => validateDevice(device, spec.perDeviceNodeSelection === true, at),
      ({ name }) => name,
    ),
    ...validateEach(spec.sharedCounters, 8, specPath.child('sharedCounters'), validateCounterSet, ({ name }) => name),
  ];
}

function validatePool({ name, generation, resourceSliceCount }: ResourcePool, path: FieldPath): FieldError[] {
  const errors = validatePoolName(name, path.child('name'));
  if (resourceSliceCount <= 0) {
    errors.push(invalid(path.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'));
  }
  if (generation < 0) {
    errors.push(invalid(path.child('generation'), generation, 'must be greater than or equal to zero'));
  }
  return errors;
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
    // What is decoded may lack what its type asks for.
    const terms = (nodeSelector.nodeSelectorTerms as typeof nodeSelector.nodeSelectorTerms | null) ?? null;
    if (terms?.length !== 1) {
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

/** Taints say since when; what is behind gates that are off is dropped (KEPs 5491, 5517). */
function prepareDevices({ devices = [] }: ResourceSliceSpec, now: number): void {
  for (const device of devices) {
    for (const taint of device.taints ?? []) taint.timeAdded ??= formatTime(now);
    delete device.nodeAllocatableResourceMappings;
    for (const attribute of Object.values(device.attributes ?? {})) {
      for (const list of ['bools', 'ints', 'strings', 'versions'] as const) delete attribute[list];
    }
  }
}

/** What the registry does with what drivers publish of devices. */
export const resourceSliceStrategy: Strategy = {
  hasGeneration: true,
  prepareForCreate: (object, { now }) => prepareDevices(sliceOf(object).spec, now),
  prepareForUpdate: (object, _old, { now }) => prepareDevices(sliceOf(object).spec, now),
  validateCreate: (object) => validate(sliceOf(object).spec),
  validateUpdate: (object, old) => validate(sliceOf(object).spec, sliceOf(old).spec),
};
