import {
  checkOptionalChoice,
  duplicate,
  type FieldError,
  FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { JsonPathError, parseJsonPathTemplate } from '../../../apimachinery/jsonpath-parser.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../../apimachinery/names.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { validateConditions } from '../../condition-validation.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type {
  AuditAnnotation,
  MatchResources,
  ParamKind,
  MatchCondition,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '../../types/admissionregistration-v1.ts';
import {
  checkRequiredChoice,
  validateMatchConditions,
  validateMatchResources,
  validateParamKind,
  validateParamRef,
} from './match-validation.ts';
import { PolicyCompiler, policyResults } from './policy-compiler.ts';
import { expressionError } from './expression-error.ts';

/** Checks a ValidatingAdmissionPolicy. @param old what it was before an update: its match conditions are let be */
export function validateValidatingPolicy(object: Unstructured, old?: Unstructured): FieldError[] {
  const { metadata, spec = {} } = object as unknown as ValidatingAdmissionPolicy;
  const before = old as unknown as ValidatingAdmissionPolicy | undefined;
  const path = new FieldPath('spec');
  const { variables = [], validations = [], auditAnnotations = [], paramKind } = spec;
  const compiler = new PolicyCompiler(variables.length > 0);
  const hasParams = paramKind !== undefined;
  const errors = [
    ...validatePolicyHead(spec, path),
    ...validateChangedConditions(spec, before?.spec, path.child('matchConditions')),
    ...validateVariables(variables, compiler, hasParams, path.child('variables')),
  ];
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item';
    return [...errors, required(path.child('validations'), text), required(path.child('auditAnnotations'), text)];
  }
  for (const [index, validation] of validations.entries()) {
    errors.push(...validateValidation(validation, compiler, hasParams, path.child('validations').index(index)));
  }
  const at = path.child('auditAnnotations');
  return [...errors, ...validateAnnotations(auditAnnotations, metadata.name ?? '', compiler, hasParams, at)];
}

/** What the two kinds of policies have in common. */
interface PolicyHead {
  readonly failurePolicy?: string;
  readonly matchConditions?: readonly MatchCondition[];
  readonly matchConstraints?: MatchResources;
  readonly paramKind?: ParamKind;
}

/** Checks what comes before the match conditions of a policy. */
export function validatePolicyHead(spec: PolicyHead, path: FieldPath): FieldError[] {
  const { failurePolicy, matchConstraints, paramKind } = spec;
  const constraints = path.child('matchConstraints');
  const errors = [
    ...checkRequiredChoice(path.child('failurePolicy'), failurePolicy, ['Fail', 'Ignore']),
    ...(paramKind === undefined ? [] : validateParamKind(paramKind, path.child('paramKind'))),
    ...(matchConstraints === undefined
      ? [required(constraints)]
      : validateMatchResources(matchConstraints, constraints)),
  ];
  if (matchConstraints !== undefined && (matchConstraints.resourceRules ?? []).length === 0) {
    errors.push(required(constraints.child('resourceRules')));
  }
  return errors;
}

/** Checks match conditions that are new, or may see other things than before. */
export function validateChangedConditions(
  { matchConditions = [], paramKind }: PolicyHead,
  old: PolicyHead | undefined,
  path: FieldPath,
): FieldError[] {
  const isUnchanged =
    old !== undefined && isSame(paramKind, old.paramKind) && isSame(matchConditions, old.matchConditions ?? []);
  return isUnchanged ? [] : validateMatchConditions(matchConditions, paramKind !== undefined, path);
}

function isSame(left: unknown, right: unknown): boolean {
  return equalSemantic(left ?? null, right ?? null);
}

const reservedNames: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Checks the variables of a policy, and makes them known to the compiler. */
export function validateVariables(
  variables: readonly Variable[],
  compiler: PolicyCompiler,
  hasParams: boolean,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { name, expression }] of variables.entries()) {
    const at = path.index(index);
    if (name.trim() === '') errors.push(required(at.child('name'), 'name is not specified'));
    else if (!/^[_a-zA-Z]\w*$/.test(name) || reservedNames.has(name)) {
      errors.push(invalid(at.child('name'), name, 'must be a valid CEL identifier'));
    }
    if (expression.trim() === '') errors.push(required(at.child('expression'), 'expression is not specified'));
    else {
      const { error } = compiler.addVariable(name, expression, { hasParams, hasAuthorizer: true });
      if (error !== undefined) errors.push(expressionError(at.child('expression'), expression, error));
    }
  }
  return errors;
}

