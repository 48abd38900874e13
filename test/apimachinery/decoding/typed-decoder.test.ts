import assert from 'node:assert/strict';
import test from 'node:test';
import { builtInSchemas } from '../../../src/api/registry.ts';
import type { JsonValue } from '../../../src/apimachinery/json.ts';
import { decodeTyped } from '../../../src/apimachinery/decoding/typed-decoder.ts';

const core = 'io.k8s.api.core.v1';

const refused: readonly { readonly type: string; readonly value: JsonValue; readonly message: string }[] = [
  {
    type: `${core}.ConfigMap`,
    value: { data: { a: 1 } },
    message: 'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  },
  {
    type: `${core}.ConfigMap`,
    value: { metadata: { labels: [] } },
    message: 'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
  },
  {
    type: `${core}.ConfigMap`,
    value: { metadata: { uid: 5 } },
    message: 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.uid of type types.UID',
  },
  {
    type: `${core}.Pod`,
    value: { spec: { containers: [{ name: 'c', command: 'x' }] } },
    message: 'json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string',
  },
  {
    type: `${core}.Pod`,
    value: { spec: 'x' },
    message: 'json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec',
  },
  {
    type: `${core}.Pod`,
    value: { metadata: { creationTimestamp: 'yesterday' } },
    message: 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
  },
  {
    type: `${core}.Secret`,
    value: { data: { a: '!' } },
    message: 'illegal base64 data at input byte 0',
  },
  ...Object.entries({ 'a=': 1, 'ab=': 3, abc: 0, 'ab\ncd=': 5, 'a\nb!': 3 }).map(([a, byte]) => ({
    type: `${core}.Secret`,
    value: { data: { a } },
    message: `illegal base64 data at input byte ${byte}`,
  })),
  {
    type: `${core}.Service`,
    value: { spec: { ipFamilies: [7] } },
    message: 'json: cannot unmarshal number into Go struct field ServiceSpec.spec.ipFamilies of type v1.IPFamily',
  },
  {
    type: `${core}.Service`,
    value: { spec: { ipFamilies: 'x' } },
    message: 'json: cannot unmarshal string into Go struct field ServiceSpec.spec.ipFamilies of type []v1.IPFamily',
  },
  {
    type: `${core}.Pod`,
    value: { spec: { volumes: [{ hostPath: 'x' }] } },
    message:
      'json: cannot unmarshal string into Go struct field Volume.spec.volumes.VolumeSource.hostPath of type v1.HostPathVolumeSource',
  },
  {
    type: `${core}.Pod`,
    value: { spec: { overhead: 'x' } },
    message: 'json: cannot unmarshal string into Go struct field PodSpec.spec.overhead of type v1.ResourceList',
  },
  {
    type: 'io.k8s.api.apps.v1.StatefulSet',
    value: { spec: { volumeClaimTemplates: [{ kind: 7 }] } },
    message:
      'json: cannot unmarshal number into Go struct field PersistentVolumeClaim.spec.volumeClaimTemplates.TypeMeta.kind of type string',
  },
  {
    type: 'io.k8s.api.authorization.v1.SubjectAccessReview',
    value: { spec: { extra: 'x' } },
    message:
      'json: cannot unmarshal string into Go struct field SubjectAccessReviewSpec.spec.extra of type map[string]v1.ExtraValue',
  },
  {
    type: 'io.k8s.api.flowcontrol.v1.FlowSchema',
    value: { spec: { rules: [{ subjects: [{ kind: 7 }] }] } },
    message:
      'json: cannot unmarshal number into Go struct field Subject.spec.rules.subjects.kind of type v1.SubjectKind',
  },
  {
    type: 'io.k8s.api.rbac.v1.RoleBinding',
    value: { subjects: [{ kind: 7 }] },
    message: 'json: cannot unmarshal number into Go struct field Subject.subjects.kind of type string',
  },
  {
    type: `${core}.Event`,
    value: { eventTime: '' },
    message: 'parsing time "" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "" as "2006"',
  },
  {
    type: 'io.k8s.api.scheduling.v1.PriorityClass',
    value: { value: 1.5 },
    message: 'json: cannot unmarshal number 1.5 into Go struct field PriorityClass.value of type int32',
  },
];

for (const { type, value, message } of refused) {
  test(`${type} refuses ${JSON.stringify(value)}`, () => {
    assert.throws(() => decodeTyped(value, type, builtInSchemas), { message });
  });
}

test('unknown fields are dropped and told with their paths', () => {
  const value = { spec: { containers: [{ name: 'c', zork: 1 }], nope: {} }, extra: true };
  const { object, unknownFields } = decodeTyped(value, `${core}.Pod`, builtInSchemas);
  assert.deepEqual(unknownFields, ['spec.containers[0].zork', 'spec.nope', 'extra']);
  assert.deepEqual(object, { spec: { containers: [{ name: 'c' }] } });
});

test('null is nothing, times and quantities get their one way of writing, maps are sorted', () => {
  const value = {
    metadata: { labels: null, annotations: { b: '1', a: '2' }, creationTimestamp: '2020-01-01T02:00:00.5+02:00' },
    spec: { containers: [{ name: 'c', resources: { limits: { memory: '1024Mi', cpu: 1 } } }] },
  };
  const { object } = decodeTyped(value, `${core}.Pod`, builtInSchemas);
  assert.equal(
    JSON.stringify(object),
    '{"metadata":{"annotations":{"a":"2","b":"1"},"creationTimestamp":"2020-01-01T00:00:00Z"},' +
      '"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}}',
  );
});

test('empty optional maps and lists are left out', () => {
  const value = { data: {}, metadata: { name: 'x', labels: {}, finalizers: [] } };
  const { object } = decodeTyped(value, `${core}.ConfigMap`, builtInSchemas);
  assert.deepEqual(object, { metadata: { name: 'x' } });
});

test('schemas inside of schemas are read without telling of unknown fields', () => {
  const type = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
  const items = { type: 'string', default: null, unknown: 1 };
  const value = { type: 'array', items, additionalProperties: false, dependencies: { a: ['b'], c: { ...items } } };
  assert.deepEqual(decodeTyped(value, type, builtInSchemas), {
    object: {
      type: 'array',
      items: { type: 'string' },
      additionalProperties: false,
      dependencies: { a: ['b'], c: { type: 'string' } },
    },
    unknownFields: [],
  });
});
