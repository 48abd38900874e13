import { type FieldError, FieldPath, invalid, notSupported, required } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import {
  matchesLabels,
  selectorFromObject,
  validateLabels,
  validateLabelSelector,
} from '../../../apimachinery/labels.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { validatePodSpec } from '../../core/v1/pod-spec-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { PodTemplateSpec } from '../../types/core-v1.ts';
import type { LabelSelector } from '../../types/meta-v1.ts';

interface WorkloadSpec {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
  readonly selector?: LabelSelector;
  readonly template?: PodTemplateSpec;
}

const specPath = new FieldPath('spec');
const immutable = 'field is immutable';

/** Checks what deployments, replica sets, stateful sets and daemon sets have in common. */
function validateWorkload(object: Unstructured): FieldError[] {
  const spec = (object['spec'] ?? {}) as WorkloadSpec;
  const errors: FieldError[] = [];
  for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit'] as const) {
    const value = spec[field];
    if (value !== undefined && value < 0) {
      errors.push(invalid(specPath.child(field), value, 'must be greater than or equal to 0'));
    }
  }
  errors.push(...validateSelector(spec, object.kind));
  return errors;
}

function validateSelector(spec: WorkloadSpec, kind: string): FieldError[] {
  const path = specPath.child('selector');
  const errors: FieldError[] = [];
  const { selector, template } = spec;
  if (selector === undefined) errors.push(required(path));
  else {
    errors.push(...validateLabelSelector(selector, path));
    const isEmpty = (selector.matchExpressions ?? []).length + Object.keys(selector.matchLabels ?? {}).length === 0;
    const what =
      kind === 'Deployment'
        ? 'deployment'
        : kind === 'DaemonSet'
          ? 'daemonset'
          : kind === 'StatefulSet'
            ? 'statefulset'
            : 'replicaset';
    if (isEmpty) errors.push(invalid(path, selector, `empty selector is invalid for ${what}`));
  }
  const at = specPath.child('template');
  const labels = template?.metadata?.labels;
  if (selector !== undefined && errors.length === 0) {
    const parsed = selectorFromObject(selector);
    if (parsed !== undefined && !matchesLabels(parsed, labels ?? {})) {
      errors.push(
        invalid(at.child('metadata', 'labels'), labels ?? null, '`selector` does not match template `labels`'),
      );
    }
  }
  errors.push(...validateLabels(labels, at.child('metadata', 'labels')));
  errors.push(...validatePodSpec(template?.spec, at.child('spec'), { isTemplate: true }));
  const policy = template?.spec?.restartPolicy;
  if (policy !== undefined && policy !== 'Always' && ['Never', 'OnFailure'].includes(policy)) {
    errors.push(notSupported(at.child('spec', 'restartPolicy'), policy, ['Always']));
  }
  return errors;
}

function validateSelectorUnchanged(object: Unstructured, old: Unstructured): FieldError[] {
  const selector = (object['spec'] as WorkloadSpec | undefined)?.selector;
  const before = (old['spec'] as WorkloadSpec | undefined)?.selector;
  return equalJson(selector ?? null, before ?? null) ? [] : [invalid(specPath.child('selector'), selector, immutable)];
}

/** Deployments, replica sets and daemon sets: the selector never changes. */
export const workloadStrategy: Strategy = {
  validateCreate: validateWorkload,
  validateUpdate: (object, old, context) =>
    context.subresource === '' ? [...validateWorkload(object), ...validateSelectorUnchanged(object, old)] : [],
};

const statefulSetMessage =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/** Fields of a stateful set that may change. */
const statefulSetMutable = new Set([
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]);

/** Stateful sets: most of the spec never changes. */
export const statefulSetStrategy: Strategy = {
  validateCreate: validateWorkload,
  validateUpdate(object, old, context) {
    if (context.subresource !== '') return [];
    const fixed = (value: unknown): unknown =>
      Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => !statefulSetMutable.has(key)));
    const changed = !equalJson(fixed(object['spec']), fixed(old['spec']));
    return [
      ...validateWorkload(object),
      ...(changed
        ? [{ type: 'FieldValueForbidden' as const, field: 'spec', body: `Forbidden: ${statefulSetMessage}` }]
        : []),
    ];
  },
};
