import { checkNonNegative, type FieldError, FieldPath, required } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { ReplicationController } from '../../types/core-v1.ts';
import { validateLongRunning, validatePodTemplate, validateTemplateLabels } from './pod-template-validation.ts';

const specPath = new FieldPath('spec');
const templatePath = specPath.child('template');

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

/** What the registry does with replication controllers. */
export const replicationControllerStrategy: Strategy = {
  validateCreate: validateController,
  validateUpdate: (object, _old, context) => (context.subresource === '' ? validateController(object) : []),
};
