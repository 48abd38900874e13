import assert from 'node:assert/strict';
import test from 'node:test';
import { limitRanger } from '../../../src/control-plane/admission/limit-ranger.ts';
import { resourceQuota } from '../../../src/control-plane/admission/resource-quota.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';
import { admitted, clusterOf, podWith } from './admission-harness.ts';

const range = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'lr', namespace: 'ns' },
  spec: {
    limits: [
      {
        type: 'Container',
        default: { cpu: '1', memory: '1Gi' },
        defaultRequest: { cpu: '100m', memory: '1Gi' },
        max: { cpu: '2' },
        min: { cpu: '50m' },
        maxLimitRequestRatio: { cpu: '20' },
      },
      { type: 'Pod', max: { memory: '3Gi' } },
      { type: 'PersistentVolumeClaim', max: { storage: '2Gi' }, min: { storage: '1Mi' } },
    ],
  },
};
const limited = [limitRanger(clusterOf({ limitranges: [range] }))];
const resources = (requests: object, limits: object) => ({ resources: { requests, limits } });

const refusals: readonly (readonly [string, object, string])[] = [
  [
    'limits too high',
    podWith({}, resources({ cpu: '1' }, { cpu: '3' })),
    'maximum cpu usage per Container is 2, but limit is 3',
  ],
  [
    'requests too low',
    podWith({}, resources({ cpu: '1m' }, {})),
    'minimum cpu usage per Container is 50m, but request is 1m',
  ],
  [
    'limits too far from requests',
    podWith({}, resources({ cpu: '50m' }, { cpu: '2' })),
    'cpu max limit to request ratio per Container is 20, but provided ratio is 40.000000',
  ],
  [
    'too much together',
    podWith({ initContainers: [{ name: 'i', ...resources({}, { memory: '4Gi' }) }] }),
    'maximum memory usage per Pod is 3Gi, but limit is 4Gi',
  ],
];

for (const [title, pod, message] of refusals) {
  test(`limit ranges: ${title}`, async () => {
    assert.ok((await admitted(limited, 'pods', pod)).refusal.includes(message));
  });
}

test('limit ranges fill in what is missing and note it', async () => {
  const { object, refusal } = await admitted(limited, 'pods', podWith());
  assert.equal(refusal, '');
  const { containers } = object['spec'] as { containers: { resources: unknown }[] };
  assert.deepEqual(containers[0]?.resources, {
    limits: { cpu: '1', memory: '1Gi' },
    requests: { cpu: '100m', memory: '1Gi' },
  });
  assert.deepEqual(object.metadata.annotations, {
    'kubernetes.io/limit-ranger':
      'LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c',
  });
});

test('limit ranges bound claims', async () => {
  const claim = (storage: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'obj' },
    spec: { resources: { requests: { storage } } },
  });
  assert.equal((await admitted(limited, 'persistentvolumeclaims', claim('2Gi'))).refusal, '');
  assert.equal(
    (await admitted(limited, 'persistentvolumeclaims', claim('3Gi'))).refusal,
    'persistentvolumeclaims "obj" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
  );
});

const quota = (hard: Readonly<Record<string, string>>, used: Readonly<Record<string, string>>, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace: 'ns' },
  spec: { hard, ...spec },
  status: { hard, used },
});
const podQuota = quota(
  { 'limits.memory': '1Gi', pods: '1', 'requests.cpu': '1' },
  { 'limits.memory': '0', pods: '0', 'requests.cpu': '0' },
);
const under = (...quotas: object[]) => [resourceQuota(clusterOf({ resourcequotas: quotas }), new FakeClock())];

const quotaCases: readonly (readonly [string, object, string, object, string])[] = [
  [
    'what must be stated',
    podQuota,
    'pods',
    podWith(),
    'failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
  ],
  [
    'too many cores',
    podQuota,
    'pods',
    podWith({}, resources({ cpu: '2' }, { memory: '1Gi' })),
    'exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1',
  ],
  [
    'one pod too many',
    quota({ pods: '1' }, { pods: '1' }),
    'pods',
    podWith(),
    'exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
  ],
  [
    'node ports',
    quota({ services: '1', 'services.nodeports': '0' }, { services: '0', 'services.nodeports': '0' }),
    'services',
    { metadata: { name: 'n' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } },
    'exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0',
  ],
  [
    'storage of one class',
    quota(
      { 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' },
      { 'gold.storageclass.storage.k8s.io/requests.storage': '0' },
    ),
    'persistentvolumeclaims',
    { metadata: { name: 'c' }, spec: { storageClassName: 'gold', resources: { requests: { storage: '2Gi' } } } },
    'exceeded quota: q, requested: gold.storageclass.storage.k8s.io/requests.storage=2Gi',
  ],
  [
    'a status that is not there yet',
    { ...quota({ pods: '1' }, {}) },
    'pods',
    podWith(),
    'status unknown for quota: q, resources: pods',
  ],
  [
    'counts of anything',
    quota({ 'count/roles': '0' }, { 'count/roles': '0' }),
    'roles',
    { metadata: { name: 'r' } },
    '',
  ],
  ['another scope', quota({ pods: '0' }, { pods: '0' }, { scopes: ['Terminating'] }), 'pods', podWith(), ''],
  [
    'the right scope',
    quota({ pods: '0' }, { pods: '0' }, { scopes: ['BestEffort'] }),
    'pods',
    podWith(),
    'exceeded quota: q',
  ],
  [
    'a priority class',
    quota(
      { pods: '0' },
      { pods: '0' },
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } },
    ),
    'pods',
    podWith({ priorityClassName: 'high' }),
    'exceeded quota: q',
  ],
];

for (const [title, one, resource, object, message] of quotaCases) {
  test(`quotas: ${title}`, async () => {
    const { refusal } = await admitted(
      under(one),
      resource,
      object,
      resource === 'roles' ? { group: 'x' } : { dryRun: true },
    );
    if (message === '') assert.equal(refusal, '');
    else assert.ok(refusal.includes(message), refusal);
  });
}

test('what is created is charged, also when it comes at once', async () => {
  const server = await createTestApiServer();
  try {
    await server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } });
    const created = await server.create(quota({ pods: '3' }, {}));
    const path = '/api/v1/namespaces/ns/resourcequotas/q';
    const filled = { ...created, status: { hard: { pods: '3' }, used: { pods: '0' } } };
    const current = (await server.request('PUT', `${path}/status`, filled)).body;
    // The local copy stays behind; what the plugin wrote itself counts.
    const context = clusterOf({ resourcequotas: [current] }, { client: server.client });
    const plugins = [resourceQuota(context, new FakeClock())];
    const outcomes = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map((name) => admitted(plugins, 'pods', podWith({}, {}, { name }))),
    );
    assert.equal(outcomes.filter(({ refusal }) => refusal === '').length, 3);
    const after = (await server.request('GET', path)).body;
    assert.deepEqual(after['status'], { hard: { pods: '3' }, used: { pods: '3' } });
  } finally {
    await server.close();
  }
});
