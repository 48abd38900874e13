import { shownSelector } from '../../meta/v1/shown-selector.ts';
import {
  checkNonNegative,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import {
  type LabelSelector as ParsedSelector,
  LabelSelectorError,
  selectorFromObject,
  validateLabelSelector,
} from '../../../apimachinery/labels.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import {
  validateLongRunning,
  validatePodTemplate,
  validateTemplateLabels,
} from '../../core/v1/pod-template-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { DaemonSet, Deployment, ReplicaSet } from '../../types/apps-v1.ts';
import type { LabelSelector } from '../../types/meta-v1.ts';
import { templateGeneration } from './workload-defaults.ts';
import { validateDaemonSetUpdateStrategy, validateDeploymentStrategy } from './update-strategy-validation.ts';
import { podNameWarnings, templateWarnings } from '../../core/v1/pod-warnings.ts';

const specPath = new FieldPath('spec');
const selectorPath = specPath.child('selector');
const templatePath = specPath.child('template');

/** Checks which pods belong to a workload: a selector that says something. */
export function validateWorkloadSelector(selector: LabelSelector | undefined, what: string): FieldError[] {
  if (selector === undefined) return [required(selectorPath)];
  const errors = validateLabelSelector(selector, selectorPath);
  const isEmpty = (selector.matchExpressions ?? []).length + Object.keys(selector.matchLabels ?? {}).length === 0;
  if (isEmpty) errors.push(invalid(selectorPath, shownSelector(selector), `empty selector is invalid for ${what}`));
  return errors;
}

/** The selector as it is matched; `unreadable` when nothing can be matched with it. */
export function readSelector(selector: LabelSelector | undefined): ParsedSelector | undefined | 'unreadable' {
  try {
    return selectorFromObject(selector);
  } catch (error) {
    if (error instanceof LabelSelectorError) return 'unreadable';
    throw error;
  }
}

/** The template of replica sets and of what makes them. */
function validateReplicatedTemplate({
  selector,
  template,
}: Pick<NonNullable<ReplicaSet['spec']>, 'selector' | 'template'>): FieldError[] {
  const parsed = readSelector(selector);
  if (parsed === 'unreadable') return [invalid(selectorPath, shownSelector(selector), 'invalid label selector')];
  return [
    ...(parsed?.length === 0 ? [] : validateTemplateLabels(template, parsed, templatePath)),
    ...validatePodTemplate(template, templatePath),
    ...validateLongRunning(template, 'ReplicaSet', templatePath),
  ];
}

function validateReplicaSet(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as ReplicaSet;
  if (spec === undefined) return [required(selectorPath)];
  return [
    ...checkNonNegative(specPath.child('replicas'), spec.replicas),
    ...checkNonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds),
    // The real server says deployment here, too.
    ...validateWorkloadSelector(spec.selector, 'deployment'),
    ...validateReplicatedTemplate(spec),
  ];
}

function validateDeployment(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as Deployment;
  if (spec === undefined) return [required(selectorPath)];
  const { progressDeadlineSeconds, minReadySeconds = 0 } = spec;
  const deadlinePath = specPath.child('progressDeadlineSeconds');
  const errors = [
    ...checkNonNegative(specPath.child('replicas'), spec.replicas),
    ...validateWorkloadSelector(spec.selector, 'deployment'),
    ...validateReplicatedTemplate(spec),
    ...validateDeploymentStrategy(spec.strategy ?? {}, specPath.child('strategy')),
    ...checkNonNegative(specPath.child('minReadySeconds'), minReadySeconds),
    ...checkNonNegative(specPath.child('revisionHistoryLimit'), spec.revisionHistoryLimit),
    ...checkNonNegative(deadlinePath, progressDeadlineSeconds),
  ];
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds) {
    errors.push(invalid(deadlinePath, progressDeadlineSeconds, 'must be greater than minReadySeconds'));
  }
  return errors;
}

function validateDaemonSet(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as DaemonSet;
  if (spec === undefined) return [required(selectorPath)];
  const { selector, template } = spec;
  const parsed = readSelector(selector);
  return [
    ...(selector === undefined ? [] : validateLabelSelector(selector, selectorPath)),
    ...(parsed === 'unreadable' ? [] : validateTemplateLabels(template, parsed, templatePath)),
    ...(selector === undefined || parsed === 'unreadable' || parsed?.length !== 0
      ? []
      : [invalid(selectorPath, shownSelector(selector), 'empty selector is invalid for daemonset')]),
    ...validatePodTemplate(template, templatePath),
    ...validateLongRunning(template, 'DaemonSet', templatePath),
    ...checkNonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds),
    ...validateDaemonSetUpdateStrategy(spec.updateStrategy ?? {}, specPath.child('updateStrategy')),
    ...checkNonNegative(specPath.child('revisionHistoryLimit'), spec.revisionHistoryLimit),
  ];
}

