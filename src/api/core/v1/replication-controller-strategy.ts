import { checkNonNegative, type FieldError, FieldPath, invalid, required } from '../../../apimachinery/field-error.ts';
import { nameIsLongName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { PodTemplateSpec, ReplicationController } from '../../types/core-v1.ts';
import { validateLongRunning, validatePodTemplate, validateTemplateLabels } from './pod-template-validation.ts';
import { podTemplateWarnings, templateWarnings } from './pod-warnings.ts';

const specPath = new FieldPath('spec');
const templatePath = specPath.child('template');

const templateOf = (object: Unstructured): PodTemplateSpec | undefined =>
  (object as unknown as ReplicationController).spec?.template;

function validateController(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as ReplicationController;
  const { minReadySeconds, replicas, selector = {}, template } = spec ?? {};
  const labels = Object.entries(selector);
  const requirements = labels.map(([key, value]) => ({ key, operator: '=' as const, values: [value] }));
  return [
    ...checkNonNegative(specPath.child('minReadySeconds'), minReadySeconds),
    ...(labels.length === 0 ? [required(specPath.child('selector'))] : []),
    ...(replicas === undefined
      ? [required(specPath.child('replicas'))]
      : checkNonNegative(specPath.child('replicas'), replicas)),
    ...(template === undefined
      ? [required(templatePath)]
      : [
          ...(labels.length === 0 ? [] : validateTemplateLabels(template, requirements, templatePath)),
          ...validatePodTemplate(template, templatePath),
          ...validateLongRunning(template, 'ReplicationController', templatePath),
        ]),
  ];
}

const counts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;

/** No part is larger than the whole, and what is available is ready. */
function validateStatus(object: Unstructured): FieldError[] {
  const { status } = object as unknown as ReplicationController;
  const path = new FieldPath('status');
  const count = (field: (typeof counts)[number]): number => status?.[field] ?? 0;
  const errors = (['replicas', ...counts, 'observedGeneration'] as const).flatMap((field) =>
    checkNonNegative(path.child(field), status?.[field]),
  );
  for (const field of counts) {
    if (count(field) <= (status?.replicas ?? 0)) continue;
    errors.push(invalid(path.child(field), count(field), 'cannot be greater than status.replicas'));
  }
  if (count('availableReplicas') > count('readyReplicas')) {
    const message = 'cannot be greater than readyReplicas';
    errors.push(invalid(path.child('availableReplicas'), count('availableReplicas'), message));
  }
  return errors;
}

/** What the registry does with replication controllers. */
export const replicationControllerStrategy: Strategy = {
  validateName: nameIsLongName,
  // As it was before there was a garbage collector.
  defaultPropagation: 'Orphan',
  ...templateWarnings(templateOf, templatePath),
  // The real server takes the old template for the new one here.
  warningsOnUpdate: (object, old) =>
    object.metadata.generation === old.metadata.generation ? [] : podTemplateWarnings(templateOf(old), templatePath),
  validateCreate: validateController,
  validateUpdate: (object, _old, context) =>
    context.subresource === '' ? validateController(object) : validateStatus(object),
};
