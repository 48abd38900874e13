import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer } from '../../support/test-api-server.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles';
const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const limits = '/api/v1/namespaces/default/limitranges';

/** Objects with empty lists, what a real server (1.36.2) stored for these, and the fields that were the writer's. */
const cases: readonly (readonly [
  path: string,
  object: Record<string, unknown>,
  stored: Record<string, unknown>,
  owned: unknown,
])[] = [
  [
    rbac,
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r' }, rules: [] },
    { rules: null },
    { 'f:rules': {} },
  ],
  [
    slices,
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 's' },
      addressType: 'FQDN',
      endpoints: [],
      ports: [],
    },
    { addressType: 'FQDN', endpoints: null, ports: null },
    { 'f:addressType': {}, 'f:endpoints': {}, 'f:ports': {} },
  ],
  [
    limits,
    { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits: [] } },
    { spec: { limits: null } },
    { 'f:spec': { 'f:limits': {} } },
  ],
];

void test('empty lists are stored as none, though whoever wrote them owns them', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  for (const [path, object, stored, owned] of cases) {
    const created = await api.request('POST', path, object);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const name = String((object['metadata'] as Record<string, unknown>)['name']);
    const read = await api.request('GET', `${path}/${name}`);
    for (const { body } of [created, read]) {
      const { apiVersion: _version, kind: _kind, metadata, ...rest } = body;
      assert.deepEqual(rest, stored);
      assert.deepEqual(metadata.managedFields?.[0]?.fieldsV1, owned);
    }
  }
});

/** Objects that a real server (1.36.2) refuses, and its words. */
const refused: readonly (readonly [path: string, object: Record<string, unknown>, message: string])[] = [
  [
    '/api/v1/nodes',
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { podCIDRs: ['10.1.0.0/24', '::1'] } },
    'Node "n" is invalid: [spec.podCIDRs[1]: Invalid value: "::1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64), ' +
      'spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: ::1), ' +
      'spec.podCIDRs: Invalid value: ["10.1.0.0/24","::1"]: may specify no more than one CIDR for each IP family]',
  ],
  [
    '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'w' },
      webhooks: [
        {
          name: 'a.b.c',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          clientConfig: { service: { name: 's', namespace: '' } },
        },
        { name: 'a.b.d', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { url: ' ' } },
      ],
    },
    'ValidatingWebhookConfiguration.admissionregistration.k8s.io "w" is invalid: ' +
      '[webhooks[0].clientConfig.service.name: Required value, ' +
      `webhooks[1].clientConfig.url: Invalid value: "": 'https' is the only allowed URL scheme; desired format: https://host[/path], ` +
      'webhooks[1].clientConfig.url: Invalid value: "": host must be specified; desired format: https://host[/path]]',
  ],
  [
    '/apis/apiregistration.k8s.io/v1/apiservices',
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.e.com', generateName: 'x' },
      spec: { group: 'e.com', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
    },
    'APIService.apiregistration.k8s.io "v1.e.com" is invalid: metadata.generateName: Invalid value: "x": ' +
      'must be `spec.version+"."+spec.group`: "v1.e.com"',
  ],
];

void test('objects are refused in the words of the real server', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  for (const [path, object, message] of refused) {
    const answer = await api.request('POST', path, object);
    assert.deepEqual([answer.status, answer.body['message']], [422, message]);
  }
});
