import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { assembled } from '../support/assembled-server.ts';

test('servers of aggregated groups find out whom to believe', async (context) => {
  const { as } = await assembled(context);
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { status, body } = await as('admin-token', 'GET', path);
  assert.equal(status, 200);
  const {
    'client-ca-file': clients = '',
    'requestheader-client-ca-file': proxies = '',
    ...rest
  } = body['data'] as Record<string, string>;
  assert.deepEqual(rest, {
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  });
  assert.equal(new X509Certificate(clients).subject, 'CN=kubernetes');
  assert.equal(new X509Certificate(proxies).subject, 'CN=front-proxy-ca');
});

test('the condition of a group whose server is not there says so', async (context) => {
  const { as } = await assembled(context);
  const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
  const created = await as('admin-token', 'POST', apiServices, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.example.com' },
    spec: {
      group: 'example.com',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { namespace: 'default', name: 'gone' },
    },
  });
  assert.equal(created.status, 201);
  const { body } = await as('admin-token', 'GET', `${apiServices}/v1.example.com`);
  const [condition] = (body['status'] as { conditions: object[] }).conditions;
  assert.deepEqual(
    { ...condition, lastTransitionTime: '' },
    {
      type: 'Available',
      status: 'False',
      lastTransitionTime: '',
      reason: 'ServiceNotFound',
      message: 'service/gone in "default" is not present',
    },
  );
});
