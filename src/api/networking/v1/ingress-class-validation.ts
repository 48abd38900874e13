import { validateDomainPrefixedPath } from '../../../apimachinery/domain-prefixed-path.ts';
import {
  checkImmutable,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalidFor,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Label } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { IngressClass, IngressClassParametersReference } from '../../types/networking-v1.ts';
import { validateReference } from './ingress-validation.ts';

const controllerPath = new FieldPath('spec').child('controller');
const parametersPath = new FieldPath('spec').child('parameters');
const longestController = 250;

/** What the registry does with ingress classes: the controller stays, the parameters may change. */
export const ingressClassStrategy: Strategy = {
  validateCreate: validate,
  validateUpdate(object, old) {
    return checkImmutable(controllerPath, controllerOf(object), controllerOf(old));
  },
  validateAsNew: validate,
};

function controllerOf(object: Unstructured): string {
  return classOf(object).spec?.controller ?? '';
}

function classOf(object: Unstructured): IngressClass {
  return object;
}

function validate(object: Unstructured): FieldError[] {
  const { controller = '', parameters } = classOf(object).spec ?? {};
  return [
    ...(Buffer.byteLength(controller) > longestController ? [tooLong(controllerPath, longestController)] : []),
    ...validateDomainPrefixedPath(controllerPath, controller),
    ...(parameters === undefined ? [] : validateParameters(parameters)),
  ];
}

function validateParameters(parameters: IngressClassParametersReference): FieldError[] {
  const { namespace, scope } = parameters;
  const errors = validateReference(parameters, parametersPath);
  if (scope === undefined) return [...errors, required(parametersPath.child('scope'))];
  const scopes = ['Cluster', 'Namespace'];
  if (!scopes.includes(scope)) return [...errors, notSupported(parametersPath.child('scope'), scope, scopes)];
  const at = parametersPath.child('namespace');
  if (scope === 'Cluster') {
    return namespace === undefined ? errors : [...errors, fieldForbidden(at, "`parameters.scope` is set to 'Cluster'")];
  }
  if (namespace === undefined) return [...errors, required(at, "`parameters.scope` is set to 'Namespace'")];
  return [...errors, ...invalidFor(at, namespace, isDns1123Label(namespace))];
}
