import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer } from '../../support/test-api-server.ts';

const apps = '/apis/apps/v1/namespaces/default';
const core = '/api/v1/namespaces/default';
const autoscaling = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers';
const selector = { matchLabels: { a: 'b' } };
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };

/** What a real server (1.36.2) made of objects: a part of them. */
const kept: readonly (readonly [string, string, object, (body: Record<string, unknown>) => unknown, unknown])[] = [
  [
    'an update strategy that rolls nothing counts in zeros',
    `${apps}/daemonsets`,
    { metadata: { name: 'd' }, spec: { selector, template, updateStrategy: { type: 'OnDelete', rollingUpdate: {} } } },
    ({ spec }) => (spec as Record<string, unknown>)['updateStrategy'],
    { type: 'OnDelete', rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } },
  ],
  [
    'behaviour that stands in an annotation is completed',
    autoscaling,
    {
      metadata: {
        name: 'h',
        annotations: {
          'autoscaling.alpha.kubernetes.io/behavior':
            '{"ScaleDown":{"Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":5}]}}',
        },
      },
      spec: { scaleTargetRef, maxReplicas: 3 },
    },
    ({ metadata }) => (metadata as { annotations: object }).annotations,
    {
      'autoscaling.alpha.kubernetes.io/behavior':
        '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,' +
        '"PeriodSeconds":15},{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":' +
        '{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":1,' +
        '"PeriodSeconds":5}],"Tolerance":null}}',
    },
  ],
  [
    'a new autoscaler has no conditions, in annotations either',
    autoscaling,
    {
      metadata: {
        name: 'c',
        annotations: { 'autoscaling.alpha.kubernetes.io/conditions': '[{"type":"AbleToScale","status":"True"}]' },
      },
      spec: { scaleTargetRef, maxReplicas: 3 },
    },
    ({ metadata }) => (metadata as { annotations?: object }).annotations,
    undefined,
  ],
];

test('objects are completed as the real server completes them', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  for (const [name, path, object, part, expected] of kept) {
    const answer = await api.request('POST', path, object);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    assert.deepEqual(part(answer.body), expected, name);
  }
});

/** What it said of others. */
const refused: readonly (readonly [string, object, string])[] = [
  [
    '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
    { metadata: { name: 'h' }, spec: { scaleTargetRef, maxReplicas: 3, behavior: { scaleUp: { policies: [] } } } },
    'HorizontalPodAutoscaler.autoscaling "h" is invalid: spec.behavior.scaleUp.policies: Required value: must specify at least one Policy',
  ],
  [
    `${apps}/deployments`,
    { metadata: { name: 'd' }, spec: { selector, template: { ...template, metadata: { labels: {} } } } },
    'Deployment.apps "d" is invalid: spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`',
  ],
  [
    `${core}/persistentvolumeclaims`,
    {
      metadata: { name: 'p' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        dataSource: { kind: 'PersistentVolumeClaim', name: 'a' },
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' },
      },
    },
    'PersistentVolumeClaim "p" is invalid: spec: Invalid value: {}: must match dataSourceRef',
  ],
  [
    '/apis/batch/v1/namespaces/default/cronjobs',
    {
      metadata: { name: 'c' },
      spec: {
        schedule: '* * * * *',
        timeZone: 'europe/berlin',
        jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
      },
    },
    'CronJob.batch "c" is invalid: spec.timeZone: Invalid value: "europe/berlin": unknown time zone europe/berlin',
  ],
];

test('objects are refused as the real server refuses them', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  for (const [path, object, message] of refused) {
    const answer = await api.request('POST', path, object);
    assert.equal(answer.body['message'], message);
  }
});

