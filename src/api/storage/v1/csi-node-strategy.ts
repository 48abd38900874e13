import {
  checkNonNegative,
  duplicate,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { CSINode, CSINodeDriver } from '../../types/storage-v1.ts';

const driversPath = new FieldPath('spec').child('drivers');
const longestNodeId = 256;

/** What the registry does with the CSI drivers of a node: of those that are known only the number of volumes changes. */
export const csiNodeStrategy: Strategy = {
  allowUnconditionalUpdate: false,
  validateCreate: (object) => validate(driversOf(object)),
  validateUpdate(object, old) {
    const drivers = driversOf(object);
    const errors = validate(drivers);
    for (const before of driversOf(old)) {
      for (const driver of drivers) {
        if (driver.name !== before.name) continue;
        const shown = fixedPart(driver);
        if (!equalSemantic(shown, fixedPart(before))) errors.push(invalid(driversPath, shown, 'field is immutable'));
      }
    }
    return errors;
  },
};

function driversOf(object: Unstructured): readonly CSINodeDriver[] {
  return (object as unknown as CSINode).spec.drivers ?? [];
}

/** A driver as the real server shows it, by the names of its Go type, without what may change. */
function fixedPart({ name, nodeID, topologyKeys }: CSINodeDriver): Record<string, unknown> {
  return { Name: name, NodeID: nodeID, TopologyKeys: topologyKeys ?? null, Allocatable: null };
}

function validate(drivers: readonly CSINodeDriver[]): FieldError[] {
  const names = new Set<string>();
  return drivers.flatMap(({ allocatable, name, nodeID, topologyKeys }, index) => {
    const at = driversPath.index(index);
    const errors = validateCsiDriverName(name, at.child('name'));
    if (nodeID === '') errors.push(required(at.child('nodeID')));
    if (Buffer.byteLength(nodeID) > longestNodeId) {
      errors.push(invalid(at.child('nodeID'), nodeID, `must be ${longestNodeId} characters or less`));
    }
    errors.push(...checkNonNegative(at.child('allocatable', 'count'), allocatable?.count));
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    const keys: readonly string[] = topologyKeys ?? [];
    keys.forEach((key, position) => {
      if (key === '') errors.push(required(at));
      if (keys.indexOf(key) < position) errors.push(duplicate(at, key));
      errors.push(...invalidFor(at, key, isQualifiedName(key)));
    });
    return errors;
  });
}
