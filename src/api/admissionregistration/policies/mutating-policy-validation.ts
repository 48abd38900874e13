import { type FieldError, FieldPath, invalid, notSupported, required } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { CelType } from '../../../cel/types.ts';
import type {
  Mutation,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../types/admissionregistration-v1.ts';
import { validateMatchResources, validateParamRef } from './match-validation.ts';
import { PolicyCompiler, policyResults } from './policy-compiler.ts';
import {
  validateBindingTarget,
  validateChangedConditions,
  validatePolicyHead,
  validateVariables,
} from './validating-policy-validation.ts';
import { expressionError } from './expression-error.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** Checks a MutatingAdmissionPolicy. @param old what it was before an update: its match conditions are let be */
export function validateMutatingPolicy(object: Unstructured, old?: Unstructured): FieldError[] {
  const { spec = {} } = object as unknown as MutatingAdmissionPolicy;
  const before = old as unknown as MutatingAdmissionPolicy | undefined;
  const path = new FieldPath('spec');
  const { variables = [], mutations = [], paramKind, reinvocationPolicy = '' } = spec;
  const compiler = new PolicyCompiler(true);
  const hasParams = paramKind !== undefined;
  const errors = [
    ...validatePolicyHead(spec, path),
    ...validateOperations(spec.matchConstraints?.resourceRules, path.child('matchConstraints')),
    ...validateChangedConditions(spec, before?.spec, path.child('matchConditions')),
    ...validateVariables(variables, compiler, hasParams, path.child('variables')),
  ];
  if (mutations.length === 0)
    errors.push(required(path.child('mutations'), 'mutations must contain at least one item'));
  for (const [index, mutation] of mutations.entries()) {
    errors.push(...validateMutation(mutation, compiler, hasParams, path.child('mutations').index(index)));
  }
  const at = path.child('reinvocationPolicy');
  if (reinvocationPolicy === '') errors.push(required(at));
  else if (!['IfNeeded', 'Never'].includes(reinvocationPolicy)) {
    errors.push(notSupported(at, reinvocationPolicy, ['IfNeeded', 'Never']));
  }
  return errors;
}

function validateMutation(
  mutation: Mutation,
  compiler: PolicyCompiler,
  hasParams: boolean,
  path: FieldPath,
): FieldError[] {
  const check = (field: 'applyConfiguration' | 'jsonPatch', results: readonly CelType[]): FieldError[] => {
    const at = path.child(field).child('expression');
    const text = (mutation[field]?.expression ?? '').trim();
    if (text === '') return [required(at)];
    const { error } = compiler.compile(text, { hasParams, hasAuthorizer: true, hasPatchTypes: true }, results);
    return error === undefined ? [] : [expressionError(at, text, error)];
  };
  const { patchType, applyConfiguration, jsonPatch } = mutation;
  const needed = `must be specified when patchType is ${patchType}`;
  const unwanted = `must not be specified when patchType is ${patchType}`;
  switch (patchType) {
    case '':
      return [required(path.child('patchType'))];
    case 'JSONPatch':
      return [
        ...(jsonPatch === undefined
          ? [required(path.child('jsonPatch'), needed)]
          : check('jsonPatch', policyResults.jsonPatch)),
        ...(applyConfiguration === undefined
          ? []
          : [invalid(path.child('applyConfiguration'), '{applyConfiguration}', unwanted)]),
      ];
    case 'ApplyConfiguration':
      return [
        ...(applyConfiguration === undefined
          ? [required(path.child('applyConfiguration'), needed)]
          : check('applyConfiguration', policyResults.applyConfiguration)),
        ...(jsonPatch === undefined ? [] : [invalid(path.child('jsonPatch'), '{jsonPatch}', unwanted)]),
      ];
    default:
      return [notSupported(path.child('patchType'), patchType, ['ApplyConfiguration', 'JSONPatch'])];
  }
}

/** Checks a MutatingAdmissionPolicyBinding. */
export function validateMutatingBinding(object: Unstructured): FieldError[] {
  const { spec = {} } = object as unknown as MutatingAdmissionPolicyBinding;
  const path = new FieldPath('spec');
  return [
    ...validateBindingTarget(spec.policyName, path.child('policyName')),
    ...validateParamRef(spec.paramRef, path.child('paramRef')),
    ...validateMatchResources(spec.matchResources, path.child('matchResources')),
    ...validateOperations(spec.matchResources?.resourceRules, path.child('matchResources')),
  ];
}

/** What goes away cannot be changed. */
function validateOperations(
  rules: readonly { readonly operations?: readonly string[] }[] | undefined,
  path: FieldPath,
): FieldError[] {
  const at = path.child('resourceRules').child('operations');
  return (rules ?? [])
    .flatMap((rule) => rule.operations ?? [])
    .filter((operation) => !operations.includes(operation))
    .map((operation) => notSupported(at, operation, operations));
}
