import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { protobufFields } from '../../../src/apimachinery/decoding/type-fields.ts';
import { builtInResources, builtInSchemas, builtInTypes } from '../../../src/api/registry.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import { readBody } from '../../../src/apimachinery/http.ts';
import { stringifyJson } from '../../../src/apimachinery/json-codec.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import type { Schema } from '../../../src/apimachinery/schema.ts';
import { protobufCodec } from '../../../src/control-plane/apiserver/codecs/protobuf-media-type.ts';
import { readMessage, writeMessage } from '../../../src/control-plane/apiserver/codecs/protobuf-message.ts';
import { goldenJson, goldenPath } from '../../support/golden.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

const mediaType = 'application/vnd.kubernetes.protobuf';
const codec = protobufCodec;

/** Messages of the golden file by the names our types have. */
type Messages = Record<string, Record<string, { number: number; type?: string; map?: string[]; repeated?: boolean }>>;

/** Types that write themselves in a way of their own. */
const special = /\.(Time|MicroTime|Quantity|IntOrString|RawExtension|FieldsV1|JSON|JSONSchemaPropsOr\w+|Patch|Info)$/;

function goldenName(type: string): string {
  return type.replace('io.k8s.', 'k8s.io.').replace(/(kube|apiextensions)-/, '$1_');
}

test('field numbers and shapes are those of the real types', (context) => {
  const messages = goldenJson(context, 'protobuf.json') as Messages | undefined;
  if (messages === undefined) return;
  const differences: string[] = [];
  const compare = (type: string, properties: Readonly<Record<string, Schema>>): Set<string> => {
    const golden = messages[goldenName(type)];
    const seen = new Set<string>();
    if (golden === undefined) {
      differences.push(`${type}: the real API has no such message`);
      return seen;
    }
    const byNumber = new Map(Object.values(golden).map((field) => [field.number, field]));
    for (const field of protobufFields(type, builtInSchemas) ?? []) {
      // Feature gates of ours bring what the real API has no more.
      if (field.isGated) continue;
      const real = byNumber.get(field.number);
      byNumber.delete(field.number);
      if (field.isEmbedded) {
        for (const name of compare(field.name, properties)) seen.add(name);
        if (real?.type !== goldenName(field.name)) differences.push(`${type}.${field.name}: embedded`);
        continue;
      }
      seen.add(field.name);
      const schema = properties[field.name];
      const shape = schema === undefined ? 'none' : shapeOf(schema, field.isWrapped);
      const realShape =
        real?.map === undefined ? `${real?.repeated === true ? '[]' : ''}${real?.type}` : real.map.join('→');
      // Lists in messages of their own.
      const sameWrapper = shape.endsWith('wrapped') && /(Verbs|ExtraValue)$/.test(realShape);
      if (shape !== realShape && !sameWrapper) differences.push(`${type}.${field.name}: ${shape}, not ${realShape}`);
    }
    for (const number of byNumber.keys()) differences.push(`${type}: field ${number} is missing`);
    return seen;
  };
  for (const { name, schema } of builtInTypes().values()) {
    const { properties } = schema;
    if (properties === undefined || special.test(name)) continue;
    const seen = compare(name, properties);
    for (const property of Object.keys(properties)) {
      if (property !== 'apiVersion' && property !== 'kind' && !seen.has(property)) {
        differences.push(`${name}.${property} has no number`);
      }
    }
  }
  assert.deepEqual(differences, []);
});

function shapeOf(schema: Schema, isWrapped: boolean): string {
  if (schema.additionalProperties !== undefined) return `string→${shapeOf(schema.additionalProperties, true)}`;
  if (schema.type === 'array') return isWrapped ? wrapperOf(schema) : `[]${shapeOf(schema.items ?? {}, false)}`;
  if (schema.ref !== undefined) return goldenName(schema.ref);
  if (schema.format === 'byte') return 'bytes';
  if (schema.type === 'boolean') return 'bool';
  return schema.format !== undefined && /^(int32|int64|double)$/.test(schema.format) ? schema.format : `${schema.type}`;
}

/** Lists in messages of their own are all lists of texts; their message's name is the same in each group. */
function wrapperOf(schema: Schema): string {
  assert.equal(schema.items?.type, 'string');
  return 'wrapped';
}

