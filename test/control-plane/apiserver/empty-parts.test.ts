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