function validateValidation(
  validation: Validation,
  compiler: PolicyCompiler,
  hasParams: boolean,
  path: FieldPath,
): FieldError[] {
  const { expression, message = '', messageExpression = '', reason } = validation;
  const errors: FieldError[] = [];
  if (expression.trim() === '') errors.push(required(path.child('expression'), 'expression is not specified'));
  else {
    const { error } = compiler.compile(expression, { hasParams, hasAuthorizer: true }, policyResults.condition);
    if (error !== undefined) errors.push(expressionError(path.child('expression'), expression, error));
  }
  const blank = 'must be non-empty if specified';
  const at = path.child('messageExpression');
  if (messageExpression !== '' && messageExpression.trim() === '') errors.push(invalid(at, messageExpression, blank));
  else if (messageExpression !== '') {
    const { error } = compiler.compile(messageExpression, { hasParams, hasAuthorizer: false }, policyResults.message);
    if (error !== undefined) errors.push(expressionError(at, messageExpression, error));
  }
  if (message !== '' && message.trim() === '') errors.push(invalid(path.child('message'), message, blank));
  else if (/[\n\r]/.test(message.trim())) {
    errors.push(invalid(path.child('message'), message, 'must not contain line breaks'));
  }
  const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
  return [...errors, ...checkOptionalChoice(path.child('reason'), reason, reasons)];
}

const maxAnnotations = 20;
const maxValueExpressionBytes = 5 * 1024;

function validateAnnotations(
  annotations: readonly AuditAnnotation[],
  policy: string,
  compiler: PolicyCompiler,
  hasParams: boolean,
  path: FieldPath,
): FieldError[] {
  const tooMany = `must not have more than ${maxAnnotations} auditAnnotations`;
  const errors = annotations.length > maxAnnotations ? [invalid(path, annotations, tooMany)] : [];
  const seen = new Set<string>();
  for (const [index, { key, valueExpression }] of annotations.entries()) {
    const at = path.index(index);
    if (policy === '') errors.push(invalid(at.child('key'), key, 'requires metadata.name be non-empty'));
    else {
      const name = `${policy}/${key}`;
      errors.push(...isQualifiedName(name).map((problem) => invalid(at.child('key'), name, problem)));
    }
    const text = valueExpression.trim();
    const valueAt = at.child('valueExpression');
    if (text === '') errors.push(required(valueAt, 'valueExpression is not specified'));
    else if (Buffer.byteLength(text) > maxValueExpressionBytes) {
      errors.push(required(valueAt, `must not exceed ${maxValueExpressionBytes} bytes in length`));
    } else {
      const { error } = compiler.compile(text, { hasParams, hasAuthorizer: true }, policyResults.auditAnnotation);
      if (error !== undefined) errors.push(expressionError(valueAt, valueExpression, error));
    }
    if (seen.has(key)) errors.push(duplicate(at.child('key'), key));
    seen.add(key);
  }
  return errors;
}

/** Checks a ValidatingAdmissionPolicyBinding. */
export function validateValidatingBinding(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as ValidatingAdmissionPolicyBinding;
  const path = new FieldPath('spec');
  return [
    ...validateBindingTarget(spec.policyName, path.child('policyName')),
    ...validateParamRef(spec.paramRef, path.child('paramRef')),
    ...validateMatchResources(spec.matchResources, path.child('matchResources')),
    ...validateActions(spec.validationActions, path.child('validationActions')),
  ];
}

/** Checks the name of the policy that a binding puts into force. */
export function validateBindingTarget(policyName: string | undefined, path: FieldPath): FieldError[] {
  if (policyName === undefined || policyName === '') return [required(path)];
  return isDns1123Subdomain(policyName).map((problem) => invalid(path, policyName, problem));
}

function validateActions(given: readonly string[] | null, path: FieldPath): FieldError[] {
  // A list that has to be there is null when it is not.
  const actions = given ?? [];
  const choices = ['Audit', 'Deny', 'Warn'];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, action] of actions.entries()) {
    if (!choices.includes(action)) errors.push(notSupported(path.index(index), action, choices));
    if (seen.has(action)) errors.push(duplicate(path.index(index), action));
    seen.add(action);
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    const text =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalid(path, actions, text));
  }
  if (seen.size === 0) errors.push(required(path, 'at least one validation action is required'));
  return errors;
}

/** Where an expression stands is told as a JSONPath. */
function validateFieldRef(fieldRef: string, path: FieldPath): FieldError[] {
  if (fieldRef === '') return [required(path)];
  try {
    parseJsonPathTemplate(`{${fieldRef}}`);
    return [];
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
    return [invalid(path, fieldRef, `invalid JSONPath: ${error.message}`)];
  }
}

/** Checks what the type checker reported of a policy. */
export function validateValidatingPolicyStatus(object: Unstructured): FieldError[] {
  const { status } = object as unknown as ValidatingAdmissionPolicy;
  const statusPath = new FieldPath('status');
  const path = statusPath.child('typeChecking').child('expressionWarnings');
  const warnings = status?.typeChecking?.expressionWarnings ?? [];
  return [
    ...warnings.flatMap(({ warning, fieldRef }, index) => [
      ...(warning === '' ? [required(path.index(index).child('warning'))] : []),
      ...validateFieldRef(fieldRef.trim(), path.index(index).child('fieldRef')),
    ]),
    ...validateConditions(status?.conditions, statusPath.child('conditions')),
  ];
}
