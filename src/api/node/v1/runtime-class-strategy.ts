import {
  checkImmutable,
  duplicate,
  type FieldError,
  FieldPath,
  invalidFor,
  required,
} from '../../../apimachinery/field-error.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import { isDns1123Label } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { validateTolerations } from '../../core/v1/pod-scheduling-validation.ts';
import { validateContainerResources } from '../../core/v1/resource-requirements-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { RuntimeClass, Scheduling } from '../../types/node-v1.ts';

const handlerPath = new FieldPath('handler');

/** What the registry does with runtime classes: the handler stays. */
export const runtimeClassStrategy: Strategy = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validateCreate: (object) => validate(classOf(object)),
  validateAsNew: (object) => validate(classOf(object)),
  validateUpdate: (object, old) => checkImmutable(handlerPath, classOf(object).handler, classOf(old).handler),
};

function classOf(object: Unstructured): RuntimeClass {
  return object as unknown as RuntimeClass;
}

function validate(runtimeClass: RuntimeClass): FieldError[] {
  const { overhead, scheduling } = runtimeClass;
  const handler = (runtimeClass.handler as string | undefined) ?? '';
  const limits = overhead?.podFixed;
  return [
    ...(handler === '' ? [required(handlerPath)] : invalidFor(handlerPath, handler, isDns1123Label(handler))),
    ...(limits === undefined ? [] : validateContainerResources({ limits }, new Set(), new FieldPath('overhead'))),
    ...(scheduling === undefined ? [] : validateScheduling(scheduling)),
  ];
}

function validateScheduling({ nodeSelector, tolerations = [] }: Scheduling): FieldError[] {
  const path = new FieldPath('scheduling');
  const at = path.child('tolerations');
  const seen = new Set<string>();
  const repeated = tolerations.flatMap((toleration, index) => {
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    // The real server shows a toleration by the names of its Go type.
    const shown = {
      Key: key,
      Operator: operator,
      Value: value,
      Effect: effect,
      TolerationSeconds: tolerationSeconds ?? null,
    };
    if (seen.has(identity)) return [duplicate(at.index(index), shown)];
    seen.add(identity);
    return [];
  });
  return [
    ...validateLabels(nodeSelector, path.child('nodeSelector')),
    ...validateTolerations(tolerations, at),
    ...repeated,
  ];
}
