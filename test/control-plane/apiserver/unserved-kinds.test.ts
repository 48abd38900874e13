import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer } from '../../support/test-api-server.ts';

const deployments = '/apis/apps/v1/namespaces/default/deployments';

/** A version and a kind in a body for deployments of apps/v1, and what a real server (1.36.2) said. */
const cases: readonly (readonly [apiVersion: string, kind: string, message: string])[] = [
  [
    'apps/v1beta1',
    'Deployment',
    'the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)',
  ],
  [
    'extensions/v1beta1',
    'Deployment',
    'the API version in the data (extensions/v1beta1) does not match the expected API version (apps/v1)',
  ],
  [
    'apps/v9',
    'Deployment',
    'Deployment in version "v9" cannot be handled as a Deployment: no kind "Deployment" is registered for version ' +
      '"apps/v9" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  ],
];

test('versions that are not served any more are known', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  for (const [apiVersion, kind, message] of cases) {
    const { status, body } = await api.request('POST', deployments, { apiVersion, kind, metadata: { name: 'd' } });
    assert.deepEqual([status, body['message']], [400, message]);
  }
});

test('a default of a whole custom object needs a kind', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const { body } = await api.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'as.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'as', kind: 'A' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', default: {} } } },
      ],
    },
  });
  const root = 'spec.validation.openAPIV3Schema.default';
  assert.equal(
    body['message'],
    'CustomResourceDefinition.apiextensions.k8s.io "as.example.com" is invalid: ' +
      `[${root}.apiVersion: Required value, ${root}.kind: Required value]`,
  );
});
