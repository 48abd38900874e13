import {
  checkChoice,
  checkImmutable,
  type FieldError,
  FieldPath,
  fieldForbidden,
} from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { PriorityClass } from '../../types/scheduling-v1.ts';

/** The highest priority that users may give. */
const mostUserPriority = 1_000_000_000;

/** The classes of Kubernetes itself. */
const systemClasses: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

const valuePath = new FieldPath('value');
const policyPath = new FieldPath('preemptionPolicy');

/** What the registry does with priority classes: neither value nor policy changes. */
export const priorityClassStrategy: Strategy = {
  hasGeneration: 'first',
  reasonToKeep: (name) =>
    systemClasses[name] === undefined ? undefined : 'this is a system priority class and cannot be deleted',
  validateCreate: (object) => validate(classOf(object)),
  validateUpdate(object, old) {
    const [changed, before] = [classOf(object), classOf(old)];
    return [
      ...((changed.value ?? 0) === (before.value ?? 0)
        ? []
        : [fieldForbidden(valuePath, 'may not be changed in an update.')]),
      ...checkImmutable(policyPath, changed.preemptionPolicy, before.preemptionPolicy),
    ];
  },
};

function classOf(object: Unstructured): PriorityClass {
  return object;
}

function validate({ metadata, value = 0, globalDefault = false, preemptionPolicy }: PriorityClass): FieldError[] {
  const name = metadata.name ?? '';
  const errors: FieldError[] = [];
  if (name.startsWith('system-')) {
    const why = systemProblem(name, value, globalDefault);
    const text = `priority class names with 'system-' prefix are reserved for system use only. error: ${why}`;
    if (why !== '') errors.push(fieldForbidden(new FieldPath('metadata').child('name'), text));
  } else if (value > mostUserPriority) {
    const message = `maximum allowed value of a user defined priority is ${mostUserPriority}`;
    errors.push(fieldForbidden(valuePath, message));
  }
  if (preemptionPolicy === undefined) return errors;
  return [...errors, ...checkChoice(policyPath, preemptionPolicy, ['PreemptLowerPriority', 'Never'])];
}

function systemProblem(name: string, value: number, globalDefault: boolean): string {
  const known = systemClasses[name];
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known !== value) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : '';
}