const pod: JsonObject = {
  metadata: { name: 'web', labels: { app: 'web', a: 'b' }, creationTimestamp: '2026-11-24T10:00:00Z' },
  spec: {
    volumes: [{ name: 'data', emptyDir: {} }],
    containers: [
      {
        name: 'main',
        image: 'nginx',
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: '500m' }, requests: { memory: '1Gi' } },
        livenessProbe: { httpGet: { port: 'http' }, periodSeconds: 10 },
        env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a', optional: false } } }],
      },
    ],
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
  },
  status: { startTime: '2026-11-24T10:00:01Z' },
};
const podType = 'io.k8s.api.core.v1.Pod';

test('what was written is read back', () => {
  assert.deepEqual(readMessage(writeMessage(pod, podType, builtInSchemas), podType, builtInSchemas), {
    ...pod,
    metadata: pod['metadata'],
  });
});

test('pointers keep their zero values, others lose them', () => {
  const type = 'io.k8s.api.apps.v1.DeploymentSpec';
  const spec = { replicas: 0, minReadySeconds: 0, selector: {}, template: { metadata: {}, spec: { containers: [] } } };
  const read = readMessage(writeMessage(spec, type, builtInSchemas), type, builtInSchemas);
  assert.equal(read['replicas'], 0);
  assert.equal(Object.hasOwn(read, 'minReadySeconds'), false);
});

test('integers beyond 2^53, bytes and schemas of custom resources survive', () => {
  const crdType = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
  const schema = {
    type: 'object',
    properties: { a: { items: { type: 'string' }, default: [1, { b: null }] }, $ref: { additionalProperties: true } },
    'x-kubernetes-preserve-unknown-fields': true,
    enum: ['x', 2],
  };
  const read = readMessage(writeMessage(schema, crdType, builtInSchemas), crdType, builtInSchemas);
  assert.deepEqual(read, schema);
  const secret = { data: { key: Buffer.from([0, 255]).toString('base64') } };
  const secretType = 'io.k8s.api.core.v1.Secret';
  assert.deepEqual(readMessage(writeMessage(secret, secretType, builtInSchemas), secretType, builtInSchemas)['data'], {
    key: 'AP8=',
  });
  const owner = { metadata: { generation: 9007199254740993n } };
  const leaseType = 'io.k8s.api.coordination.v1.Lease';
  assert.deepEqual(readMessage(writeMessage(owner, leaseType, builtInSchemas), leaseType, builtInSchemas)['metadata'], {
    generation: 9007199254740993n,
  });
});

/** Without members that say nothing (null, the empty text): protobuf does not have them. */
function withoutNothing(object: unknown): unknown {
  return JSON.parse(stringifyJson(object), (_key, value: unknown) => (value === '' ? undefined : (value ?? undefined)));
}

test('what the real server keeps survives the way through protobuf', (context) => {
  const folder = goldenPath(context, 'samples/output');
  if (folder === undefined) return;
  const kinds = new Set(
    builtInResources.map(({ group, version, kind }) => `${group === '' ? '' : `${group}/`}${version}/${kind}`),
  );
  for (const file of readdirSync(folder)) {
    const list = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { items: Unstructured[] };
    for (const object of list.items) {
      const type = `${object.apiVersion}/${object.kind}`;
      // Kinds of embedded objects, such as the claims of a StatefulSet, have no place on the wire.
      if (!kinds.has(type) || object.kind === 'StatefulSet') continue;
      const { value } = codec.decode(codec.encode(object, false));
      assert.deepEqual(withoutNothing(value), withoutNothing(object), file);
    }
  }
});

test('an object is created from protobuf and answered in protobuf', async () => {
  const api = await createTestApiServer();
  const body = codec.encode({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } }, false);
  const created = await api.server.handle({
    method: 'POST',
    path: '/api/v1/namespaces/default/configmaps',
    headers: { 'content-type': mediaType, accept: mediaType },
    body,
  });
  assert.equal(created.status, 201);
  assert.equal(created.headers['content-type'], mediaType);
  const { value } = codec.decode(await readBody(created.body));
  assert.deepEqual((value as JsonObject)['data'], { k: 'v' });
  const stored = await api.request('GET', '/api/v1/namespaces/default/configmaps/a');
  assert.deepEqual(stored.body['data'], { k: 'v' });
  await api.close();
});

