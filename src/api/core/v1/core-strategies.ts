import {
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { isConfigMapKey, isDns1035Label, isDns1123Label, isValidPortNumber } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { ConfigMap, Secret, Service } from '../../types/core-v1.ts';

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
  validateName: isDns1123Label,
};

const serviceTypes = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function validateService(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as Service;
  if (spec === undefined) return [];
  const path = new FieldPath('spec');
  const errors: FieldError[] = [];
  const ports = spec.ports ?? [];
  const isHeadless = spec.clusterIP === 'None';
  if (ports.length === 0 && !isHeadless && spec.type !== 'ExternalName') errors.push(required(path.child('ports')));
  if (spec.type === 'ExternalName' && (spec.externalName ?? '') === '')
    errors.push(required(path.child('externalName')));
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const at = path.child('ports').index(index);
    const name = port.name ?? '';
    if (name === '' && ports.length > 1) errors.push(required(at.child('name')));
    else if (name !== '') {
      errors.push(...isDns1123Label(name).map((message) => invalid(at.child('name'), name, message)));
      if (names.has(name)) {
        errors.push({
          type: 'FieldValueDuplicate',
          field: at.child('name').toString(),
          body: `Duplicate value: "${name}"`,
        });
      }
      names.add(name);
    }
    errors.push(...isValidPortNumber(port.port ?? 0).map((message) => invalid(at.child('port'), port.port, message)));
    const protocols = ['SCTP', 'TCP', 'UDP'];
    if (!protocols.includes(port.protocol ?? ''))
      errors.push(notSupported(at.child('protocol'), port.protocol, protocols));
    if (typeof port.targetPort === 'number') {
      const target = port.targetPort;
      errors.push(...isValidPortNumber(target).map((message) => invalid(at.child('targetPort'), target, message)));
    }
  });
  const affinities = ['ClientIP', 'None'];
  if (!affinities.includes(spec.sessionAffinity ?? '')) {
    errors.push(notSupported(path.child('sessionAffinity'), spec.sessionAffinity ?? '', affinities));
  }
  if (!serviceTypes.includes(spec.type ?? ''))
    errors.push(notSupported(path.child('type'), spec.type ?? '', serviceTypes));
  return errors;
}

/** What the registry does with services, besides their addresses. */
export const serviceStrategy: Strategy = {
  hasGeneration: false,
  returnDeletedObject: true,
  validateName: isDns1035Label,
  validateCreate: validateService,
  validateUpdate(object, old, context) {
    if (context.subresource !== '') return [];
    const errors = validateService(object);
    const { spec } = object as unknown as Service;
    const before = (old as unknown as Service).spec;
    const keepsAddress = spec?.type !== 'ExternalName' && before?.type !== 'ExternalName';
    if (keepsAddress && (before?.clusterIP ?? '') !== '' && spec?.clusterIP !== before?.clusterIP) {
      const path = new FieldPath('spec.clusterIPs').index(0);
      errors.push(invalid(path, spec?.clusterIPs ?? null, 'may not change once set'));
    }
    return errors;
  },
};
