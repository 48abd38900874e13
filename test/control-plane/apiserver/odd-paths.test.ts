import assert from 'node:assert/strict';
import test from 'node:test';
import { createDiscoveryRoute } from '../../../src/control-plane/apiserver/discovery/discovery-route.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

type Case = readonly [method: string, path: string, body: object | undefined, status: number, message?: string];

const configMap = (name: string, namespace?: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});
const noNamespace = 'Namespace parameter required.';
const required = 'ConfigMap "x" is invalid: metadata.namespace: Required value';
const notAllowed = 'the server does not allow this method on the requested resource';
const notFound = 'the server could not find the requested resource';
const dots = `Name parameter invalid: "..": may not be '..'`;
const nothing = '/api/v1/namespaces/';

/** What a real server (1.36.2) answered. */
const cases: readonly Case[] = [
  // Within a namespace without a name.
  ['POST', `${nothing}/configmaps`, configMap('x'), 422, required],
  ['POST', `${nothing}/configmaps`, configMap('x', 'default'), 422, required],
  ['GET', `${nothing}/configmaps`, undefined, 200],
  ['GET', `${nothing}/configmaps/x`, undefined, 400, noNamespace],
  ['PUT', `${nothing}/configmaps/x`, configMap('x'), 400, noNamespace],
  ['PUT', `${nothing}/configmaps/x`, configMap('x', 'default'), 400, noNamespace],
  ['PATCH', `${nothing}/configmaps/x`, {}, 400, noNamespace],
  ['DELETE', `${nothing}/configmaps/x`, undefined, 400, noNamespace],
  ['DELETE', `${nothing}/configmaps?labelSelector=a`, undefined, 200],
  ['DELETE', '/api/v1/configmaps', undefined, 405, notAllowed],
  ['GET', `${nothing}/pods/x/status`, undefined, 400, noNamespace],
  ['GET', `${nothing}/pods/x/foo`, undefined, 404, notFound],
  ['GET', `${nothing}/nodes`, undefined, 404, notFound],
  ['GET', `${nothing}/nodes/x`, undefined, 404, notFound],
  ['GET', `${nothing}/namespaces`, undefined, 404, notFound],
  ['GET', nothing, undefined, 200],
  ['GET', `${nothing}/`, undefined, 200],
  // Names and namespaces that would lead elsewhere.
  ['PATCH', `${nothing}default/configmaps/..`, {}, 400, dots],
  ['PATCH', `${nothing}default/configmaps/%2e%2e`, {}, 400, dots],
  ['PUT', `${nothing}default/configmaps/..`, configMap('..'), 400, dots],
  ['PATCH', '/api/v1/nodes/../status', {}, 400, dots],
  ['GET', `${nothing}../configmaps/x`, undefined, 500, 'invalid key: "/configmaps/../x"'],
  ['PATCH', `${nothing}./configmaps/x`, {}, 500, 'invalid key: "/configmaps/./x"'],
  // Documents of groups.
  ['POST', '/apis/apps', {}, 200],
  ['POST', '/apis/apps/', {}, 200],
  ['POST', '/apis/apps//', {}, 405, notAllowed],
  ['GET', '/apis/apps//', undefined, 200],
  ['DELETE', '/apis/apiregistration.k8s.io', undefined, 405, notAllowed],
  ['PUT', '/apis/apiregistration.k8s.io/', {}, 405, notAllowed],
  ['GET', '/apis/apiregistration.k8s.io/', undefined, 200],
];

test('paths with empty parts and with dots', async (context) => {
  const api = await createTestApiServer({
    routes: [createDiscoveryRoute({ serverAddress: () => '127.0.0.1:6443' })],
  });
  context.after(() => api.close());
  for (const [method, path, body, status, message] of cases) {
    const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
    const answer = await api.request(method, path, body, headers);
    const told = message === undefined ? undefined : answer.body['message'];
    assert.deepEqual([answer.status, told], [status, message], `${method} ${path}`);
  }
});
