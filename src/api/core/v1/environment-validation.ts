import { type FieldError, type FieldPath, invalid, required } from '../../../apimachinery/field-error.ts';
import { isConfigMapKey, isDns1123Label, isDns1123Subdomain, isEnvVarName } from '../../../apimachinery/names.ts';
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  SecretKeySelector,
} from '../../types/core-v1.ts';
import {
  environmentFields,
  validateFieldSelector,
  validateResourceFieldSelector,
} from './field-selector-validation.ts';
import { checkNoBacksteps } from './relative-path.ts';

/** Checks the variables of a container (core validation's ValidateEnv). */
export function validateEnvironment(variables: readonly EnvVar[], path: FieldPath): FieldError[] {
  return variables.flatMap((variable, index) => {
    const at = path.index(index);
    const { name, value = '', valueFrom } = variable;
    const errors = checkName(name, at.child('name'), isEnvVarName);
    if (valueFrom !== undefined) errors.push(...validateSource(valueFrom, value, at.child('valueFrom')));
    return errors;
  });
}

function validateSource(source: EnvVarSource, value: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef !== undefined) {
    errors.push(...validateFieldSelector(fieldRef, environmentFields, path.child('fieldRef')));
  }
  if (resourceFieldRef !== undefined) {
    errors.push(...validateResourceFieldSelector(resourceFieldRef, false, path.child('resourceFieldRef')));
  }
  if (configMapKeyRef !== undefined) errors.push(...validateKey(configMapKeyRef, path.child('configMapKeyRef')));
  if (secretKeyRef !== undefined) errors.push(...validateKey(secretKeyRef, path.child('secretKeyRef')));
  if (fileKeyRef !== undefined) errors.push(...validateFileKey(fileKeyRef, path.child('fileKeyRef')));
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(
    (one) => one !== undefined,
  ).length;
  if (given === 0) {
    const message =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalid(path, '', message));
  } else if (value !== '') {
    errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  } else if (given > 1) {
    errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

function validateKey({ name = '', key }: ConfigMapKeySelector | SecretKeySelector, path: FieldPath): FieldError[] {
  // Names of config maps and secrets are subdomains; an empty one is told by the same check, from 1.31 on.
  const errors = isDns1123Subdomain(name).map((message) => invalid(path.child('name'), name, message));
  return [...errors, ...checkName(key, path.child('key'), isConfigMapKey)];
}

function validateFileKey({ key, volumeName, path: file }: FileKeySelector, path: FieldPath): FieldError[] {
  return [
    ...checkName(key, path.child('key'), isEnvVarName),
    ...checkName(volumeName, path.child('volumeName'), isDns1123Label),
    ...(file === '' ? [required(path.child('path'))] : checkNoBacksteps(file, path.child('path'))),
  ];
}

/** Checks where a container takes all keys as variables (core validation's ValidateEnvFrom). */
export function validateEnvironmentSources(sources: readonly EnvFromSource[], path: FieldPath): FieldError[] {
  return sources.flatMap(({ prefix = '', configMapRef, secretRef }, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (prefix !== '') {
      errors.push(...isEnvVarName(prefix).map((message) => invalid(at.child('prefix'), prefix, message)));
    }
    if (configMapRef !== undefined) {
      errors.push(...checkName(configMapRef.name, at.child('configMapRef', 'name'), isDns1123Subdomain));
    }
    if (secretRef !== undefined) {
      errors.push(...checkName(secretRef.name, at.child('secretRef', 'name'), isDns1123Subdomain));
    }
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
}

function checkName(name: string | undefined, path: FieldPath, check: (name: string) => string[]): FieldError[] {
  if (name === undefined || name === '') return [required(path)];
  return check(name).map((message) => invalid(path, name, message));
}