function validateSelectorUnchanged(object: Unstructured, old: Unstructured): FieldError[] {
  const [selector, before] = [object, old].map(
    (one) => (one['spec'] as { readonly selector?: LabelSelector } | undefined)?.selector,
  );
  return equalSemantic(selector ?? null, before ?? null)
    ? []
    : [invalid(selectorPath, shownSelector(selector), 'field is immutable')];
}

function strategyOf(
  validate: (object: Unstructured) => FieldError[],
  ofName: (name: string) => string[] = podNameWarnings,
): Strategy {
  return {
    ...templateWarnings((object) => (object as unknown as Deployment).spec?.template, templatePath, ofName),
    validateCreate: validate,
    validateUpdate: (object, old, context) =>
      context.subresource === ''
        ? [...validate(object), ...validateSelectorUnchanged(object, old)]
        : validateWorkloadStatus(object, old),
  };
}

/** Deployments: the selector never changes; annotations count as a change, and the status cannot change labels. */
export const deploymentStrategy: Strategy = {
  ...strategyOf(validateDeployment),
  keptOnStatus: ['labels'],
  resetFields: { '': ['status'], status: ['metadata.labels', 'spec'] },
  adjustForUpdate(object, old) {
    if (equalSemantic(object.metadata.annotations ?? {}, old.metadata.annotations ?? {})) return;
    object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
};
/** Replica sets: the selector never changes. */
export const replicaSetStrategy = strategyOf(validateReplicaSet);
/** Daemon sets: the selector never changes, and templates are counted. */
export const daemonSetStrategy: Strategy = {
  ...strategyOf(validateDaemonSet, () => []),
  validateUpdate: (object, old, context) =>
    context.subresource === ''
      ? [...validateSelectorUnchanged(object, old), ...validateDaemonSet(object)]
      : validateWorkloadStatus(object, old),
  // The count is a part of the spec that is shown as an annotation.
  adjustForStatus: (object, old) => countTemplate(object, templateCount(old)),
  adjustForCreate: (object) => countTemplate(object, Math.max(1, templateCount(object))),
  adjustForUpdate(object, old) {
    const [template, before] = [object, old].map((one) => (one as unknown as DaemonSet).spec?.template);
    const isSame = equalSemantic(template ?? null, before ?? null);
    countTemplate(object, templateCount(old) + (isSame ? 0 : 1));
  },
};

function templateCount(object: Unstructured): number {
  return Number(object.metadata.annotations?.[templateGeneration] ?? 0);
}

function countTemplate(object: Unstructured, count: number): void {
  object.metadata.annotations = { ...object.metadata.annotations, [templateGeneration]: `${count}` };
}

/** What counts pods in a status, and what it may not be more than. */
const countsOf: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
  ReplicaSet: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
  StatefulSet: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
};

/** Counts of a status: none below zero, no part larger than the whole, no collision forgotten. */
export function validateWorkloadStatus(object: Unstructured, old: Unstructured): FieldError[] {
  const path = new FieldPath('status');
  const status = (object['status'] ?? {}) as Readonly<Record<string, unknown>>;
  const before = (old['status'] ?? {}) as Readonly<Record<string, unknown>>;
  const count = (field: string): number => Number(status[field] ?? 0);
  const errors: FieldError[] = [];
  for (const [field, value] of Object.entries(status)) {
    if (typeof value === 'number') errors.push(...checkNonNegative(path.child(field), value));
  }
  const parts = countsOf[object.kind] ?? [];
  for (const field of parts) {
    if (count(field) <= count('replicas')) continue;
    errors.push(invalid(path.child(field), count(field), 'cannot be greater than status.replicas'));
  }
  if (parts.length > 0 && count('availableReplicas') > count('readyReplicas')) {
    const whole = object.kind === 'StatefulSet' ? 'status.readyReplicas' : 'readyReplicas';
    const value = count('availableReplicas');
    errors.push(invalid(path.child('availableReplicas'), value, `cannot be greater than ${whole}`));
  }
  if (before['collisionCount'] !== undefined && count('collisionCount') < Number(before['collisionCount'])) {
    errors.push(invalid(path.child('collisionCount'), count('collisionCount'), 'cannot be decremented'));
  }
  return errors;
}

/** Only parts of a spec may change: those that the message names. */
export function validateOnlyChanged(
  object: Unstructured,
  old: Unstructured,
  mutable: ReadonlySet<string>,
  message: string,
): FieldError[] {
  const fixed = (value: unknown): unknown =>
    Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => !mutable.has(key)));
  return equalSemantic(fixed(object['spec']), fixed(old['spec'])) ? [] : [fieldForbidden(specPath, message)];
}
