import {
  checkNonNegative,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { checkAtMostAll, checkIntOrPercent, isZeroAmount } from '../../int-or-percent.ts';
import type { DaemonSetUpdateStrategy, DeploymentStrategy, StatefulSetUpdateStrategy } from '../../types/apps-v1.ts';

/** How a deployment replaces its pods (apps validation's ValidateDeploymentStrategy). */
export function validateDeploymentStrategy(strategy: DeploymentStrategy, path: FieldPath): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  const at = path.child('rollingUpdate');
  if (type === 'Recreate') {
    if (rollingUpdate === undefined) return [];
    return [fieldForbidden(at, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== 'RollingUpdate') {
    const shown = { Type: type, RollingUpdate: asGoShows(rollingUpdate, ['maxUnavailable', 'maxSurge']) };
    return [notSupported(path, shown, ['Recreate', 'RollingUpdate'])];
  }
  if (rollingUpdate === undefined) return [required(at, 'this should be defaulted and never be nil')];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...checkIntOrPercent(at.child('maxUnavailable'), maxUnavailable),
    ...checkIntOrPercent(at.child('maxSurge'), maxSurge),
  ];
  if (isZeroAmount(maxUnavailable) && isZeroAmount(maxSurge)) {
    errors.push(invalid(at.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...errors, ...checkAtMostAll(at.child('maxUnavailable'), maxUnavailable)];
}

/** How a daemon set replaces its pods: either more of them for a while or fewer, never both. */
export function validateDaemonSetUpdateStrategy(strategy: DaemonSetUpdateStrategy, path: FieldPath): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') {
    const shown = { Type: type, RollingUpdate: asGoShows(rollingUpdate, ['maxUnavailable', 'maxSurge']) };
    return [notSupported(path, shown, ['RollingUpdate', 'OnDelete'])];
  }
  const at = path.child('rollingUpdate');
  if (rollingUpdate === undefined) return [required(at)];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...checkIntOrPercent(at.child('maxUnavailable'), maxUnavailable),
    ...checkIntOrPercent(at.child('maxSurge'), maxSurge),
    ...checkAtMostAll(at.child('maxUnavailable'), maxUnavailable),
    ...checkAtMostAll(at.child('maxSurge'), maxSurge),
  ];
  if (!isZeroAmount(maxUnavailable) && !isZeroAmount(maxSurge)) {
    errors.push(invalid(at.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (isZeroAmount(maxUnavailable) && isZeroAmount(maxSurge)) {
    errors.push(required(at.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  }
  return errors;
}

/** How a stateful set replaces its pods. */
export function validateStatefulSetUpdateStrategy(strategy: StatefulSetUpdateStrategy, path: FieldPath): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  const at = path.child('rollingUpdate');
  if (type === '') return [required(path)];
  const shown = asGoShows(rollingUpdate, ['partition', 'maxUnavailable']);
  if (type === 'OnDelete') {
    if (rollingUpdate === undefined) return [];
    return [invalid(at, shown, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  if (type !== 'RollingUpdate') {
    return [invalid(path, { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  const { partition, maxUnavailable } = rollingUpdate ?? {};
  const errors = checkNonNegative(at.child('partition'), partition);
  if (maxUnavailable === undefined) return errors;
  const where = at.child('maxUnavailable');
  return [
    ...errors,
    ...checkIntOrPercent(where, maxUnavailable),
    ...(isZeroAmount(maxUnavailable) ? [invalid(where, maxUnavailable, 'cannot be 0')] : []),
    ...checkAtMostAll(where, maxUnavailable),
  ];
}

/** A value as the real server's messages show it: fields by the names of the Go type, all of them. */
function asGoShows(
  value: Readonly<Record<string, unknown>> | object | undefined,
  fields: readonly string[],
): Record<string, unknown> | null {
  if (value === undefined) return null;
  const given = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    fields.map((field) => [
      `${field[0]?.toUpperCase()}${field.slice(1)}`,
      given[field] ?? (field === 'partition' ? 0 : null),
    ]),
  );
}