test('a watch in protobuf has frames with their length', async () => {
  const api = await createTestApiServer();
  const path = '/api/v1/namespaces?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Ddefault';
  const stop = new AbortController();
  const response = await api.open(path, { accept: mediaType }, stop.signal);
  assert.equal(response.headers['content-type'], `${mediaType};stream=watch`);
  assert.ok(!(response.body instanceof Uint8Array));
  for await (const chunk of response.body) {
    const frame = Buffer.from(chunk);
    assert.equal(frame.readUInt32BE(0), frame.byteLength - 4);
    assert.ok(frame.includes('ADDED'));
    const start = frame.indexOf('k8s\0');
    const { value } = codec.decode(frame.subarray(start));
    assert.equal(((value as JsonObject)['metadata'] as JsonObject)['name'], 'default');
    break;
  }
  stop.abort();
  await api.close();
});

test('metadata alone is answered in protobuf, of one object and of a list, in both versions', async () => {
  const api = await createTestApiServer();
  for (const version of ['v1', 'v1beta1']) {
    const ask = async (path: string, as: string): Promise<Uint8Array> => {
      const headers = { accept: `${mediaType};as=${as};g=meta.k8s.io;v=${version}` };
      const response = await api.server.handle({ method: 'GET', path, headers });
      assert.equal(response.status, 200);
      return readBody(response.body);
    };
    const one = codec.decode(await ask('/api/v1/namespaces/default', 'PartialObjectMetadata')).value as JsonObject;
    assert.equal(one['kind'], 'PartialObjectMetadata');
    assert.equal(one['apiVersion'], `meta.k8s.io/${version}`);
    assert.equal((one['metadata'] as JsonObject)['name'], 'default');
    const bytes = await ask('/api/v1/namespaces', 'PartialObjectMetadataList');
    const list = codec.decode(bytes).value as JsonObject;
    const names = (list['items'] as unknown as Unstructured[]).map(({ metadata }) => metadata.name);
    assert.deepEqual(names, ['default', 'kube-system']);
    // The older list has its items first.
    const { resourceVersion } = list['metadata'] as { resourceVersion: string };
    const whole = Buffer.from(bytes);
    assert.equal(whole.indexOf('default') < whole.indexOf(resourceVersion), version === 'v1beta1');
  }
  await api.close();
});

test('a message that comes twice adds to what it was', () => {
  const type = 'io.k8s.api.core.v1.ConfigMap';
  const bytes = (metadata: JsonObject): Uint8Array => writeMessage({ metadata }, type, builtInSchemas);
  const both = Buffer.concat([
    bytes({ name: 'a', labels: { x: '1', y: '1' }, finalizers: ['e.com/f'] }),
    bytes({ name: 'b', labels: { y: '2' }, finalizers: ['e.com/g'] }),
  ]);
  const { metadata } = readMessage(both, type, builtInSchemas);
  const finalizers = ['e.com/f', 'e.com/g'];
  assert.deepEqual(metadata, { name: 'b', labels: { x: '1', y: '2' }, finalizers });
});

test('a message without fields is there all the same', () => {
  const type = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresources';
  const subresources = { status: {} };
  const bytes = writeMessage(subresources, type, builtInSchemas);
  assert.equal(Buffer.from(bytes).toString('hex'), '0a00');
  assert.deepEqual(readMessage(bytes, type, builtInSchemas), subresources);
});

test('what is not protobuf is refused as the real server refuses it', async () => {
  const api = await createTestApiServer();
  const refused = async (body: string): Promise<unknown> =>
    (await api.request('POST', '/api/v1/namespaces/default/configmaps', body, { 'content-type': mediaType })).body[
      'message'
    ];
  assert.equal(
    await refused('k8s\0'),
    'the object provided is unrecognized (must be of type ConfigMap): empty body (6b387300)',
  );
  assert.equal(
    await refused('{}'),
    'the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})',
  );
  await api.close();
});

test('a refusal in protobuf has the bytes of the real one', () => {
  const status = {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message: 'only',
    reason: 'NotAcceptable',
    code: 406,
  };
  assert.equal(
    Buffer.from(codec.encode(status, false)).toString('latin1'),
    'k8s\0\n\f\n\u0002v1\u0012\u0006Status\u0012)\n\u0006\n\0\u0012\0\u001a\0\u0012\u0007Failure\u001a\u0004only"\rNotAcceptable0\u0096\u0003\u001a\0"\0',
  );
});
