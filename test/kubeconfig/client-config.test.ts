import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type ClientConfig,
  type ConnectionFlags,
  noConnectionFlags,
  resolveClientConfig,
} from '../../src/kubeconfig/client-config.ts';
import { ConfigurationError } from '../../src/kubeconfig/configuration-error.ts';
import { loadKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import { proxyFromEnvironment } from '../../src/kubeconfig/proxy-environment.ts';
import { memoryFiles } from '../support/memory-files.ts';

const noFlags: ConnectionFlags = { ...noConnectionFlags, requestTimeout: '0' };

const certificate = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
const key = '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const first = `
current-context: home
clusters:
- {name: c, cluster: {server: "https://one:6443/prefix/", certificate-authority: pki/ca.crt, tls-server-name: inside}}
- {name: plain, cluster: {server: "one:8080"}}
- {name: loose, cluster: {server: "https://one", insecure-skip-tls-verify: true}}
- {name: torn, cluster: {server: "https://one", insecure-skip-tls-verify: true, certificate-authority-data: ${base64(certificate)}}}
- {name: keyed, cluster: {server: "https://one", certificate-authority-data: ${base64(key)}}}
- {name: noisy, cluster: {server: "https://one", certificate-authority-data: ${base64('noise')}}}
- {name: lost, cluster: {server: "https://one", certificate-authority: none.crt}}
- {name: viaproxy, cluster: {server: "https://one", proxy-url: "http://proxy:3128"}}
- {name: badproxy, cluster: {server: "https://one", proxy-url: "ftp://proxy"}}
contexts:
- {name: home, context: {cluster: c, user: u, namespace: mine}}
- {name: open, context: {cluster: plain, user: u}}
- {name: nobody, context: {cluster: c, user: missing}}
users:
- {name: u, user: {token: secret}}
- {name: two, user: {token: secret, username: me}}
- {name: renewed, user: {token: old, tokenFile: token}}
- {name: fromfile, user: {tokenFile: token}}
- {name: gone, user: {tokenFile: none}}
- {name: cert, user: {client-certificate: pki/me.crt, client-key: pki/me.key}}
- {name: swapped, user: {client-certificate-data: ${base64(key)}, client-key-data: ${base64(certificate)}}}
- {name: noise, user: {client-certificate-data: ${base64('noise')}, client-key-data: ${base64(key)}}}
- {name: nokey, user: {client-certificate-data: ${base64(certificate)}}}
- {name: actor, user: {token: t, as: boss, as-groups: [g], as-user-extra: {Some/Key: [v]}}}
- {name: plug, user: {exec: {command: ./bin/plug, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}}
- {name: badplug, user: {exec: {command: plug, apiVersion: client.authentication.k8s.io/v1}}}
`;

const second = `
current-context: elsewhere
clusters: [{name: c, cluster: {server: "https://two"}}, {name: d, cluster: {server: "https://d"}}]
contexts: [{name: elsewhere, context: {cluster: d, user: u}}]
users: [{name: u, user: {token: of-the-second-file}}]
`;

const files = memoryFiles({
  '/a/config': first,
  '/b/config': second,
  '/a/pki/ca.crt': certificate,
  '/a/pki/me.crt': certificate,
  '/a/pki/me.key': key,
  '/a/token': 'from-file\n',
  '/here/other.crt': certificate,
});

async function resolve(
  flags: Partial<ConnectionFlags>,
  env: Readonly<Record<string, string>> = {},
): Promise<ClientConfig> {
  const environment = '/a/config:/missing:/b/config';
  const kubeconfig = await loadKubeconfig(files, { explicit: '', environment, home: '/home', cwd: '/here' });
  return resolveClientConfig(kubeconfig, { ...noFlags, ...flags }, { files, env, cwd: '/here' });
}

void test('flags go before files, the first file before the second', async () => {
  const cases: readonly (readonly [Partial<ConnectionFlags>, Partial<Record<keyof ClientConfig, unknown>>])[] = [
    [
      {},
      {
        server: 'https://one:6443/prefix',
        namespace: 'mine',
        token: 'secret',
        ca: certificate,
        tlsServerName: 'inside',
      },
    ],
    [{ context: 'elsewhere' }, { server: 'https://d', namespace: 'default', token: 'secret' }],
    [{ cluster: 'd' }, { server: 'https://d', namespace: 'mine' }],
    [{ namespace: 'other' }, { namespace: 'other', namespaceIsExplicit: true }],
    [{ token: 'flag' }, { token: 'flag' }],
    // A server of its own is not expected to have the name the file says.
    [{ server: 'https://x' }, { server: 'https://x', tlsServerName: undefined }],
    [{ tlsServerName: 'y' }, { tlsServerName: 'y' }],
    [{ insecureSkipTlsVerify: true }, { insecureSkipTlsVerify: true, ca: undefined }],
    [{ cluster: 'loose', insecureSkipTlsVerify: false }, { insecureSkipTlsVerify: true }],
    [
      { cluster: 'loose', certificateAuthority: 'other.crt' },
      { insecureSkipTlsVerify: false, ca: certificate },
    ],
    [{ requestTimeout: '3' }, { timeoutMillis: 3000 }],
    [{ requestTimeout: '1m' }, { timeoutMillis: 60_000 }],
    [{ cluster: 'viaproxy' }, { proxyUrl: 'http://proxy:3128' }],
    [{ user: 'cert' }, { clientCertificate: certificate, clientKey: key, token: undefined }],
    [{ user: 'fromfile' }, { token: 'from-file', tokenFile: '/a/token' }],
    [{ user: 'renewed' }, { token: 'old', tokenFile: '/a/token' }],
    [
      { user: 'renewed', token: 'flag' },
      { token: 'flag', tokenFile: '/a/token' },
    ],
    // Nothing secret goes over an open connection.
    [{ context: 'open' }, { server: 'http://one:8080', token: undefined }],
    [{ context: 'open', token: 'flag' }, { token: undefined }],
  ];
  for (const [flags, expected] of cases) {
    const config = await resolve(flags);
    const seen = Object.fromEntries(Object.keys(expected).map((name) => [name, config[name as keyof ClientConfig]]));
    assert.deepEqual(seen, expected, JSON.stringify(flags));
  }
});

void test('credential plugins are asked only where nothing else identifies the user', async () => {
  const { exec } = await resolve({ user: 'plug' });
  assert.equal(exec?.configuration['command'], '/a/bin/plug');
  assert.deepEqual(exec.cluster, {
    server: 'https://one:6443/prefix/',
    'tls-server-name': 'inside',
    'certificate-authority-data': base64(certificate),
    config: null,
  });
  assert.equal((await resolve({ user: 'plug', token: 'flag' })).exec, undefined);
});

void test('acting as somebody else', async () => {
  assert.deepEqual((await resolve({ user: 'actor' })).headers, {
    'impersonate-user': 'boss',
    'impersonate-group': ['g'],
    'impersonate-extra-some%2fkey': ['v'],
  });
  const flags = { user: 'actor', as: 'you', asGroups: ['x', 'y'], asUserExtra: ['a=1', 'a=2', 'ignored'] };
  assert.deepEqual((await resolve(flags)).headers, {
    'impersonate-user': 'you',
    'impersonate-group': ['x', 'y'],
    'impersonate-extra-some%2fkey': ['v'],
    'impersonate-extra-a': ['1', '2'],
  });
});

void test('what cannot be used is told in the real words', async () => {
  const cases: readonly (readonly [Partial<ConnectionFlags>, string | readonly string[]])[] = [
    [{ context: 'q' }, 'context "q" does not exist'],
    [{ cluster: 'q' }, 'cluster "q" does not exist'],
    [{ user: 'q', context: 'q' }, 'auth info "q" does not exist'],
    [
      { requestTimeout: 'x' },
      'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)',
    ],
    [{ server: 'https://bad host' }, 'host must be a URL or a host:port pair: "https://bad host"'],
    [{ server: 'host/path' }, 'host must be a URL or a host:port pair: "host/path"'],
    [{ cluster: 'torn' }, 'specifying a root certificates file with the insecure flag is not allowed'],
    [{ cluster: 'keyed' }, 'unable to load root certificates: no valid certificate authority data seen'],
    [{ cluster: 'noisy' }, 'unable to load root certificates: unable to parse bytes as PEM block'],
    [
      { user: 'swapped' },
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    ],
    [{ user: 'noise' }, 'tls: failed to find any PEM data in certificate input'],
    [{ user: 'gone' }, 'open /a/none: no such file or directory'],
    [
      { cluster: 'lost' },
      ['unable to read certificate-authority /a/none.crt for lost due to open /a/none.crt: no such file or directory'],
    ],
    [
      { certificateAuthority: 'nosuch' },
      ['unable to read certificate-authority nosuch for c due to open nosuch: no such file or directory'],
    ],
    [
      { user: 'two' },
      ['more than one authentication method found for two; found [token basicAuth], only one is allowed'],
    ],
    [
      { username: 'me' },
      ['more than one authentication method found for u; found [token basicAuth], only one is allowed'],
    ],
    [{ asGroups: ['g'] }, ['requesting uid, groups or user-extra for u without impersonating a user']],
    [{ user: 'badplug' }, ['interactiveMode must be specified for badplug to use exec authentication plugin']],
    [
      { cluster: 'badproxy' },
      [
        `invalid 'proxy-url' "ftp://proxy" for cluster "badproxy": unsupported scheme "ftp", must be http, https, or socks5`,
      ],
    ],
    [
      { user: 'nokey', cluster: 'lost' },
      [
        'client-key-data or client-key must be specified for nokey to use the clientCert authentication method.',
        'unable to read certificate-authority /a/none.crt for lost due to open /a/none.crt: no such file or directory',
      ],
    ],
  ];
  for (const [flags, expected] of cases) {
    await assert.rejects(resolve(flags), (error: Error) => {
      const seen = error instanceof ConfigurationError ? error.problems : error.message;
      assert.deepEqual(seen, expected, JSON.stringify(flags));
      return true;
    });
  }
});

void test('without a word of who one is, a login is asked for over TLS alone', async () => {
  const kubeconfig = await loadKubeconfig(files, { explicit: '/a/config', environment: '', home: '/', cwd: '/' });
  const login = { username: 'me', password: 'pw' };
  const options = { files, env: {}, cwd: '/', askForLogin: () => Promise.resolve(login) };
  const asked = await resolveClientConfig(kubeconfig, { ...noFlags, context: 'nobody' }, options);
  assert.deepEqual(asked.basic, login);
  const open = await resolveClientConfig(kubeconfig, { ...noFlags, context: 'nobody', server: 'http://x' }, options);
  assert.equal(open.basic, undefined);
});

void test('in a pod the service account serves where nothing else is said', async () => {
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
  const pod = memoryFiles({
    [`${folder}/token`]: 't',
    [`${folder}/ca.crt`]: certificate,
    [`${folder}/namespace`]: 'ns\n',
  });
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const kubeconfig = await loadKubeconfig(pod, { explicit: '', environment: '', home: '/home', cwd: '/' });
  const inside = await resolveClientConfig(kubeconfig, noFlags, { files: pod, env, cwd: '/' });
  assert.equal(inside.server, 'https://[fd00::1]:443');
  assert.equal(inside.namespace, 'ns');
  assert.equal(inside.tokenFile, `${folder}/token`);
  const outside = await resolveClientConfig(kubeconfig, noFlags, { files: pod, env: {}, cwd: '/' });
  assert.equal(outside.server, 'http://localhost:8080');
});

void test('proxies of the environment', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['https://a.b', {}, ''],
    ['https://a.b', { HTTPS_PROXY: 'p:1' }, 'http://p:1'],
    ['https://a.b', { https_proxy: 'https://p:1' }, 'https://p:1'],
    ['https://a.b', { HTTP_PROXY: 'p:1' }, ''],
    ['http://a.b', { HTTP_PROXY: 'p:1' }, 'http://p:1'],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: 'p:1' }, ''],
    ['https://localhost', { HTTPS_PROXY: 'p:1' }, ''],
    ['https://a.b', { HTTPS_PROXY: 'p:1', NO_PROXY: '*' }, ''],
    ['https://a.b', { HTTPS_PROXY: 'p:1', NO_PROXY: 'x, b' }, ''],
    ['https://a.b', { HTTPS_PROXY: 'p:1', NO_PROXY: '.b' }, ''],
    ['https://b', { HTTPS_PROXY: 'p:1', NO_PROXY: '.b' }, 'http://p:1'],
    ['https://ab', { HTTPS_PROXY: 'p:1', NO_PROXY: 'b' }, 'http://p:1'],
    ['https://a.b', { HTTPS_PROXY: 'p:1', NO_PROXY: 'a.b:8443' }, 'http://p:1'],
    ['https://a.b:8443', { HTTPS_PROXY: 'p:1', NO_PROXY: 'a.b:8443' }, ''],
    ['https://10.1.2.3', { HTTPS_PROXY: 'p:1', NO_PROXY: '10.0.0.0/8' }, ''],
    ['https://11.1.2.3', { HTTPS_PROXY: 'p:1', NO_PROXY: '10.0.0.0/8' }, 'http://p:1'],
    ['https://[fd00::7]:6443', { HTTPS_PROXY: 'p:1', NO_PROXY: 'fd00::/8' }, ''],
    ['https://[fe80::7]:6443', { HTTPS_PROXY: 'p:1', NO_PROXY: 'fd00::/8,[fe80::7]:443' }, 'http://p:1'],
    ['https://[fe80::7]:6443', { HTTPS_PROXY: 'p:1', NO_PROXY: '[fe80::7]:6443' }, ''],
  ];
  for (const [server, env, expected] of cases) {
    assert.equal(proxyFromEnvironment(server, env), expected, `${server} ${JSON.stringify(env)}`);
  }
});
