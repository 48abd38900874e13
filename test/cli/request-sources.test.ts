import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestSources } from '../../src/cli/request-sources.ts';

/** A command, what it sends, and the places, as the real kubectl tells them. */
const cases: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'get',
    [
      ['GET /api?timeout=32s', 'discovery_client.go:255'],
      ['GET /apis?timeout=32s', 'discovery_client.go:318'],
      ['GET /api/v1/namespaces/default/pods?limit=500', 'helper.go:113'],
      ['GET /api/v1/namespaces/default/pods?resourceVersion=1&watch=true', 'helper.go:170'],
      ['GET /api/v1/namespaces/default/pods/p', 'helper.go:105'],
      ['GET /api/v1/namespaces', 'helper.go:113'],
      ['GET /api/v1/namespaces/default', 'helper.go:105'],
      ['GET /apis/apps/v1/deployments', 'helper.go:113'],
    ],
  ],
  [
    'apply',
    [
      ['GET /openapi/v3?timeout=32s', 'client.go:46'],
      ['GET /openapi/v3/api/v1?hash=1', 'groupversion.go:75'],
      ['GET /api/v1/namespaces/default/configmaps/a', 'helper.go:105'],
      ['POST /api/v1/namespaces/default/configmaps', 'helper.go:246'],
      ['PATCH /api/v1/namespaces/default/configmaps/a', 'helper.go:269'],
    ],
  ],
  [
    'replace',
    [
      ['GET /api/v1/namespaces/default/configmaps/a', 'helper.go:294'],
      ['PUT /api/v1/namespaces/default/configmaps/a', 'helper.go:319'],
    ],
  ],
  ['create', [['POST /api/v1/namespaces/default/configmaps', 'helper.go:246']]],
  ['create configmap', [['POST /api/v1/namespaces/default/configmaps', 'type.go:213']]],
  ['create token', [['POST /api/v1/namespaces/default/serviceaccounts/me/token', 'serviceaccount.go:87']]],
  [
    'delete',
    [
      ['DELETE /api/v1/namespaces/default/configmaps/a', 'helper.go:202'],
      ['GET /api/v1/namespaces/default/configmaps/a', 'simple.go:242'],
    ],
  ],
  [
    'describe',
    [
      ['GET /apis/apps/v1/namespaces/default/deployments/web', 'helper.go:105'],
      ['GET /apis/apps/v1/namespaces/default/replicasets?labelSelector=a', 'type.go:183'],
      ['GET /api/v1/namespaces/default/events?limit=500', 'type.go:183'],
    ],
  ],
  [
    'wait',
    [
      ['GET /api/v1/namespaces/default/pods/p', 'helper.go:105'],
      ['GET /api/v1/namespaces/default/pods?fieldSelector=metadata.name%3Dp', 'simple.go:257'],
      ['GET /api/v1/namespaces/default/pods?watch=true', 'simple.go:270'],
    ],
  ],
  ['rollout status', [['GET /apis/apps/v1/namespaces/default/deployments?watch=true', 'simple.go:270']]],
  [
    'rollout undo',
    [
      ['GET /apis/apps/v1/namespaces/default/deployments/web', 'helper.go:105'],
      ['GET /apis/apps/v1/namespaces/default/replicasets', 'type.go:183'],
      ['PATCH /apis/apps/v1/namespaces/default/deployments/web', 'type.go:289'],
    ],
  ],
  ['scale', [['PATCH /apis/apps/v1/namespaces/default/deployments/web/scale', 'client.go:232']]],
  ['autoscale', [['POST /apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', 'type.go:213']]],
  [
    'logs',
    [
      ['GET /apis/apps/v1/namespaces/default/deployments/web', 'helper.go:105'],
      ['GET /api/v1/namespaces/default/pods?labelSelector=a', 'type.go:183'],
      ['GET /api/v1/namespaces/default/pods/p/log?container=c', 'logs.go:497'],
    ],
  ],
  [
    'cluster-info dump',
    [
      ['GET /api/v1/nodes', 'type.go:183'],
      ['GET /api/v1/namespaces/default/pods/p/log?container=c', 'clusterinfo_dump.go:281'],
    ],
  ],
  ['events', [['GET /api/v1/namespaces/default/events?limit=500', 'type.go:183']]],
  ['version', [['GET /version?timeout=32s', 'discovery_client.go:667']]],
  ['auth whoami', [['POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 'type.go:213']]],
];

for (const [command, requests] of cases) {
  void test(`places that send requests of ${command}`, () => {
    const sourceOf = requestSources(command.split(' '), false);
    const told = requests.map(([request]) => {
      const [method = '', path = ''] = request.split(' ');
      return [request, sourceOf({ method, path, headers: {} })];
    });
    assert.deepEqual(told, requests);
  });
}

void test('whatever --raw asks for is sent from one place', () => {
  assert.equal(requestSources(['get'], true)({ method: 'GET', path: '/api', headers: {} }), 'raw.go:84');
});
