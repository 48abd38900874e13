import type { JsonValue } from '../../../apimachinery/json.ts';
import type { Schema } from '../../../apimachinery/schema.ts';

/** Fields of type string in the schema whose Go type has a name of its own, which messages show. */
const namedStringFields: Readonly<Record<string, string>> = {
  'ObjectMeta.uid': 'types.UID',
  'OwnerReference.uid': 'types.UID',
  'ObjectReference.uid': 'types.UID',
  'Preconditions.uid': 'types.UID',
  'ServicePort.protocol': 'v1.Protocol',
  'ContainerPort.protocol': 'v1.Protocol',
  'Container.imagePullPolicy': 'v1.PullPolicy',
  'PodSpec.restartPolicy': 'v1.RestartPolicy',
  'PodSpec.dnsPolicy': 'v1.DNSPolicy',
  'ServiceSpec.type': 'v1.ServiceType',
  'Secret.type': 'v1.SecretType',
};

/** `PodSpec` of `io.k8s.api.core.v1.PodSpec`. */
export function goStructName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}

/** `v1.PodSpec` of `io.k8s.api.core.v1.PodSpec`: package and name, as Go shows a type. */
export function goQualifiedName(fullName: string): string {
  return fullName.split('.').slice(-2).join('.');
}

/** The Go type of a field as json's messages show it; `owner` and `field` help where the schema says only string. */
export function goTypeName(schema: Schema, owner: string, field: string): string {
  if (schema.intOrString === true || schema.format === 'int-or-string') return 'intstr.IntOrString';
  if (schema.type === undefined && schema.ref !== undefined) return goQualifiedName(schema.ref);
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? '[]uint8' : (namedStringFields[`${owner}.${field}`] ?? 'string');
    case 'integer':
      return schema.format === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'array':
      return `[]${schema.items === undefined ? 'interface {}' : goTypeName(schema.items, owner, '')}`;
    case 'object':
      if (schema.additionalProperties !== undefined) {
        return `map[string]${goTypeName(schema.additionalProperties, owner, '')}`;
      }
      return schema.ref === undefined ? 'map[string]interface {}' : goQualifiedName(schema.ref);
    default:
      return 'interface {}';
  }
}

/** How json's messages call a value that does not fit. */
export function describeJsonKind(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'number';
    default:
      return 'object';
  }
}
