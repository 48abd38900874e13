import { type FieldError, FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import { isQualifiedName, nameIsLongName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { DeviceClass } from '../../types/resource-v1.ts';
import { validateConfiguration, validateEach, validateSelectors } from './device-validation.ts';

const specPath = new FieldPath('spec');

function validate(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as DeviceClass;
  const { selectors, config, extendedResourceName } = spec;
  return [
    ...validateSelectors(selectors, specPath.child('selectors')),
    ...validateEach(config, 32, specPath.child('config'), validateConfiguration),
    ...(extendedResourceName === undefined || isExtendedResource(extendedResourceName)
      ? []
      : [
          invalid(
            specPath.child('extendedResourceName'),
            extendedResourceName,
            'must be a valid extended resource name',
          ),
        ]),
  ];
}

/** A name with a domain that is not one of Kubernetes' own. */
function isExtendedResource(name: string): boolean {
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  return !isNative && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
}

/** What the registry does with classes of devices. */
export const deviceClassStrategy: Strategy = {
  hasGeneration: true,
  validateName: nameIsLongName,
  validateCreate: validate,
  validateUpdate: validate,
};
