import { type FieldError, FieldPath, fieldForbidden, invalid, required } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { isConfigMapKey, nameIsDnsLabel } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { ConfigMap, Namespace, Secret } from '../../types/core-v1.ts';

const root = new FieldPath();
const immutableSet = 'field is immutable when `immutable` is set';

/** stringData is written as data, and never kept. */
function foldStringData(object: Unstructured): void {
  const secret = object as unknown as Secret;
  for (const [key, value] of Object.entries(secret.stringData ?? {})) {
    secret.data = { ...secret.data, [key]: Buffer.from(value).toString('base64') };
  }
  delete secret.stringData;
}

const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

function validateSecret(object: Unstructured): FieldError[] {
  const { data = {}, type = '' } = object as unknown as Secret;
  const errors = Object.keys(data).flatMap((key) =>
    isConfigMapKey(key).map((message) => invalid(root.child('data').key(key), key, message)),
  );
  for (const key of requiredKeys[type] ?? []) {
    if (!Object.hasOwn(data, key)) errors.push(required(root.child('data').key(key)));
  }
  return errors;
}

/** What the registry does with secrets. */
export const secretStrategy: Strategy = {
  prepareForCreate: foldStringData,
  prepareForUpdate: foldStringData,
  validateCreate: validateSecret,
  validateUpdate(object, old) {
    const secret = object as unknown as Secret;
    const before = old as unknown as Secret;
    const errors = validateSecret(object);
    if (secret.type !== before.type) errors.unshift(invalid(root.child('type'), secret.type, 'field is immutable'));
    if (before.immutable === true) {
      if (secret.immutable !== true) errors.push(fieldForbidden(root.child('immutable'), immutableSet));
      if (!equalJson(secret.data ?? {}, before.data ?? {}))
        errors.push(fieldForbidden(root.child('data'), immutableSet));
    }
    return errors;
  },
};

function validateConfigMap(object: Unstructured): FieldError[] {
  const { data = {}, binaryData = {} } = object as unknown as ConfigMap;
  const check = (field: string, keys: readonly string[], other: object): FieldError[] =>
    keys.flatMap((key) => {
      const at = root.child(field).key(key);
      const errors = isConfigMapKey(key).map((message) => invalid(at, key, message));
      if (field === 'data' && Object.hasOwn(other, key)) {
        errors.push(invalid(at, key, 'duplicate of key present in binaryData'));
      }
      return errors;
    });
  return [
    ...check('data', Object.keys(data).toSorted(), binaryData),
    ...check('binaryData', Object.keys(binaryData).toSorted(), data),
  ];
}

/** What the registry does with config maps. */
export const configMapStrategy: Strategy = {
  validateCreate: validateConfigMap,
  validateUpdate(object, old) {
    const map = object as unknown as ConfigMap;
    const before = old as unknown as ConfigMap;
    const errors: FieldError[] = [];
    if (before.immutable === true) {
      if (map.immutable !== true) errors.push(fieldForbidden(root.child('immutable'), immutableSet));
      if (!equalJson(map.data ?? {}, before.data ?? {})) errors.push(fieldForbidden(root.child('data'), immutableSet));
      if (!equalJson(map.binaryData ?? {}, before.binaryData ?? {})) {
        errors.push(fieldForbidden(root.child('binaryData'), immutableSet));
      }
    }
    return [...errors, ...validateConfigMap(object)];
  },
};

/** Namespaces have the names of DNS labels. */
export const namespaceStrategy: Strategy = {
  hasGeneration: false,
  returnDeletedObject: true,
  validateName: nameIsDnsLabel,
  // Only the finalize subresource takes finalizers away.
  adjustForUpdate(object, old) {
    const finalizers = (old as unknown as Namespace).spec?.finalizers;
    if (finalizers !== undefined) object['spec'] = { ...(object as unknown as Namespace).spec, finalizers };
  },
};
