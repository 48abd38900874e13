import { validateAnnotations } from '../../../apimachinery/annotations.ts';
import {
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
} from '../../../apimachinery/field-error.ts';
import { type LabelSelector, matchesLabels, validateLabels } from '../../../apimachinery/labels.ts';
import type { PodTemplateSpec } from '../../types/core-v1.ts';
import { validatePodAnnotations } from './pod-annotation-validation.ts';
import { validatePodSpec } from './pod-spec-validation.ts';

/** Checks a template of pods (core validation's ValidatePodTemplateSpec). */
export function validatePodTemplate(template: PodTemplateSpec | undefined, path: FieldPath): FieldError[] {
  const { metadata, spec } = template ?? {};
  const errors = [
    ...validateLabels(metadata?.labels, path.child('labels')),
    ...validateAnnotations(metadata?.annotations, path.child('annotations')),
    ...validatePodAnnotations(metadata?.annotations, spec, path.child('annotations')),
    ...validatePodSpec(spec, path.child('spec'), { isTemplate: true }),
  ];
  if ((spec?.ephemeralContainers ?? []).length > 0) {
    const message = 'ephemeral containers not allowed in pod template';
    errors.push(fieldForbidden(path.child('spec', 'ephemeralContainers'), message));
  }
  return errors;
}

/** That the owner of pods will find those it makes: nothing to say without a selector that can be read. */
export function validateTemplateLabels(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
  path: FieldPath,
): FieldError[] {
  const labels = template?.metadata?.labels;
  const matches = selector !== undefined && matchesLabels(selector, labels ?? {});
  if (matches) return [];
  return [invalid(path.child('metadata', 'labels'), labels ?? null, '`selector` does not match template `labels`')];
}

/** Pods that run on until they are deleted: what owners that replace pods ask of their template. */
export function validateLongRunning(
  template: PodTemplateSpec | undefined,
  ownerKind: string,
  path: FieldPath,
): FieldError[] {
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  const errors: FieldError[] = [];
  if (template?.spec !== undefined && restartPolicy !== 'Always') {
    errors.push(notSupported(path.child('spec', 'restartPolicy'), restartPolicy ?? '', ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const message = `activeDeadlineSeconds in ${ownerKind} is not Supported`;
    errors.push(fieldForbidden(path.child('spec', 'activeDeadlineSeconds'), message));
  }
  return errors;
}
