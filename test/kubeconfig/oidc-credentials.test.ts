import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { parseYaml } from '../../src/apimachinery/yaml.ts';
import type { Client } from '../../src/client/client.ts';
import { noConnectionFlags, resolveClientConfig } from '../../src/kubeconfig/client-config.ts';
import { connect } from '../../src/kubeconfig/connect.ts';
import { loadKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import { systemClock } from '../../src/system/clock.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { temporaryFolder } from '../support/assembled-server.ts';
import { jsonAnswer, loopbackServer } from '../support/loopback-server.ts';
import { openIdProvider } from '../support/openid-provider.ts';

/** A server that notes who asked, and a kubeconfig whose user is one of OpenID Connect. */
async function asOidcUser(context: TestContext, folder: string, settings: JsonObject, clock = new FakeClock()) {
  const seen: string[] = [];
  const server = await loopbackServer(context, folder, ({ headers }) => {
    seen.push(String(headers['authorization'] ?? '').replace('Bearer ', ''));
    return jsonAnswer({ kind: 'Status', apiVersion: 'v1', status: 'Success' });
  });
  const file = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority': server.authorityFile } }],
    users: [
      { name: 'other', user: { token: 'x' } },
      { name: 'kim', user: { 'auth-provider': { name: 'oidc', config: settings } } },
    ],
    contexts: [{ name: 'k', context: { cluster: 'c', user: 'kim' } }],
    'current-context': 'k',
  };
  writeFileSync(file, JSON.stringify(config));
  const world = { files: nodeFileSystem, env: {} };
  const open = async (): Promise<Client> => {
    const kubeconfig = await loadKubeconfig(nodeFileSystem, {
      explicit: file,
      environment: '',
      home: folder,
      cwd: folder,
    });
    const client = await connect(await resolveClientConfig(kubeconfig, noConnectionFlags, { ...world, cwd: folder }), {
      ...world,
      clock,
      standardInput: () => 'no-terminal',
      userAgent: 'test',
      onWarning: () => undefined,
    });
    context.after(() => client.close());
    return client;
  };
  const kept = (): JsonObject => {
    const document = parseYaml(readFileSync(file, 'utf8')) as { users: { name: string; user: JsonObject }[] };
    const user = document.users.find(({ name }) => name === 'kim')?.user;
    assert.ok(user !== undefined);
    return (user['auth-provider'] as { config: JsonObject }).config;
  };
  return { open, seen, kept, file };
}

const ask = (client: Client): Promise<unknown> => client.stream({ method: 'GET', path: '/version' });

test('an ID token is sent while it holds, and renewed with the refresh token when it is over', async (context) => {
  const folder = temporaryFolder(context);
  const op = await openIdProvider(context, folder, { accounts: [{ sub: 'kim' }] });
  const clock = new FakeClock(systemClock.now());
  const claims = Buffer.from(JSON.stringify({ exp: Math.floor(clock.now() / 1000) + 3600 }));
  const start = { idToken: `x.${claims.toString('base64url')}.y`, refreshToken: await op.login('kim') };
  const settings = {
    'idp-issuer-url': op.issuer,
    'client-id': op.clientId,
    'client-secret': op.clientSecret,
    'idp-certificate-authority': op.authorityFile,
    'id-token': start.idToken,
    'refresh-token': start.refreshToken,
  };
  const { open, seen, kept } = await asOidcUser(context, folder, settings, clock);
  const client = await open();
  await ask(client);
  assert.deepEqual(seen, [start.idToken]);
  assert.deepEqual(op.asked, [], 'the provider is not asked while the token holds');

  await clock.advance(3600_000 - 5000);
  await Promise.all([ask(client), ask(client)]);
  const { 'id-token': token, 'refresh-token': refreshToken, ...rest } = kept();
  assert.deepEqual(seen.slice(1), [token, token], 'ten seconds before its end it counts as over');
  assert.notEqual(token, start.idToken);
  assert.notEqual(refreshToken, start.refreshToken);
  const { 'id-token': _token, 'refresh-token': _refresh, ...before } = settings;
  assert.deepEqual(rest, before);
  assert.deepEqual(op.asked, ['GET /.well-known/openid-configuration', 'POST /token']);
});

test('a provider that gives no new token is told of', async (context) => {
  const folder = temporaryFolder(context);
  const op = await openIdProvider(context, folder, { accounts: [{ sub: 'kim' }] });
  const over = `x.${Buffer.from('{"exp":1}').toString('base64url')}.y`;
  const good = {
    'idp-issuer-url': op.issuer,
    'client-id': op.clientId,
    'client-secret': op.clientSecret,
    'idp-certificate-authority-data': Buffer.from(op.authority).toString('base64'),
    'id-token': over,
    'refresh-token': 'not-known',
  };
  const cases: readonly (readonly [JsonObject, RegExp])[] = [
    [{}, /failed to refresh token: oauth2: "invalid_grant" "grant request is invalid"$/],
    [{ 'client-secret': 'wrong' }, /failed to refresh token: oauth2: "invalid_client" "client authentication failed"$/],
    [{ 'refresh-token': '' }, /No valid id-token, and cannot refresh without refresh-token$/],
    [{ 'id-token': 'x' }, /ID Token is not a valid JWT$/],
    [{ 'idp-issuer-url': `${op.issuer}/nowhere` }, /oidc: failed to query metadata endpoint 404 Not Found: /],
  ];
  for (const [changed, message] of cases) {
    const { open, seen } = await asOidcUser(context, folder, { ...good, ...changed });
    await assert.rejects(ask(await open()), message);
    assert.deepEqual(seen, []);
  }
  for (const name of ['idp-issuer-url', 'client-id']) {
    const { open } = await asOidcUser(context, folder, { ...good, [name]: '' });
    await assert.rejects(open(), { message: `Must provide ${name}` });
  }
});

test('providers of clouds are gone, and others there never were', async (context) => {
  const folder = temporaryFolder(context);
  const { open, file } = await asOidcUser(context, folder, {});
  const text = readFileSync(file, 'utf8');
  const cases: readonly (readonly [string, RegExp])[] = [
    ['gcp', /The gcp auth plugin has been removed\.\nPlease use the "gke-gcloud-auth-plugin"/],
    ['azure', /The azure auth plugin has been removed\.\nPlease use the https:\/\/github\.com\/Azure\/kubelogin/],
    ['zork', /no Auth Provider found for name "zork"$/],
  ];
  for (const [name, message] of cases) {
    writeFileSync(file, text.replace('"oidc"', JSON.stringify(name)));
    await assert.rejects(open(), message);
  }
});
