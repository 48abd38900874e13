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

test('what objects leave out is told as by the real kubectl', async (t) => {
  const server = await createTestApiServer();
  t.after(() => server.close());
  const meta = { metadata: { name: 'x', namespace: 'default' } };
  const told = (object: object): Promise<string> =>
    describeObject(object as Unstructured, { client: server.client, showEvents: false, chunkSize: 500, now: 0 });
  const containers = [
    {
      name: 'c',
      image: 'i',
      ports: [{ containerPort: 80 }],
      livenessProbe: { httpGet: { host: 'a b', port: 1, path: '/p' } },
    },
  ];
  const status = {
    containerStatuses: [
      { name: 'c', ready: true, restartCount: 0, state: { waiting: { reason: 'R' }, terminated: { exitCode: 1 } } },
    ],
  };
  const pod = await told({ apiVersion: 'v1', kind: 'Pod', ...meta, spec: { containers }, status });
  assert.match(pod, /\n {4}Port: +80\/\n {4}Host Port: +0\/\n/);
  assert.match(pod, /\n {4}State: +Waiting\n {6}Reason: +R\n/);
  assert.match(pod, /Liveness: +http-get \/\/a%20b:1\/p delay/);
  const controller = { apiVersion: 'v1', kind: 'ReplicationController', ...meta };
  assert.match(await told(controller), /\nPod Template:\n {2}<unset>$/);
  const expression = { matchExpressions: [{ key: 'a', operator: 'Is' }] };
  const job = await told({ apiVersion: 'batch/v1', kind: 'Job', ...meta, spec: { selector: expression } });
  assert.match(job, /\nSelector: +Failed to get selector: "Is" is not a valid label selector operator\n/);
  assert.match(job, /\nPod Template:\n {2}Labels: +<none>\n {2}Containers: <none>\n/);
  const strategy = { type: 'RollingUpdate', rollingUpdate: {} };
  const deployment = await told({ apiVersion: 'apps/v1', kind: 'Deployment', ...meta, spec: { strategy } });
  assert.match(deployment, /\nRollingUpdateStrategy: +<nil> max unavailable, <nil> max surge\n/);
  const backend = { service: { name: '', port: { number: 1 } } };
  const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', ...meta, spec: { defaultBackend: backend } };
  assert.match(await told(ingress), /\nDefault backend: +:1 \(<error: resource name may not be empty>\)\n/);
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: [] }];
  assert.match(await told({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', ...meta, rules }), /-----\n$/);
  const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...meta, addressType: 'IPv4' };
  assert.match(await told({ ...slice, endpoints: [{ addresses: [''] }] }), /\n {2}- Addresses: +<none>\n/);
});
