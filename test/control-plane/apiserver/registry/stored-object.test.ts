import assert from 'node:assert/strict';
import test from 'node:test';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import {
  decodeStored,
  encodeStored,
  servedBytes,
} from '../../../../src/control-plane/apiserver/registry/stored-object.ts';

function served(object: Unstructured): string {
  const value = { key: 'k', value: encodeStored(object), createRevision: 7, modRevision: 7 };
  assert.equal(decodeStored(value).metadata.resourceVersion, '7');
  return Buffer.from(servedBytes(value)).toString();
}

void test('the resourceVersion of a built-in kind stands behind its uid', () => {
  const labels = { uid: 'x' };
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { labels, uid: 'u', resourceVersion: '3', name: 'c' },
  };
  assert.equal(
    served(object),
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c","uid":"u","resourceVersion":"7","labels":{"uid":"x"}}}',
  );
});

void test('that of a custom resource stands before it, whatever else has a uid', () => {
  const metadata = {
    annotations: { 'q"uid\\': '\\"uid":"' },
    labels: { uid: 'x' },
    name: 'w',
    ownerReferences: [{ uid: 'o' }],
    uid: 'u',
  } as unknown as Unstructured['metadata'];
  assert.equal(
    served({
      apiVersion: 'e.com/v1',
      kind: 'Wid',
      metadata,
      spec: { uid: 's', metadata: { uid: 't' } },
    }),
    '{"apiVersion":"e.com/v1","kind":"Wid","metadata":{"annotations":{"q\\"uid\\\\":"\\\\\\"uid\\":\\""},"labels":{"uid":"x"},"name":"w","ownerReferences":[{"uid":"o"}],"resourceVersion":"7","uid":"u"},"spec":{"metadata":{"uid":"t"},"uid":"s"}}',
  );
  assert.equal(
    served({ apiVersion: 'e.com/v1', kind: 'Wid', metadata: { uid: 'u' } }),
    '{"apiVersion":"e.com/v1","kind":"Wid","metadata":{"resourceVersion":"7","uid":"u"}}',
  );
});
