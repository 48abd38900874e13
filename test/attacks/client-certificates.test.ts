import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpRequest } from '../../src/apimachinery/http.ts';
import type { UserInfo } from '../../src/control-plane/authentication/authenticator.ts';
import { clientCertificateAuthenticator } from '../../src/control-plane/authentication/client-certificate.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import {
  type CertificateWishes,
  extensions,
  type MadeCertificate,
  makeCertificate,
} from '../support/certificate-maker.ts';

/** What the real server says of these, made by openssl, with the same authorities in --client-ca-file. */

const clock = new FakeClock();
const now = clock.now();
const day = 86_400_000;
const usage = {
  client: '1.3.6.1.5.5.7.3.2',
  server: '1.3.6.1.5.5.7.3.1',
  code: '1.3.6.1.5.5.7.3.3',
  any: '2.5.29.37.0',
};
const signs = extensions.keyUsage('keyCertSign');
const asAuthority = [extensions.authority(), signs];
const asClient = [extensions.noAuthority(), extensions.usages(usage.client)];

function made(wishes: Partial<CertificateWishes> & Pick<CertificateWishes, 'subject'>): Promise<MadeCertificate> {
  return makeCertificate({ notBefore: now - day, notAfter: now + 30 * day, extensions: asClient, ...wishes });
}

const root = await made({ subject: 'CN=client-ca', extensions: asAuthority });
const sameName = await made({ subject: 'CN=client-ca', extensions: asAuthority });
const over = { notBefore: now - 10 * day, notAfter: now - day };
const oldRoot = await made({ subject: 'CN=old', extensions: asAuthority, ...over });
const pinned = await made({ subject: 'CN=pinned' });
const authenticator = clientCertificateAuthenticator([root.pem, oldRoot.pem, pinned.pem], clock);

function middle(subject: string, more: readonly (typeof signs)[], by = root): Promise<MadeCertificate> {
  return made({ subject, by, extensions: more });
}

function who(...chain: readonly MadeCertificate[]): Promise<UserInfo | undefined> {
  const request: HttpRequest = {
    method: 'GET',
    path: '/',
    headers: {},
    peer: { address: '127.0.0.1', certificates: chain.map(({ der }) => der) },
  };
  return authenticator.authenticate(request);
}

/** A leaf below another one, and what the client shows with it. */
async function below(by: MadeCertificate, ...rest: readonly MadeCertificate[]): Promise<MadeCertificate[]> {
  return [await made({ subject: 'CN=eve', by }), by, ...rest];
}

const refused: Readonly<Record<string, readonly [() => Promise<readonly MadeCertificate[]>, RegExp]>> = {
  'of an authority with the same name': [
    async () => [await made({ subject: 'CN=eve, O=system:masters', by: sameName })],
    /unknown authority/,
  ],
  'signed by itself': [async () => [await made({ subject: 'CN=eve' })], /unknown authority/],
  'for servers': [
    async () => [await made({ subject: 'CN=eve', by: root, extensions: [extensions.usages(usage.server)] })],
    /incompatible key usage/,
  ],
  'for code': [
    async () => [await made({ subject: 'CN=eve', by: root, extensions: [extensions.usages(usage.code)] })],
    /incompatible key usage/,
  ],
  'that is over': [async () => [await made({ subject: 'CN=eve', by: root, ...over })], /expired or is not yet valid/],
  'that is not yet': [
    async () => [await made({ subject: 'CN=eve', by: root, notBefore: now + day, notAfter: now + 2 * day })],
    /expired or is not yet valid/,
  ],
  'with a demand that nobody knows': [
    async () => [
      await made({
        subject: 'CN=eve',
        by: root,
        extensions: [...asClient, extensions.other('1.2.3.4', true, '0c0178')],
      }),
    ],
    /unhandled critical extension/,
  ],
  'without a name': [async () => [await made({ subject: 'O=system:masters', by: root })], /no common name/],
  'signed by a client': [async () => below(await made({ subject: 'CN=bob', by: root })), /not authorized to sign/],
  'signed by a client that is trusted itself': [
    async () => [await made({ subject: 'CN=eve', by: pinned })],
    /not authorized to sign/,
  ],
  'without the authority between': [
    async () => (await below(await middle('CN=between', asAuthority))).slice(0, 1),
    /unknown authority/,
  ],
  'of an authority whose key may not sign': [
    async () => below(await middle('CN=m', [extensions.authority(), extensions.keyUsage('digitalSignature')])),
    /unknown authority/,
  ],
  'of an authority that is over': [
    async () => below(await made({ subject: 'CN=m', by: root, extensions: asAuthority, ...over })),
    /expired or is not yet valid/,
  ],
  'of a trusted authority that is over': [
    async () => [await made({ subject: 'CN=eve', by: oldRoot })],
    /expired or is not yet valid/,
  ],
  'of an authority that may have none below it': [
    async () => {
      const first = await middle('CN=first', [extensions.authority(0), signs]);
      return below(await middle('CN=second', asAuthority, first), first);
    },
    /too many intermediates/,
  ],
  'for clients, of an authority for servers': [
    async () => below(await middle('CN=m', [...asAuthority, extensions.usages(usage.server)])),
    /incompatible key usage/,
  ],
  'with a name that its authority may not speak for': [
    async () => {
      // permitted: DNS:example.org
      const constraint = extensions.other('2.5.29.30', true, '3011a00f300d820b6578616d706c652e6f7267');
      const by = await middle('CN=m', [...asAuthority, constraint]);
      return [await made({ subject: 'CN=eve', by, extensions: [...asClient, extensions.dnsName('evil.com')] }), by];
    },
    /not permitted by any constraint/,
  ],
};

