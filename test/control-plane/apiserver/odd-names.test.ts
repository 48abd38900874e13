import assert from 'node:assert/strict';
import test from 'node:test';
import { refusal } from '../../../src/control-plane/apiserver/filters/authorization.ts';
import { createTestApiServer, testUser } from '../../support/test-api-server.ts';

const ns = '/api/v1/namespaces/default';

/** What a real server (1.36.2) answered to names that no object has, and at paths where there is nothing. */
const cases: readonly (readonly [method: string, path: string, status: number, message: string])[] = [
  ['GET', `${ns}/pods/a%22b`, 404, 'pods "a\\"b" not found'],
  ['GET', `${ns}/pods/a%5Cb`, 404, 'pods "a\\\\b" not found'],
  ['DELETE', `${ns}/configmaps/a%0Ab`, 404, 'configmaps "a\\nb" not found'],
  ['GET', `${ns}/pods/%01`, 404, 'pods "\\x01" not found'],
  ['GET', `${ns}/pods/%E2%80%A8`, 404, 'pods "\\u2028" not found'],
  ['GET', `${ns}/pods/%C3%A9`, 404, 'pods "é" not found'],
  ['DELETE', `${ns}/configmaps/a%25b`, 400, 'Name parameter invalid: "a%b": may not contain \'%\''],
  ['GET', '/api/v1/bindings', 404, 'the server could not find the requested resource'],
  ['POST', '/api/v1/bindings', 404, 'the server could not find the requested resource'],
  ['GET', `${ns}/bindings`, 405, 'the server does not allow this method on the requested resource'],
  ['GET', '/apis/authentication.k8s.io/v1/tokenreviews/x', 404, 'the server could not find the requested resource'],
  ['POST', `${ns}/bindings`, 500, 'target.name: Required value'],
];

void test('names are quoted, and paths without anything not found, as by the real server', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  for (const [method, path, status, message] of cases) {
    const answer = await api.request(method, path, method === 'POST' ? {} : undefined);
    assert.deepEqual([answer.status, answer.body['message']], [status, message], `${method} ${path}`);
  }
  const { body } = await api.request('DELETE', `${ns}/configmaps/c`, { kind: 'Foo' });
  assert.equal(
    body['message'],
    'no kind "Foo" is registered for version "meta.k8s.io/v1" in scheme "pkg/apis/meta/internalversion/scheme/register.go:27"',
  );
  const refused = await api.request('PUT', '/api/v1/componentstatuses/x', {});
  assert.deepEqual([refused.status, refused.headers['warning']], [405, undefined]);
});

void test('refusals have nothing in them that could be taken for HTML', () => {
  const attributes = {
    user: testUser,
    verb: 'get',
    apiGroup: '',
    apiVersion: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    isResourceRequest: false,
    path: '/a<b&c>',
    fieldSelector: '',
    labelSelector: '',
  };
  assert.equal(refusal(attributes, '').message, 'forbidden: User "admin" cannot get path "/a&lt;b&amp;c&gt;"');
});
