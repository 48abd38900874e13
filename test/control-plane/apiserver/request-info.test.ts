import assert from 'node:assert/strict';
import test from 'node:test';
import { parseRequestInfo, type RequestInfo } from '../../../src/control-plane/apiserver/request-info.ts';

const cases: readonly { readonly request: string; readonly expected: Partial<RequestInfo> }[] = [
  {
    request: 'GET /api/v1/namespaces/ns/pods/p',
    expected: { verb: 'get', resource: 'pods', namespace: 'ns', name: 'p', apiGroup: '', apiVersion: 'v1' },
  },
  { request: 'GET /api/v1/pods', expected: { verb: 'list', resource: 'pods', namespace: '', name: '' } },
  { request: 'GET /api/v1/pods?watch=1', expected: { verb: 'watch', resource: 'pods' } },
  { request: 'GET /api/v1/pods?watch=false', expected: { verb: 'list' } },
  { request: 'GET /api/v1/pods?watch=False', expected: { verb: 'list' } },
  {
    request: 'GET /api/v1/watch/namespaces/ns/pods',
    expected: { verb: 'watch', resource: 'pods', namespace: 'ns' },
  },
  { request: 'POST /api/v1/namespaces/ns/pods', expected: { verb: 'create', resource: 'pods', namespace: 'ns' } },
  { request: 'PUT /api/v1/namespaces/ns/pods/p', expected: { verb: 'update', name: 'p' } },
  { request: 'PATCH /api/v1/namespaces/ns/pods/p/status', expected: { verb: 'patch', subresource: 'status' } },
  { request: 'DELETE /api/v1/namespaces/ns/pods', expected: { verb: 'deletecollection', name: '' } },
  { request: 'DELETE /api/v1/namespaces/ns/pods/p', expected: { verb: 'delete', name: 'p' } },
  { request: 'GET /api/v1/namespaces/ns', expected: { resource: 'namespaces', namespace: 'ns', name: 'ns' } },
  {
    request: 'PUT /api/v1/namespaces/ns/finalize',
    expected: { resource: 'namespaces', name: 'ns', subresource: 'finalize', namespace: 'ns' },
  },
  {
    request: 'GET /apis/apps/v1/namespaces/ns/deployments/d/scale',
    expected: { apiGroup: 'apps', apiVersion: 'v1', resource: 'deployments', name: 'd', subresource: 'scale' },
  },
  {
    request: 'GET /api/v1/pods?fieldSelector=metadata.name%3Dp',
    expected: { verb: 'list', name: 'p', fieldSelector: 'metadata.name=p' },
  },
  { request: 'GET /apis/apps/v1', expected: { isResourceRequest: false, verb: 'get' } },
  { request: 'GET /api/v1', expected: { isResourceRequest: false } },
  { request: 'GET /healthz', expected: { isResourceRequest: false, path: '/healthz' } },
  { request: 'POST /version', expected: { isResourceRequest: false, verb: 'post' } },
];

for (const { request, expected } of cases) {
  test(`request info of ${request}`, () => {
    const [method = '', url = ''] = request.split(' ');
    const [path = '', query = ''] = url.split('?');
    const info = parseRequestInfo(method, path, new URLSearchParams(query));
    for (const [field, value] of Object.entries(expected)) assert.equal(Reflect.get(info, field), value, field);
  });
}
