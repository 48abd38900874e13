import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import test from 'node:test';
import type { HttpHeaders, HttpRequest } from '../../../src/apimachinery/http.ts';
import { clientCertificateAuthenticator } from '../../../src/control-plane/authentication/client-certificate.ts';
import { requestHeaderAuthenticator } from '../../../src/control-plane/authentication/request-header.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../../src/pki/certificates.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';

const clock = new FakeClock();
const now = clock.now();
const authority = await createCertificateAuthority('ca', now);
const stranger = await createCertificateAuthority('other', now);

function certificate(by: CertificatePair, commonName: string, usage: 'client' | 'server' = 'client') {
  return issueCertificate(by, { subject: { commonName, organizations: ['a', 'b'] }, usage, now, validDays: 10 });
}

function from({ certificate: pem }: CertificatePair, headers: HttpHeaders = {}): HttpRequest {
  const der = new Uint8Array(new X509Certificate(pem).raw);
  return { method: 'GET', path: '/', headers, peer: { address: '127.0.0.1', certificates: [der] } };
}

test('a certificate of the authority names user and groups', async () => {
  const authenticator = clientCertificateAuthenticator([authority.certificate], clock);
  const user = await authenticator.authenticate(from(await certificate(authority, 'ann')));
  assert.equal(user?.username, 'ann');
  assert.deepEqual(user.groups.toSorted(), ['a', 'b']);
  assert.match(user.extra['authentication.kubernetes.io/credential-id']?.[0] ?? '', /^X509SHA256=[0-9a-f]{64}$/);
  assert.equal(await authenticator.authenticate({ method: 'GET', path: '/', headers: {} }), undefined);
});

test('certificates of others, for servers, and past their time do not hold', async () => {
  const later = new FakeClock(now + 11 * 86_400_000);
  const today = clientCertificateAuthenticator([authority.certificate], clock);
  const then = clientCertificateAuthenticator([authority.certificate], later);
  await assert.rejects(today.authenticate(from(await certificate(stranger, 'eve'))), /unknown authority/);
  await assert.rejects(
    today.authenticate(from(await certificate(authority, 'srv', 'server'))),
    /incompatible key usage/,
  );
  const own = from(await certificate(authority, 'ann'));
  await today.authenticate(own);
  await assert.rejects(then.authenticate(own), /expired or is not yet valid/);
});

const proxy = (allowedNames: readonly string[]) =>
  requestHeaderAuthenticator({
    authorities: [authority.certificate],
    allowedNames,
    usernameHeaders: ['x-remote-user'],
    groupHeaders: ['x-remote-group'],
    extraHeaderPrefixes: ['x-remote-extra-'],
    clock,
  });
const headers = { 'x-remote-user': 'bob', 'x-remote-group': ['g', 'h'], 'x-remote-extra-scopes': 'view' };

test('a proxy that is known names the user', async () => {
  const front = await certificate(authority, 'front');
  assert.deepEqual(await proxy(['front']).authenticate(from(front, headers)), {
    username: 'bob',
    uid: '',
    groups: ['g', 'h'],
    extra: { scopes: ['view'] },
  });
  assert.equal(await proxy([]).authenticate({ method: 'GET', path: '/', headers }), undefined);
  assert.equal(await proxy([]).authenticate(from(front)), undefined);
});

test('a proxy that is not known names nobody', async () => {
  const other = from(await certificate(authority, 'else'), headers);
  await assert.rejects(proxy(['front']).authenticate(other), /x509: subject with cn=else is not in the allowed list/);
  await assert.rejects(
    proxy([]).authenticate(from(await certificate(stranger, 'front'), headers)),
    /unknown authority/,
  );
});
