import {
  checkNonNegative,
  checkOptionalChoice,
  type FieldError,
  FieldPath,
  invalid,
} from '../../../apimachinery/field-error.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { validateConditions } from '../../condition-validation.ts';
import { checkAtMostAll, checkIntOrPercent } from '../../int-or-percent.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { PodDisruptionBudget } from '../../types/policy-v1.ts';

const specPath = new FieldPath('spec');

function validateBudget(object: Unstructured): FieldError[] {
  const { spec = {} } = object as unknown as PodDisruptionBudget;
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    };
    errors.push(invalid(specPath, shown, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    const at = specPath.child(field);
    errors.push(...checkIntOrPercent(at, spec[field]), ...checkAtMostAll(at, spec[field]));
  }
  const policies = ['AlwaysAllow', 'IfHealthyBudget'];
  return [
    ...errors,
    ...validateLabelSelector(selector, specPath.child('selector')),
    ...checkOptionalChoice(specPath.child('unhealthyPodEvictionPolicy'), unhealthyPodEvictionPolicy, policies),
  ];
}

function validateBudgetStatus(object: Unstructured): FieldError[] {
  const { status } = object as unknown as PodDisruptionBudget;
  const path = new FieldPath('status');
  const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;
  return [
    ...validateConditions(status?.conditions, path.child('conditions')),
    ...counts.flatMap((field) => checkNonNegative(path.child(field), status?.[field])),
  ];
}

/** What the registry does with disruption budgets. */
export const podDisruptionBudgetStrategy: Strategy = {
  allowUnconditionalUpdate: false,
  // Its metadata is not looked at, beyond what holds for all.
  checksMetadata: false,
  validateCreate: validateBudget,
  validateUpdate: (object, _old, context) =>
    context.subresource === '' ? validateBudget(object) : validateBudgetStatus(object),
};
