import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
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

test('the front proxy that flags name is the one that other servers are told of', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-proxy-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const now = systemClock.now();
  const authority = await createCertificateAuthority('proxies', now);
  const client = await issueCertificate(authority, { subject: { commonName: 'gate' }, usage: 'client', now });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const identity = {
    'proxy-client-cert-file': file('proxy.crt', client.certificate),
    'proxy-client-key-file': file('proxy.key', client.privateKey),
  };
  const { as } = await assembled(context, {
    ...identity,
    'requestheader-client-ca-file': file('ca.crt', authority.certificate),
    'requestheader-allowed-names': 'gate,door',
    'requestheader-username-headers': 'X-User',
    'requestheader-group-headers': 'X-Group',
    'requestheader-extra-headers-prefix': 'X-Extra-',
  });
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { body } = await as('admin-token', 'GET', path);
  const { 'client-ca-file': _clients, ...data } = body['data'] as Record<string, string>;
  assert.deepEqual(data, {
    'requestheader-allowed-names': '["gate","door"]',
    'requestheader-client-ca-file': authority.certificate,
    'requestheader-extra-headers-prefix': '["X-Extra-"]',
    'requestheader-group-headers': '["X-Group"]',
    'requestheader-username-headers': '["X-User"]',
  });
  const half = assembled(context, { 'proxy-client-cert-file': identity['proxy-client-cert-file'] });
  await assert.rejects(half, { message: '--proxy-client-cert-file and --proxy-client-key-file go together' });
});
