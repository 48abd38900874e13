import {
  checkNonNegative,
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../apimachinery/field-error.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../types/batch-v1.ts';
import { countIndexes, IndexRangesError } from './index-ranges.ts';

const maxRules = 20;

/** What a pod's failure means for its job (KEP-3329). */
export function validatePodFailurePolicy(spec: JobSpec, path: FieldPath): FieldError[] {
  if (spec.podFailurePolicy === undefined) return [];
  const rules = spec.podFailurePolicy.rules ?? [];
  const at = path.child('rules');
  const template = spec.template.spec;
  const names = new Set([...(template?.containers ?? []), ...(template?.initContainers ?? [])].map(({ name }) => name));
  return [
    ...(rules.length > maxRules ? [tooMany(at, rules.length, maxRules)] : []),
    ...rules.flatMap((rule, index) => validateFailureRule(rule, spec, names, at.index(index))),
  ];
}

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

function validateFailureRule(
  rule: PodFailurePolicyRule,
  spec: JobSpec,
  names: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  const errors = checkNamed(path.child('action'), action, actions);
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(path.child('action'), action, 'requires the backoffLimitPerIndex to be set'));
  }
  if (onExitCodes !== undefined) errors.push(...validateExitCodes(onExitCodes, names, path.child('onExitCodes')));
  const at = path.child('onPodConditions');
  if (onPodConditions.length > maxRules) errors.push(tooMany(at, onPodConditions.length, maxRules));
  onPodConditions.forEach(({ type, status = '' }, index) => {
    const where = at.index(index);
    errors.push(...isQualifiedName(type).map((message) => invalid(where.child('type'), type, message)));
    errors.push(...checkNamed(where.child('status'), status, ['False', 'True', 'Unknown']));
  });
  const both = onExitCodes !== undefined && onPodConditions.length > 0;
  const neither = onExitCodes === undefined && onPodConditions.length === 0;
  if (both) errors.push(invalidRule(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (neither) errors.push(invalidRule(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return errors;
}

/** A choice whose absence is told with what may be chosen. */
function checkNamed(path: FieldPath, value: string, supported: readonly string[]): FieldError[] {
  if (value === '') return [required(path, `valid values: [${supported.map((one) => `"${one}"`).join(' ')}]`)];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

/** The real server leaves the value out here. */
function invalidRule(path: FieldPath, message: string): FieldError {
  return { type: 'FieldValueInvalid', field: path.toString(), body: `Invalid value: ${message}` };
}

function validateExitCodes(
  { operator, containerName, values }: PodFailurePolicyOnExitCodesRequirement,
  names: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  const codes = values ?? [];
  const errors = checkNamed(path.child('operator'), operator, ['In', 'NotIn']);
  if (containerName !== undefined && !names.has(containerName)) {
    const message = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(path.child('containerName'), containerName, message));
  }
  const at = path.child('values');
  if (codes.length === 0) errors.push(invalid(at, values, 'at least one value is required'));
  if (codes.length > 255) errors.push(tooMany(at, codes.length, 255));
  const seen = new Set<number>();
  codes.forEach((code, index) => {
    if (operator === 'In' && code === 0) {
      errors.push(invalid(at.index(index), code, 'must not be 0 for the In operator'));
    }
    if (seen.has(code)) errors.push(duplicate(at.index(index), code));
    seen.add(code);
  });
  const isOrdered = codes.every((code, index) => index === 0 || (codes[index - 1] ?? code) <= code);
  return isOrdered ? errors : [...errors, invalid(at, codes, 'must be ordered')];
}

/** When an indexed job has succeeded (KEP-3998). */
export function validateSuccessPolicy(spec: JobSpec, path: FieldPath): FieldError[] {
  if (spec.successPolicy === undefined) return [];
  const rules = spec.successPolicy.rules ?? [];
  if (spec.completionMode !== 'Indexed') {
    const shown = rules.map(({ succeededIndexes, succeededCount }) => ({
      SucceededIndexes: succeededIndexes ?? null,
      SucceededCount: succeededCount ?? null,
    }));
    return [
      invalid(
        path,
        { Rules: (spec.successPolicy.rules ?? undefined) === undefined ? null : shown },
        'requires indexed completion mode',
      ),
    ];
  }
  const at = path.child('rules');
  return [
    ...(rules.length === 0
      ? [required(at, 'at least one rules must be specified when the successPolicy is specified')]
      : []),
    ...(rules.length > maxRules ? [tooMany(at, rules.length, maxRules)] : []),
    ...rules.flatMap((rule, index) => validateSuccessRule(rule, spec.completions ?? 0, at.index(index))),
  ];
}

function validateSuccessRule(
  { succeededIndexes, succeededCount }: SuccessPolicyRule,
  completions: number,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  if (succeededIndexes === undefined && succeededCount === undefined) {
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  let indexes = 0;
  if (succeededIndexes !== undefined) {
    const at = path.child('succeededIndexes');
    if (succeededIndexes.length > 64 * 1024) errors.push(tooLong(at, 64 * 1024));
    try {
      indexes = countIndexes(succeededIndexes, completions);
    } catch (error) {
      if (!(error instanceof IndexRangesError)) throw error;
      errors.push(invalid(at, succeededIndexes, `error parsing succeededIndexes: ${error.message}`));
    }
  }
  if (succeededCount === undefined) return errors;
  const at = path.child('succeededCount');
  errors.push(...checkNonNegative(at, succeededCount));
  const limit = (most: number, what: string): void => {
    if (succeededCount <= most) return;
    errors.push(invalid(at, succeededCount, `must be less than or equal to ${most} (the number of ${what})`));
  };
  limit(completions, 'specified completions');
  if (succeededIndexes !== undefined) limit(indexes, 'indexes in the specified succeededIndexes field');
  return errors;
}
