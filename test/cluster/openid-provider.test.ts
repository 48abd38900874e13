import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { systemClock } from '../../src/system/clock.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { assembled, temporaryFolder, who } from '../support/assembled-server.ts';
import { openIdProvider, signingKey } from '../support/openid-provider.ts';

const kim = { sub: 'kim', email: 'kim@example.org', email_verified: true, groups: ['dev', 'ops'], hd: 'example.org' };
const lee = { sub: 'lee', email: 'lee@example.com', email_verified: false, groups: ['dev'], hd: 'example.com' };

test('tokens of a real provider: found, verified, mapped, refused, and its keys changed', async (context) => {
  const folder = temporaryFolder(context);
  const first = signingKey('first');
  const op = await openIdProvider(context, folder, { accounts: [kim, lee], keys: [first] });
  const cluster = await assembled(
    context,
    {
      'oidc-issuer-url': op.issuer,
      'oidc-client-id': op.clientId,
      'oidc-ca-file': op.authorityFile,
      'oidc-username-claim': 'email',
      'oidc-groups-claim': 'groups',
      'oidc-groups-prefix': 'oidc:',
      'oidc-required-claim': 'hd=example.org',
      'oidc-signing-algs': 'RS256,ES256',
    },
    undefined,
    new FakeClock(systemClock.now()),
  );
  const { idToken, refreshToken } = await op.refresh(await op.login('kim'));
  const user = await who(cluster, idToken);
  assert.equal(user?.['username'], 'kim@example.org');
  assert.deepEqual(user['groups'], ['oidc:dev', 'oidc:ops', 'system:authenticated']);
  const keysAsked = (): number => op.asked.filter((asked) => asked === 'GET /jwks').length;
  assert.equal(op.asked.filter((asked) => asked === 'GET /.well-known/openid-configuration').length, 1);
  assert.equal(keysAsked(), 1);
  assert.equal(await who(cluster, (await op.refresh(await op.login('lee'))).idToken), undefined, 'not verified');
  const [head = '', body = '', signature = ''] = idToken.split('.');
  assert.equal(await who(cluster, `${head}.${body}.${signature.split('').toReversed().join('')}`), undefined);

  const second = signingKey('second', 'ES256');
  op.useKeys([second, first]);
  const renewed = await op.refresh(refreshToken);
  assert.equal((await who(cluster, renewed.idToken))?.['username'], 'kim@example.org');
  assert.equal((await who(cluster, idToken))?.['username'], 'kim@example.org', 'both keys are there');
  op.useKeys([second]);
  assert.equal((await who(cluster, (await op.refresh(renewed.refreshToken)).idToken))?.['username'], 'kim@example.org');
  await cluster.clock.advance(2 * 3600_000);
  assert.equal(await who(cluster, renewed.idToken), undefined, 'the time of a token is over');
});

test('two real providers, each with its own mapping by expressions', async (context) => {
  const folder = temporaryFolder(context);
  const [one, two] = [
    await openIdProvider(context, folder, { accounts: [kim, lee] }),
    await openIdProvider(context, folder, { accounts: [kim] }),
  ];
  const issuer = ({ issuer: url, authority, clientId }: typeof one): object => ({
    url,
    audiences: [clientId],
    certificateAuthority: authority,
  });
  const path = join(folder, 'authentication.json');
  const jwt = [
    {
      issuer: issuer(one),
      claimValidationRules: [{ expression: "claims.hd == 'example.org'", message: 'only of our domain' }],
      claimMappings: {
        username: { expression: "claims.email_verified ? 'one:' + claims.email : ''" },
        groups: { expression: "claims.groups.filter(group, group != 'ops')" },
        extra: [{ key: 'example.org/domain', valueExpression: 'claims.hd' }],
      },
      userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: 'no system users' }],
    },
    { issuer: issuer(two), claimMappings: { username: { claim: 'sub', prefix: 'two:' } } },
  ];
  writeFileSync(
    path,
    JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt }),
  );
  const cluster = await assembled(
    context,
    { 'authentication-config': path },
    undefined,
    new FakeClock(systemClock.now()),
  );
  const tokenOf = async (op: typeof one, account: string): Promise<string> =>
    (await op.refresh(await op.login(account))).idToken;
  const user = await who(cluster, await tokenOf(one, 'kim'));
  assert.equal(user?.['username'], 'one:kim@example.org');
  assert.deepEqual(user['groups'], ['dev', 'system:authenticated']);
  assert.deepEqual((user['extra'] as JsonObject)['example.org/domain'], ['example.org']);
  assert.equal((await who(cluster, await tokenOf(two, 'kim')))?.['username'], 'two:kim');
  assert.equal(await who(cluster, await tokenOf(one, 'lee')), undefined);
});
