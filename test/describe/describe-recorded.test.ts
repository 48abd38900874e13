import assert from 'node:assert/strict';
import test from 'node:test';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { describeObject } from '../../src/describe/describe.ts';
import { fieldLabel } from '../../src/describe/generic.ts';
import { createTestApiServer } from '../support/test-api-server.ts';
import { goldenJson, goldenText } from '../support/golden.ts';

/** Kinds whose descriptions need nothing but the object; all were described without events. */
const recorded = [
  'pods',
  'configmaps',
  'secrets',
  'apiservices.apiregistration.k8s.io',
  'controllerrevisions.apps',
  'events',
];

test('objects are described as they were recorded', async (t) => {
  const server = await createTestApiServer();
  t.after(() => server.close());
  for (const name of recorded) {
    const list = goldenJson(t, `samples/output/${name}.json`) as { items: Unstructured[] } | undefined;
    const expected = goldenText(t, `samples/describe/${name}.txt`);
    if (list === undefined || expected === undefined) return;
    const items = list.items.filter(({ metadata }) => [undefined, 'demo'].includes(metadata.namespace));
    const texts: string[] = [];
    for (const object of items) {
      texts.push(await describeObject(object, { client: server.client, showEvents: false, chunkSize: 500, now: 0 }));
    }
    await t.test(name, () => assert.equal(texts.join('\n\n'), expected));
  }
});

test('field names become labels', () => {
  const cases = {
    creationTimestamp: 'Creation Timestamp',
    apiVersion: 'API Version',
    uid: 'UID',
    'x-kubernetes-validations': 'X - Kubernetes - Validations',
    openAPIV3Schema: 'openAPIV3Schema',
    $patch: '$patch',
    podIPs: 'Pod I Ps',
    nonResourceURLs: 'Non Resource URLs',
    someHTTPServer: 'Some HTTPServer',
  };
  for (const [field, label] of Object.entries(cases)) assert.equal(fieldLabel(field), label);
});

test('pods on a node that tells no amounts have the share of nothing that the real kubectl tells', async (t) => {
  const server = await createTestApiServer();
  t.after(() => server.close());
  const node = await server.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'bare' } });
  await server.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { nodeName: 'bare', containers: [{ name: 'c', image: 'i', resources: { requests: { memory: '1Gi' } } }] },
  });
  const text = await describeObject(
    { ...node, apiVersion: 'v1', kind: 'Node' },
    { client: server.client, showEvents: false, chunkSize: 500, now: 0 },
  );
  const none = '\\(-9223372036854775808%\\)';
  assert.match(text, new RegExp(`  default +p +0 ${none} +0 ${none} +1Gi ${none} +0 ${none} `));
  assert.match(text, /\n {2}memory +1Gi \(0%\) +0 \(0%\)\n/);
});
