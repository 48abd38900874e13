import { checkImmutable, type FieldError, FieldPath, invalid, invalidFor } from '../../../apimachinery/field-error.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { LabelSelector } from '../../types/meta-v1.ts';
import type { CSIStorageCapacity } from '../../types/storage-v1.ts';

const topologyPath = new FieldPath('nodeTopology');
const classPath = new FieldPath('storageClassName');

/** What the registry does with storage capacities: where and of what class they are stays. */
export const csiStorageCapacityStrategy: Strategy = {
  allowUnconditionalUpdate: false,
  validateCreate: (object) => validate(capacityOf(object)),
  validateAsNew: (object) => validate(capacityOf(object)),
  validateUpdate(object, old) {
    const [changed, before] = [capacityOf(object), capacityOf(old)];
    return [
      ...checkImmutable(topologyPath, withoutEmpty(changed.nodeTopology), withoutEmpty(before.nodeTopology)),
      ...checkImmutable(classPath, changed.storageClassName, before.storageClassName),
    ];
  },
};

/** A selector as Go writes it: what it does not select by is left out. */
function withoutEmpty(selector: LabelSelector | undefined): LabelSelector | undefined {
  if (selector === undefined) return undefined;
  return Object.fromEntries(Object.entries(selector).filter(([, part]) => Object.keys(part as object).length > 0));
}

function capacityOf(object: Unstructured): CSIStorageCapacity {
  return object as unknown as CSIStorageCapacity;
}

function validate({ capacity, nodeTopology, storageClassName: name }: CSIStorageCapacity): FieldError[] {
  const errors = [
    ...validateLabelSelector(nodeTopology, topologyPath),
    ...invalidFor(classPath, name, isDns1123Subdomain(name)),
  ];
  if (capacity === undefined || parseQuantity(capacity).sign() >= 0) return errors;
  return [...errors, invalid(new FieldPath('capacity'), capacity, 'must be greater than or equal to 0')];
}
