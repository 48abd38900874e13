import { messageOf } from '../../../apimachinery/error-message.ts';
import { checkTlsKeyPair } from '../../../apimachinery/tls-key-pair.ts';
import {
  checkImmutable,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { equalJson, isJsonObject } from '../../../apimachinery/json.ts';
import { JsonSyntaxError, parseJson } from '../../../apimachinery/json-codec.ts';
import { isConfigMapKey } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Secret } from '../../types/core-v1.ts';

const dataPath = new FieldPath('data');
const serviceAccountName = 'kubernetes.io/service-account.name';

/** The most that the values of a secret or a config map may have together. */
export const mostDataBytes = 1024 * 1024;

/** What may not change once `immutable` is set. */
export const immutableOnceSet = 'field is immutable when `immutable` is set';

/** Opaque; stringData is written as data, and never kept. */
export function setSecretDefaults(object: Unstructured): void {
  const secret = secretOf(object);
  if ((secret.type ?? '') === '') secret.type = 'Opaque';
  for (const [key, value] of Object.entries(secret.stringData ?? {})) {
    secret.data = { ...secret.data, [key]: Buffer.from(value).toString('base64') };
  }
  delete secret.stringData;
}

/** What the registry does with secrets. */
export const secretStrategy: Strategy = {
  warningsOnCreate: (object) => pairWarnings(secretOf(object)),
  warningsOnUpdate: (object) => pairWarnings(secretOf(object)),
  validateCreate: (object) => validateSecret(secretOf(object)),
  validateUpdate(object, old) {
    const [secret, before] = [secretOf(object), secretOf(old)];
    const errors = checkImmutable(new FieldPath('type'), secret.type, before.type);
    if (before.immutable === true) {
      if (secret.immutable !== true) errors.push(fieldForbidden(new FieldPath('immutable'), immutableOnceSet));
      if (!equalJson(secret.data ?? null, before.data ?? null)) errors.push(fieldForbidden(dataPath, immutableOnceSet));
    }
    return errors;
  },
  validateAsNew: (object) => validateSecret(secretOf(object)),
};

/** What is wrong with a certificate and its key. */
function pairWarnings({ data = {}, type }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const textOf = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('latin1');
  try {
    checkTlsKeyPair(textOf('tls.crt'), textOf('tls.key'));
  } catch (error) {
    return [messageOf(error)];
  }
  return [];
}

function secretOf(object: Unstructured): Secret {
  return object;
}

function validateSecret({ metadata, data = {}, type = '' }: Secret): FieldError[] {
  const errors = Object.keys(data).flatMap((key) =>
    isConfigMapKey(key).map((message) => invalid(dataPath.key(key), key, message)),
  );
  const bytes = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);
  if (bytes > mostDataBytes) errors.push(tooLong(dataPath, mostDataBytes));
  const require = (...keys: string[]): FieldError[] =>
    keys.filter((key) => !Object.hasOwn(data, key)).map((key) => required(dataPath.key(key)));
  switch (type) {
    case 'kubernetes.io/service-account-token':
      if ((metadata.annotations?.[serviceAccountName] ?? '') !== '') return errors;
      return [...errors, required(new FieldPath('metadata').child('annotations').key(serviceAccountName))];
    case 'kubernetes.io/dockercfg':
      return [...errors, ...require('.dockercfg'), ...checkJson('.dockercfg', data)];
    case 'kubernetes.io/dockerconfigjson':
      return [...errors, ...require('.dockerconfigjson'), ...checkJson('.dockerconfigjson', data)];
    case 'kubernetes.io/basic-auth': {
      // One of both is enough.
      const missing = require('username', 'password');
      return missing.length === 2 ? [...errors, ...missing] : errors;
    }
    case 'kubernetes.io/ssh-auth':
      return (data['ssh-privatekey'] ?? '') === '' ? [...errors, required(dataPath.key('ssh-privatekey'))] : errors;
    case 'kubernetes.io/tls':
      return [...errors, ...require('tls.crt', 'tls.key')];
    default:
      return errors;
  }
}

function checkJson(key: string, data: Readonly<Record<string, string>>): FieldError[] {
  const value = data[key];
  if (value === undefined) return [];
  const refuse = (why: string): FieldError[] => [invalid(dataPath.key(key), '<secret contents redacted>', why)];
  try {
    const json = parseJson(Buffer.from(value, 'base64'));
    if (json === null || isJsonObject(json)) return [];
    const kind = Array.isArray(json) ? 'array' : typeof json === 'boolean' ? 'bool' : typeof json;
    return refuse(`json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return refuse(error.message);
    throw error;
  }
}