for (const [title, [chain, message]] of Object.entries(refused)) {
  test(`a client certificate ${title} speaks for nobody`, async () => {
    await assert.rejects(who(...(await chain())), message);
  });
}

const accepted: Readonly<Record<string, () => Promise<readonly MadeCertificate[]>>> = {
  'for any usage': async () => [await made({ subject: 'CN=eve', by: root, extensions: [] })],
  'for servers and clients': async () => [
    await made({ subject: 'CN=eve', by: root, extensions: [extensions.usages(usage.server, usage.client)] }),
  ],
  'for any extended usage': async () => [
    await made({ subject: 'CN=eve', by: root, extensions: [extensions.usages(usage.any)] }),
  ],
  'with a wish that nobody knows': async () => [
    await made({
      subject: 'CN=eve',
      by: root,
      extensions: [...asClient, extensions.other('1.2.3.4', false, '0c0178')],
    }),
  ],
  'of an authority in between': async () => below(await middle('CN=m', asAuthority)),
  'with a name that its authority may speak for': async () => {
    const constraint = extensions.other('2.5.29.30', true, '3011a00f300d820b6578616d706c652e6f7267');
    const by = await middle('CN=m', [...asAuthority, constraint]);
    return [await made({ subject: 'CN=eve', by, extensions: [...asClient, extensions.dnsName('a.example.org')] }), by];
  },
};

for (const [title, chain] of Object.entries(accepted)) {
  test(`a client certificate ${title} speaks for its subject`, async () => {
    assert.equal((await who(...(await chain())))?.username, 'eve');
  });
}

test('a certificate that is trusted itself speaks for its subject, and of several names the last counts', async () => {
  assert.equal((await who(pinned))?.username, 'pinned');
  assert.equal((await who(await made({ subject: 'CN=first, CN=second', by: root })))?.username, 'second');
});

test('a user may have a uid in the certificate, but one', async () => {
  const attribute = '1.3.6.1.4.1.57683.2';
  const one = await who(await made({ subject: `CN=eve, ${attribute}=1234`, by: root }));
  assert.deepEqual([one?.username, one?.uid], ['eve', '1234']);
  const two = made({ subject: `CN=eve, ${attribute}=1, ${attribute}=2`, by: root });
  await assert.rejects(who(await two), { message: 'expected 1 UID, but found multiple: [1 2]' });
});

test('a user whom the cache knows is refused when an authority above is over', async () => {
  const later = new FakeClock(now);
  const short = await made({ subject: 'CN=m', by: root, extensions: asAuthority, notAfter: now + day });
  const own = clientCertificateAuthenticator([root.pem], later);
  const [leaf, by] = await below(short);
  const request = {
    method: 'GET',
    path: '/',
    headers: {},
    peer: { address: '127.0.0.1', certificates: [leaf, by].flatMap((one) => (one === undefined ? [] : [one.der])) },
  };
  assert.equal((await own.authenticate(request))?.username, 'eve');
  await later.advance(2 * day);
  await assert.rejects(own.authenticate(request), /expired or is not yet valid/);
});
