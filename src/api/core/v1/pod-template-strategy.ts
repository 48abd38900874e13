import { type FieldError, FieldPath } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { PodTemplate } from '../../types/core-v1.ts';
import { validatePodTemplate } from './pod-template-validation.ts';
import { templateWarnings } from './pod-warnings.ts';

function validate(object: Unstructured): FieldError[] {
  return validatePodTemplate((object as unknown as PodTemplate).template, new FieldPath('template'));
}

/** What the registry does with templates of pods. */
export const podTemplateStrategy: Strategy = {
  hasGeneration: true,
  validateCreate: validate,
  validateUpdate: validate,
  ...templateWarnings(
    (object) => (object as unknown as PodTemplate).template,
    new FieldPath('template'),
    () => [],
  ),
};
