import { type FieldError, FieldPath, fieldForbidden } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { VolumeAttributesClass } from '../../types/storage-v1.ts';
import { validateParameters, validateProvisioner } from './storage-class-strategy.ts';

/** What the registry does with classes of volume attributes: they never change. */
export const volumeAttributesClassStrategy: Strategy = {
  validateCreate: validate,
  validateUpdate(object, old) {
    return (['driverName', 'parameters'] as const).flatMap((field) =>
      equalJson(classOf(object)[field] ?? null, classOf(old)[field] ?? null)
        ? []
        : [fieldForbidden(new FieldPath(field), `updates to ${field} are forbidden.`)],
    );
  },
  validateAsNew: validate,
};

function classOf(object: Unstructured): VolumeAttributesClass {
  return object as unknown as VolumeAttributesClass;
}

function validate(object: Unstructured): FieldError[] {
  const { driverName, parameters = {} } = classOf(object);
  return [...validateProvisioner(driverName, new FieldPath('driverName')), ...validateParameters(parameters, true)];
}
