import { type FieldError, FieldPath, invalid, invalidFor, notSupported } from '../../../apimachinery/field-error.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { PersistentVolumeClaim } from '../../types/core-v1.ts';

const statusPath = new FieldPath('status');
const resizeStatuses = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

/** Checks what is said of a claim's volume and how it grows (KEP-1790). */
export function validateClaimStatus({ status = {} }: PersistentVolumeClaim): FieldError[] {
  const { capacity = {}, allocatedResources = {}, allocatedResourceStatuses = {} } = status;
  const statusesAt = statusPath.child('allocatedResourceStatuses');
  const allocatedAt = statusPath.child('allocatedResources');
  return [
    ...Object.entries(capacity).flatMap(([name, amount]) =>
      checkAmount(amount, statusPath.child('capacity').key(name)),
    ),
    ...Object.entries(allocatedResourceStatuses).flatMap(([name, value]) => [
      ...checkName(name, statusesAt),
      // The real server shows the name of the resource here, not its status.
      ...(resizeStatuses.includes(value) ? [] : [notSupported(statusesAt, name, resizeStatuses)]),
    ]),
    ...Object.entries(allocatedResources).flatMap(([name, amount]) => {
      const ofName = checkName(name, allocatedAt);
      return ofName.length > 0 ? ofName : checkAllocated(amount, allocatedAt.key(name));
    }),
  ];
}

/** An amount that is not below zero, which is shown as a number. */
export function checkAmount(amount: string, path: FieldPath): FieldError[] {
  const value = parseQuantity(amount).value();
  return value < 0n ? [invalid(path, value, 'must be a valid resource quantity')] : [];
}

function checkAllocated(amount: string, path: FieldPath): FieldError[] {
  const errors = checkAmount(amount, path);
  if (errors.length > 0 || parseQuantity(amount).nano % 1_000_000_000n === 0n) return errors;
  return [invalid(path, amount, 'must be an integer')];
}

/** Of Kubernetes' own names only that of storage. */
function checkName(name: string, path: FieldPath): FieldError[] {
  const errors = invalidFor(path, name, isQualifiedName(name));
  if (errors.length > 0) return errors;
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  return isNative && name !== 'storage' ? [notSupported(path, name, ['storage'])] : [];
}
