import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { HttpTransportOptions } from '../../src/client/http-transport.ts';
import type { WebhookClient, WebhookTarget } from '../../src/client/webhook-client.ts';
import { admissionPluginsOf } from '../../src/cluster/admission-flags.ts';
import { identifiedWebhooks, userFor } from '../../src/cluster/webhook-identities.ts';
import { createCertificateAuthority } from '../../src/pki/certificates.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { seededRandom } from '../../src/system/random.ts';
import { clusterOf } from '../control-plane/admission/admission-harness.ts';
import { temporaryFolder } from '../support/assembled-server.ts';

function kubeconfigOf(users: readonly string[], current?: string) {
  const entries = (names: readonly string[], value = {}) =>
    new Map(names.map((name) => [name, { name, value, file: '/f' }]));
  const contexts = current === undefined ? new Map() : entries(['c'], { user: current });
  return { clusters: new Map(), users: entries(users), contexts, currentContext: 'c', found: true };
}

/** Users of a file, a server, and who of them it is called as. */
const choices: readonly (readonly [users: readonly string[], server: string, user: string | undefined])[] = [
  [['a.b.c:8443', '*.b.c:8443'], 'a.b.c:8443', 'a.b.c:8443'],
  [['*.c:8443', '*.b.c:8443'], 'a.b.c:8443', '*.b.c:8443'],
  [['a.b.c', '*'], 'a.b.c:8443', '*'],
  [['a.b.c', '*'], 'a.b.c:443', 'a.b.c'],
  [['*.b.c', '*.c:443'], 'a.b.c:443', '*.c:443'],
  [['hook.ns.svc'], 'hook.ns.svc:443', 'hook.ns.svc'],
  [['*.svc'], 'hook.ns.svc:443', '*.svc'],
  [['me'], 'a.b.c:443', 'me'],
  [['other'], 'a.b.c:443', undefined],
];

for (const [users, server, user] of choices) {
  test(`${server} of ${users.join(', ')}`, () => assert.equal(userFor(kubeconfigOf(users, 'me'), server), user));
}

interface Call {
  readonly to: HttpTransportOptions;
  readonly authorization: unknown;
  readonly as: unknown;
  readonly agent: unknown;
  readonly path: string;
}

async function started(context: TestContext) {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'token'), 'from-a-file\n');
  const pair = await createCertificateAuthority('test', 0);
  const data = (text: string): string => Buffer.from(text).toString('base64');
  const users = [
    { name: 'hook.ns.svc', user: { token: 'of-the-service' } },
    { name: '*.example.com', user: { tokenFile: 'token', as: 'bob' } },
    { name: 'basic.example.org:8443', user: { username: 'ann', password: 'pw' } },
    {
      name: 'cert.example.org',
      user: { 'client-certificate-data': data(pair.certificate), 'client-key-data': data(pair.privateKey) },
    },
  ];
  const path = join(folder, 'kubeconfig');
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'Config', users }));
  const calls: Call[] = [];
  const clock = new FakeClock();
  const webhooks = {
    clock,
    userAgent: 'kube-apiserver-admission',
    resolve: () => Promise.resolve({ host: '10.0.0.9', port: 9443 }),
    connect: (to: HttpTransportOptions) => ({
      send({ headers, path: asked }: { headers: Readonly<Record<string, unknown>>; path: string }) {
        calls.push({
          to,
          authorization: headers['authorization'],
          as: headers['Impersonate-User'] ?? headers['impersonate-user'],
          agent: headers['user-agent'],
          path: asked,
        });
        return Promise.resolve({
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: Buffer.from('{"response":{}}'),
        });
      },
      close: () => Promise.resolve(),
    }),
  };
  const call = async (client: WebhookClient, target: WebhookTarget): Promise<Call | undefined> => {
    await client.call(target, {}, 10);
    return calls.at(-1);
  };
  return { path, clock, webhooks, call, pair };
}

test('a webhook is called as the user that the file has for it', async (context) => {
  const { path, clock, webhooks, call, pair } = await started(context);
  const client = await identifiedWebhooks({ kubeConfigFile: path, files: nodeFileSystem, clock, webhooks });
  context.after(() => client.close());
  const service = await call(client, { service: { namespace: 'ns', name: 'hook', path: '/check' } });
  assert.equal(service?.authorization, 'Bearer of-the-service');
  assert.equal(service?.to.server, 'https://10.0.0.9:9443');
  assert.equal(service?.to.tlsServerName, 'hook.ns.svc');
  assert.equal(service?.agent, 'kube-apiserver-admission');
  assert.equal(service?.path, '/check?timeout=10s');
  const starred = await call(client, { url: 'https://a.example.com/x' });
  assert.deepEqual([starred?.authorization, starred?.as], ['Bearer from-a-file', 'bob']);
  const basic = await call(client, { url: 'https://basic.example.org:8443/x' });
  assert.equal(basic?.authorization, `Basic ${Buffer.from('ann:pw').toString('base64')}`);
  const known = await call(client, { url: 'https://cert.example.org/x' });
  assert.deepEqual([known?.to.clientCertificate, known?.to.clientKey], [pair.certificate, pair.privateKey]);
  const nobody = await call(client, { url: 'https://basic.example.org/x' });
  assert.equal(nobody?.authorization, undefined);
});

test('the file is that of the plugin’s configuration, and has to be there', async (context) => {
  const { path, webhooks } = await started(context);
  const folder = temporaryFolder(context);
  const file = join(folder, 'admission.yaml');
  const configure = (kubeConfigFile: string): void =>
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AdmissionConfiguration',
        plugins: [
          {
            name: 'ValidatingAdmissionWebhook',
            configuration: {
              apiVersion: 'apiserver.config.k8s.io/v1',
              kind: 'WebhookAdmissionConfiguration',
              kubeConfigFile,
            },
          },
        ],
      }),
    );
  const flags = new Map([['admission-control-config-file', file]]);
  const setup = { files: nodeFileSystem, context: clusterOf({}), random: seededRandom(1), webhooks };
  configure(path);
  const { plugins, close } = await admissionPluginsOf(flags, setup);
  assert.ok(plugins.some(({ name }) => name === 'ValidatingAdmissionWebhook'));
  await close();
  configure('/nope');
  await assert.rejects(admissionPluginsOf(flags, setup), {
    message:
      'failed to apply admission: couldn\'t init admission plugin "ValidatingAdmissionWebhook": stat /nope: no such file or directory',
  });
});
