import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer } from '../../support/test-api-server.ts';

const core = '/api/v1/namespaces/default';
const apps = '/apis/apps/v1/namespaces/default';
const container = { name: 'c', image: 'i' };
const pod = (spec: object): object => ({ metadata: { name: 'p' }, spec: { containers: [container], ...spec } });
const ephemeral = (fields: object): object => pod({ ephemeralContainers: [{ name: 'e', image: 'i', ...fields }] });
const replicaSet = (selector: object): object => ({
  metadata: { name: 'r' },
  spec: { selector, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } } },
});
const definition = (keywords: object): object => ({
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', ...keywords } } },
    ],
  },
});
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Objects with empty lists and maps, and what a real server (1.36.2) said; an empty message where it took them. */
const cases: readonly (readonly [path: string, object: object, message: string])[] = [
  [
    `${core}/pods`,
    pod({ resources: { claims: [] } }),
    'Pod "p" is invalid: spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
  ],
  [
    `${core}/pods`,
    ephemeral({ ports: [] }),
    'Pod "p" is invalid: [spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container, spec.ephemeralContainers: Forbidden: cannot be set on create]',
  ],
  [
    `${core}/pods`,
    ephemeral({ resources: { limits: {} } }),
    'Pod "p" is invalid: [spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container, spec.ephemeralContainers: Forbidden: cannot be set on create]',
  ],
  [
    `${core}/pods`,
    pod({ os: { name: 'windows' }, securityContext: { supplementalGroups: [], sysctls: [] } }),
    'Pod "p" is invalid: spec.securityContext.supplementalGroups: Forbidden: cannot be set for a windows pod',
  ],
  [`${core}/pods`, pod({ volumes: [], tolerations: [], nodeSelector: {}, imagePullSecrets: [] }), ''],
  [
    `${apps}/replicasets`,
    replicaSet({ matchLabels: {} }),
    'ReplicaSet.apps "r" is invalid: spec.selector: Invalid value: {}: empty selector is invalid for deployment',
  ],
  [
    definitions,
    definition({ dependencies: {} }),
    'CustomResourceDefinition.apiextensions.k8s.io "widgets.example.com" is invalid: spec.validation.openAPIV3Schema.dependencies: Forbidden: dependencies is not supported',
  ],
  [definitions, definition({ patternProperties: {}, definitions: {}, enum: [] }), ''],
];

test('empty lists and maps are looked at as the real server looks at them', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  for (const [path, object, message] of cases) {
    const { body } = await api.request('POST', `${path}?dryRun=All`, object);
    assert.equal(body['message'] ?? '', message, JSON.stringify(object));
  }
});

test('empty lists and maps are neither stored nor owned, nor do they change an object', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const empty = {
    metadata: { name: 'p', labels: {}, finalizers: [] },
    spec: { containers: [{ ...container, env: [] }], volumes: [] },
  };
  const created = await api.request('POST', `${core}/pods?fieldManager=m`, empty);
  assert.equal(created.status, 201);
  const text = JSON.stringify(created.body);
  for (const part of ['labels', 'finalizers', '"env"', 'volumes', 'f:env', 'f:labels'])
    assert.ok(!text.includes(part), part);
  const patch = { 'content-type': 'application/merge-patch+json' };
  const same = await api.request('PATCH', `${core}/pods/p`, { spec: { nodeSelector: {}, volumes: [] } }, patch);
  assert.equal(same.status, 200, JSON.stringify(same.body));
  assert.deepEqual(same.body, created.body);
});

test('what an update takes the last hold of goes without its empty lists, too', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const namespace = { metadata: { name: 'n' } };
  assert.equal((await api.request('POST', '/api/v1/namespaces', namespace)).status, 201);
  await api.request('DELETE', '/api/v1/namespaces/n');
  const gone = await api.request('PUT', '/api/v1/namespaces/n/finalize', { ...namespace, spec: { finalizers: [] } });
  assert.deepEqual([gone.status, gone.body['spec']], [200, {}]);
  assert.equal((await api.request('GET', '/api/v1/namespaces/n')).status, 404);
  await api.request('POST', `${core}/configmaps`, { metadata: { name: 'c', finalizers: ['e.com/f'] } });
  await api.request('DELETE', `${core}/configmaps/c`);
  const last = await api.request('PUT', `${core}/configmaps/c`, { metadata: { name: 'c', finalizers: [] }, data: {} });
  assert.ok(!/"finalizers"|"data"/.test(JSON.stringify(last.body)), JSON.stringify(last.body));
});

/** A create, a merge patch with something empty, and the generation that the real server (1.36.2) counted then. */
const changes: readonly (readonly [path: string, object: object, patch: object, generation: number])[] = [
  [
    '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
    { metadata: { name: 'n' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } },
    { spec: { podSelector: { matchLabels: {} } } },
    2,
  ],
  [
    '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
    { metadata: { name: 'i' }, spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
    { spec: { tls: [], rules: [] } },
    1,
  ],
  [
    `${apps}/deployments`,
    { metadata: { name: 'd' }, spec: (replicaSet({ matchLabels: { a: 'b' } }) as { spec: object }).spec },
    { spec: { selector: { matchExpressions: [] }, template: { spec: { nodeSelector: {}, tolerations: [] } } } },
    1,
  ],
];

test('what is empty counts as a change for kinds that the real server compares as they are', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const headers = { 'content-type': 'application/merge-patch+json' };
  for (const [path, object, patch, generation] of changes) {
    const { body } = await api.request('POST', path, object);
    const { name } = body['metadata'] as { name: string };
    const answer = await api.request('PATCH', `${path}/${name}`, patch, headers);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal((answer.body['metadata'] as { generation: number }).generation, generation, path);
  }
});
