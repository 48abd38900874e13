import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  documentationWithInitializers,
  initializerConfigurationResource,
  typesWithInitializers,
} from '../../../src/api/admissionregistration/v1alpha1/initializer-configuration.ts';
import { builtInResources, builtInTypes } from '../../../src/api/registry.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import { protobufCodec, protobufCodecFor } from '../../../src/control-plane/apiserver/codecs/protobuf-media-type.ts';
import { typeIndexOf } from '../../../src/control-plane/apiserver/codecs/type-index.ts';
import { renderedOpenApi } from '../../../src/control-plane/apiserver/openapi/rendered-openapi.ts';

const codec = protobufCodecFor(typeIndexOf(typesWithInitializers));
const version = 'admissionregistration.k8s.io/v1alpha1';

const configuration = {
  apiVersion: version,
  kind: 'InitializerConfiguration',
  metadata: { name: 'c' },
  initializers: [{ name: 'a.b.c', rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] }],
};
const map = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'm', initializers: { pending: [{ name: 'a.b.c' }] } },
};

test('initializers have the numbers of their fields as in Kubernetes 1.13', () => {
  for (const object of [configuration, { ...configuration, kind: `${configuration.kind}List`, metadata: {} }, map]) {
    const isList = object.kind.endsWith('List');
    const written = isList ? { apiVersion: version, kind: object.kind, metadata: {}, items: [configuration] } : object;
    const { value } = codec.decode(codec.encode(written, false));
    const { kind: _kind, apiVersion: _version, ...item } = configuration;
    const expected = isList ? { ...written, items: [{ ...item }] } : written;
    const read = value as JsonObject;
    assert.deepEqual(stripEmpty(read), stripEmpty(expected as unknown as JsonObject));
  }
  // metadata (1), initializers (16), pending (1), name (1).
  const bytes = Buffer.from(codec.encode(map, false)).toString('hex');
  assert.ok(bytes.includes(`8201090a070a05${Buffer.from('a.b.c').toString('hex')}`), bytes);
});

test('without the feature gate the wire knows nothing of them', () => {
  const plain = { ...map, metadata: { name: 'm' } };
  assert.deepEqual(protobufCodec.encode(map, false), protobufCodec.encode(plain, false));
  const { value } = protobufCodec.decode(codec.encode(map, false));
  assert.deepEqual(stripEmpty(value as JsonObject), plain);
  assert.throws(() => protobufCodec.encode(configuration, false), /only the following media types are accepted/);
});

test('they are published where they are served', async () => {
  const openApi = renderedOpenApi(
    {
      resources: [...builtInResources, initializerConfigurationResource],
      types: typesWithInitializers(),
      documentation: documentationWithInitializers(() => undefined),
      version: '1.36',
    },
    (name) => name,
  );
  const paths = await openApi.index();
  assert.equal(
    paths['apis/admissionregistration.k8s.io/v1alpha1']?.serverRelativeURL,
    '/openapi/v3/apis/admissionregistration.k8s.io/v1alpha1?hash=apis/admissionregistration.k8s.io/v1alpha1',
  );
  const bytes = await openApi.document('apis/admissionregistration.k8s.io/v1alpha1');
  const document = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as {
    paths: Record<string, unknown>;
    components: { schemas: Record<string, { properties: Record<string, JsonObject>; description?: string }> };
  };
  assert.ok('/apis/admissionregistration.k8s.io/v1alpha1/initializerconfigurations/{name}' in document.paths);
  const { schemas } = document.components;
  const kind = schemas['io.k8s.api.admissionregistration.v1alpha1.InitializerConfiguration'];
  assert.equal(kind?.description, 'InitializerConfiguration says which initializers new objects wait for.');
  assert.equal(kind?.properties['initializers']?.['x-kubernetes-patch-merge-key'], 'name');
  assert.ok(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']?.properties['initializers'] !== undefined);
  const plain = builtInTypes().get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
  assert.equal(plain?.schema.properties?.['initializers'], undefined);
});

/** What Go would leave out; creationTimestamp comes as null. */
function stripEmpty(object: JsonObject): JsonObject {
  const text = JSON.stringify(object, (_, value: unknown) => (value === null ? undefined : value));
  return JSON.parse(text) as JsonObject;
}
