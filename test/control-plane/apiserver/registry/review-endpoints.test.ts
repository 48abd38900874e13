import assert from 'node:assert/strict';
import test from 'node:test';
import {
  reviewEndpoints,
  type ReviewEndpointsOptions,
} from '../../../../src/control-plane/apiserver/registry/review-endpoints.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

test('admission is told what a review calls itself', async () => {
  const told: string[] = [];
  const api = await createTestApiServer({
    specialEndpoints: reviewEndpoints({} as ReviewEndpointsOptions),
    admission: {
      mutate: ({ name, resource }) => Promise.resolve(void told.push(`${resource.resource} ${name}`)),
      validate: () => Promise.resolve(),
    },
  });
  told.length = 0;
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  for (const metadata of [{ name: 'mine' }, {}]) {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata };
    assert.equal((await api.request('POST', path, body)).status, 201);
  }
  assert.deepEqual(told, ['selfsubjectreviews mine', 'selfsubjectreviews ']);
  await api.close();
});