test('whoever knows only one field for addresses cannot change it, and slices count what is not written', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const service = { metadata: { name: 's' }, spec: { clusterIP: '10.96.0.77', ports: [{ port: 80 }] } };
  assert.equal((await api.request('POST', `${core}/services`, service)).status, 201);
  const changed = { ...service, spec: { ...service.spec, clusterIP: '10.96.0.78' } };
  const answer = await api.request('PUT', `${core}/services/s`, changed);
  assert.equal(
    answer.body['message'],
    'Service "s" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.0.78"]: may not change once set',
  );
  const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
  const endpoints = [{ addresses: ['1.2.3.4'], deprecatedTopology: { a: 'b' } }];
  const slice = { metadata: { name: 'e' }, addressType: 'IPv4', endpoints, ports: [] };
  assert.equal((await api.request('POST', slices, slice)).status, 201);
  const again = await api.request('PUT', `${slices}/e`, slice);
  assert.equal((again.body['metadata'] as Record<string, unknown>)['generation'], 2);
});

test('a service that comes into being through its status has no addresses', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const service = { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
  const { status, body } = await api.request('PUT', `${core}/services/s/status`, service);
  assert.equal(status, 201, JSON.stringify(body));
  const spec = body['spec'] as Record<string, unknown>;
  assert.deepEqual([spec['clusterIP'], spec['clusterIPs'], spec['ipFamilies']], [undefined, undefined, undefined]);
});

test('the first update of a claim is a write, which notes the phase that reading fills in; the next are none', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const claims = `${core}/persistentvolumeclaims`;
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec };
  const versions = new Set([(await api.request('POST', claims, claim)).body.metadata.resourceVersion]);
  const sizes: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const { body } = await api.request('PATCH', `${claims}/c`, {}, { 'content-type': 'application/merge-patch+json' });
    assert.deepEqual(body['status'], { phase: 'Pending' });
    sizes.push(versions.add(body.metadata.resourceVersion).size);
  }
  assert.deepEqual(sizes, [2, 2, 2]);
});

test('a status says nothing of when its object goes, where the real server puts the metadata back', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: template.spec };
  const storage = '/apis/storage.k8s.io/v1/volumeattachments';
  const attachment = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: 'v' },
    spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'pv' } },
  };
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } };
  const spec = { template: { spec: { ...template.spec, restartPolicy: 'Never' } } };
  const answers: unknown[] = [];
  for (const [collection, object, ...subresources] of [
    [`${core}/pods`, pod, 'status', 'resize', 'ephemeralcontainers'],
    [storage, attachment, 'status'],
    ['/apis/batch/v1/namespaces/default/jobs', { ...job, spec }, 'status'],
  ] as const) {
    assert.equal((await api.request('POST', collection, object)).status, 201);
    for (const subresource of subresources) {
      const patch = { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } };
      const path = `${collection}/${object.metadata.name}/${subresource}`;
      const answer = await api.request('PATCH', path, patch, { 'content-type': 'application/merge-patch+json' });
      answers.push([subresource, answer.status]);
    }
  }
  assert.deepEqual(answers, [
    ['status', 200],
    ['resize', 200],
    ['ephemeralcontainers', 200],
    ['status', 200],
    ['status', 422],
  ]);
});

test('the first update of a job that has the labels of its template is a write; that of one with its own is none', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const spec = { template: { spec: { ...template.spec, restartPolicy: 'Never' } } };
  const manual = {
    ...spec,
    manualSelector: true,
    selector,
    template: { ...spec.template, metadata: template.metadata },
  };
  const patched: number[] = [];
  for (const [name, labels, jobSpec] of [
    ['a', undefined, spec],
    ['b', { x: 'y' }, spec],
    ['c', undefined, manual],
  ] as const) {
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, labels }, spec: jobSpec };
    const versions = new Set([(await api.request('POST', jobs, job)).body.metadata.resourceVersion]);
    for (let turn = 0; turn < 2; turn++) {
      const headers = { 'content-type': 'application/merge-patch+json' };
      versions.add((await api.request('PATCH', `${jobs}/${name}`, {}, headers)).body.metadata.resourceVersion);
    }
    patched.push(versions.size);
  }
  assert.deepEqual(patched, [2, 1, 1]);
});
