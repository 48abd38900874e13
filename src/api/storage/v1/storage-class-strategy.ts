import {
  checkImmutable,
  checkOptionalChoice,
  duplicate,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { nodeLabelDeprecation } from '../../core/v1/deprecated-node-labels.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { TopologySelectorTerm } from '../../types/core-v1.ts';
import type { StorageClass } from '../../types/storage-v1.ts';

const topologiesPath = new FieldPath('allowedTopologies');
const mostParameters = 512;
const mostParameterBytes = 256 * 1024;

/** What the registry does with storage classes: what volumes were made by stays. */
export const storageClassStrategy: Strategy = {
  validateCreate: (object) => validate(classOf(object)),
  validateUpdate(object, old) {
    const [changed, before] = [classOf(object), classOf(old)];
    const kept = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;
    return kept.flatMap((field) => checkImmutable(new FieldPath(field), changed[field], before[field]));
  },
  validateAsNew: (object) => validate(classOf(object)),
  warningsOnCreate: classWarnings,
  warningsOnUpdate: classWarnings,
};

function classOf(object: Unstructured): StorageClass {
  return object as unknown as StorageClass;
}

function validate(storageClass: StorageClass): FieldError[] {
  const { allowedTopologies = [], parameters, reclaimPolicy, volumeBindingMode } = storageClass;
  const modes = ['Immediate', 'WaitForFirstConsumer'];
  const bindingPath = new FieldPath('volumeBindingMode');
  return [
    ...validateProvisioner(storageClass.provisioner, new FieldPath('provisioner')),
    ...validateParameters(parameters ?? {}, false),
    ...(reclaimPolicy === ''
      ? []
      : checkOptionalChoice(new FieldPath('reclaimPolicy'), reclaimPolicy, ['Delete', 'Retain'])),
    ...(volumeBindingMode === undefined
      ? [required(bindingPath)]
      : checkOptionalChoice(bindingPath, volumeBindingMode, modes)),
    ...validateTopologies(allowedTopologies),
  ];
}

/** Who makes volumes, or changes them. */
export function validateProvisioner(name: string, path: FieldPath): FieldError[] {
  if (name === '') return [required(path)];
  const lower = name.toLowerCase();
  return invalidFor(path, lower, isQualifiedName(lower));
}

/** What is handed to whoever makes volumes, or changes them. */
export function validateParameters(parameters: Readonly<Record<string, string>>, isRequired: boolean): FieldError[] {
  const path = new FieldPath('parameters');
  const entries = Object.entries(parameters);
  if (entries.length > mostParameters) return [tooLong(path, mostParameters)];
  const errors = entries.flatMap(([key]) => (key === '' ? [invalid(path, key, 'field can not be empty.')] : []));
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > mostParameterBytes) errors.push(tooLong(path, mostParameterBytes));
  if (isRequired && entries.length === 0) errors.push(required(path, 'must contain at least one key/value pair'));
  return errors;
}

function validateTopologies(topologies: readonly TopologySelectorTerm[]): FieldError[] {
  // To the real server a term that says nothing is the same as each of those that it has not read yet.
  const known: Readonly<Record<string, readonly string[]>>[] = topologies.map(() => ({}));
  return topologies.flatMap((term, index) => {
    const at = topologiesPath.index(index).child('matchLabelExpressions');
    const byKey: Record<string, readonly string[]> = {};
    const errors = (term.matchLabelExpressions ?? []).flatMap(({ key, values: given }, position) => {
      const path = at.index(position);
      // What the schema requires may be null all the same.
      const values = (given as string[] | null) ?? [];
      const problems = validateValues(values, path.child('values'));
      problems.push(...invalidFor(path.child('key'), key, isQualifiedName(key)));
      if (Object.hasOwn(byKey, key)) problems.push(duplicate(path.child('key'), key));
      byKey[key] = values.toSorted();
      return problems;
    });
    for (const other of known) if (equalJson(other, byKey)) errors.push(duplicate(at, ''));
    known.push(byKey);
    return errors;
  });
}

function validateValues(values: readonly string[], path: FieldPath): FieldError[] {
  if (values.length === 0) return [required(path)];
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [duplicate(path.index(index), value)] : []));
}

function classWarnings(object: Unstructured): string[] {
  return (classOf(object).allowedTopologies ?? []).flatMap((term, index) =>
    (term.matchLabelExpressions ?? []).flatMap(({ key }, position) => {
      const at = topologiesPath.index(index).child('matchLabelExpressions').index(position).child('key');
      const text = nodeLabelDeprecation(key);
      return text === undefined ? [] : [`${at.toString()}: ${text}`];
    }),
  );
}
