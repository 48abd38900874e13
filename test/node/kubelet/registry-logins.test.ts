import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../../src/api/types/core-v1.ts';
import { registryLogins } from '../../../src/node/kubelet/registry-logins.ts';

const auth = (user: string): string => Buffer.from(`${user}:secret`).toString('base64');

function secret(config: unknown, type = 'kubernetes.io/dockerconfigjson'): Secret {
  const key = type === 'kubernetes.io/dockercfg' ? '.dockercfg' : '.dockerconfigjson';
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'key', namespace: 'ns', uid: 'u1' },
    type,
    data: { [key]: Buffer.from(text).toString('base64') },
  };
}

function auths(...servers: readonly string[]): Secret {
  return secret({
    auths: Object.fromEntries(servers.map((server) => [server, { auth: auth(server.replace(':', '-')) }])),
  });
}

const cases: readonly (readonly [what: string, repository: string, secrets: readonly Secret[], users: string[]])[] = [
  ['a host', 'reg.example.com/a/b', [auths('reg.example.com')], ['reg.example.com']],
  ['another host', 'other.example.com/a', [auths('reg.example.com')], []],
  ['a URL', 'reg.example.com/a', [secret({ auths: { 'https://reg.example.com/v2/': { auth: auth('u') } } })], ['u']],
  ['a port', 'localhost:5000/a', [auths('localhost:5000', 'localhost')], ['localhost-5000']],
  ['paths, the longest first', 'reg.io/team/app', [auths('reg.io', 'reg.io/team')], ['reg.io/team', 'reg.io']],
  ['another path', 'reg.io/other/app', [auths('reg.io/team')], []],
  ['a pattern', 'eu.reg.io/a', [auths('*.reg.io')], ['*.reg.io']],
  ['a pattern for one label only', 'a.eu.reg.io/a', [auths('*.reg.io')], []],
  ['a pattern that is none', 'reg.io/a', [auths('[reg.io', 'reg.io')], ['reg.io']],
  [
    'several for one place, as they come',
    'reg.io/a',
    ['a', 'b', 'c'].map((user) => secret({ auths: { 'reg.io': { auth: auth(user) } } })),
    ['a', 'b', 'c'],
  ],
  [
    "Docker's own registry",
    'docker.io/library/nginx',
    [secret({ auths: { 'https://index.docker.io/v1/': { auth: auth('hub') } } })],
    ['hub'],
  ],
  ['name and password apart', 'reg.io/a', [secret({ auths: { 'reg.io': { username: 'n', password: 'p' } } })], ['n']],
  ['the old type', 'reg.io/a', [secret({ 'reg.io': { auth: auth('old') } }, 'kubernetes.io/dockercfg')], ['old']],
  ['another type', 'reg.io/a', [secret({ auths: { 'reg.io': { auth: auth('u') } } }, 'Opaque')], []],
  ['no JSON', 'reg.io/a', [secret('{')], []],
  ['a login that is none', 'reg.io/a', [secret({ auths: { 'reg.io': { auth: 'AAAA' } } })], []],
];

for (const [what, repository, secrets, users] of cases) {
  test(`logins of registries: ${what}`, () => {
    assert.deepEqual(
      registryLogins(repository, secrets).map(({ username }) => username),
      users,
    );
  });
}

test('a login says which secret it is from', () => {
  const [login] = registryLogins('reg.io/a', [auths('reg.io')]);
  assert.deepEqual(login?.secret, { namespace: 'ns', name: 'key', uid: 'u1' });
  assert.equal(login?.password, 'secret');
});
