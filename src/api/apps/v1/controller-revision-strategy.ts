import { checkNonNegative, type FieldError, FieldPath, invalid, required } from '../../../apimachinery/field-error.ts';
import { equalJson, equalTexts } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';

const dataPath = new FieldPath('data');

function validateRevision(object: Unstructured): FieldError[] {
  return checkNonNegative(new FieldPath('revision'), (object['revision'] ?? 0) as number);
}

function validateData(data: unknown): FieldError[] {
  if (data === undefined || data === null) return [required(dataPath, 'data is mandatory')];
  if (typeof data === 'object' && !Array.isArray(data)) return [];
  return [required(dataPath, 'data must be a valid JSON object')];
}

/** What the registry does with revisions: their data never changes. */
export const controllerRevisionStrategy: Strategy = {
  validateCreate: (object) => [...validateRevision(object), ...validateData(object['data'])],
  validateUpdate: (object, old) => [
    ...validateRevision(object),
    ...(equalJson(object['data'] ?? null, old['data'] ?? null) && equalTexts(object['data'], old['data'])
      ? []
      : [invalid(dataPath, object['data'], 'field is immutable')]),
  ],
};
