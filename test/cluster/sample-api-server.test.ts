import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type HttpHeaders, readBody } from '../../src/apimachinery/http.ts';
import type { JsonObject, JsonValue } from '../../src/apimachinery/json.ts';
import { serveRequest } from '../../src/apimachinery/serve-http.ts';
import { createHttpTransport } from '../../src/client/http-transport.ts';
import { sampleApiServer } from '../../src/cluster/sample-api-server/sample-api-server.ts';
import { connectionPair } from '../../src/node/cri/connection-pair.ts';
import { ContainerProcess } from '../../src/node/cri/simulation/container-process.ts';
import { MemoryFiles } from '../../src/node/cri/simulation/memory-files.ts';
import { PortServer } from '../../src/node/cri/simulation/port-server.ts';
import { createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { type AssembledCluster, assembled } from '../support/assembled-server.ts';
import { containerConfig } from '../support/container-config.ts';

const serverAddress = '10.96.0.1';

/** Gives the service account of the pod what an API server of an extension needs. */
async function bindRoles({ as }: AssembledCluster): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }];
  const bindings: [string, string, string, string][] = [
    [`${rbac}/clusterrolebindings`, 'ClusterRoleBinding', 'ClusterRole', 'system:auth-delegator'],
    [`${rbac}/clusterrolebindings`, 'ClusterRoleBinding', 'ClusterRole', 'view'],
    [`${rbac}/namespaces/kube-system/rolebindings`, 'RoleBinding', 'Role', 'extension-apiserver-authentication-reader'],
  ];
  for (const [path, kind, roleKind, role] of bindings) {
    const created = await as('admin-token', 'POST', path, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind,
      metadata: { name: `sample-${role.replaceAll(':', '-')}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: role },
      subjects,
    });
    assert.equal(created.status, 201, created.text);
  }
}

interface Sample {
  readonly log: () => string;
  readonly exitCode: () => number | undefined;
  /** Asks as the cluster's front proxy does, for a user. */
  readonly as: (
    user: string,
    method: string,
    path: string,
    body?: object,
    headers?: HttpHeaders,
  ) => Promise<[status: number, body: JsonObject]>;
}

/** Runs the image's program in a pod of a cluster. */
async function startSample(context: TestContext, cluster: AssembledCluster): Promise<Sample> {
  const { clock, credentials, as } = cluster;
  const account = '/api/v1/namespaces/default/serviceaccounts';
  await as('admin-token', 'POST', account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const issued = await as('admin-token', 'POST', `${account}/default/token`, review);
  assert.equal(issued.status, 201, issued.text);
  const { token } = issued.body['status'] as { token: string };
  const now = clock.now();
  const api = new PortServer('default/kubernetes', []);
  const serving = await issueCertificate(credentials.authority, {
    subject: { commonName: 'kube-apiserver' },
    usage: 'server',
    ipAddresses: [serverAddress],
    now,
  });
  const handle = cluster.api.server.handle;
  const onFailure = (error: unknown): void => assert.fail(String(error));
  api.listen(443, (request, response) => void serveRequest({ handle, onFailure }, request, response), serving);
  const authority = await createCertificateAuthority('sample', now);
  const shown = await issueCertificate(authority, {
    subject: { commonName: 'sample-api' },
    usage: 'server',
    dnsNames: ['sample-api.default.svc'],
    now,
  });
  const nodeFiles = new MemoryFiles(() => clock.now());
  for (const folder of ['/secret', '/token']) nodeFiles.makeFolder(folder);
  nodeFiles.writeFile('/token/token', Buffer.from(token));
  nodeFiles.writeFile('/token/ca.crt', Buffer.from(credentials.authority.certificate));
  nodeFiles.writeFile('/secret/tls.crt', Buffer.from(shown.certificate));
  nodeFiles.writeFile('/secret/tls.key', Buffer.from(shown.privateKey));
  const ports = new PortServer('default/sample', []);
  const process = new ContainerProcess(
    containerConfig({
      image: 'registry.k8s.io/e2e-test-images/sample-apiserver:1.29.2',
      args: ['--tls-cert-file=/certs/tls.crt', '--tls-private-key-file=/certs/tls.key'],
      envs: [
        { key: 'KUBERNETES_SERVICE_HOST', value: serverAddress },
        { key: 'KUBERNETES_SERVICE_PORT', value: '443' },
      ],
      mounts: [
        { containerPath: '/certs', hostPath: '/secret', readonly: true },
        { containerPath: '/var/run/secrets/kubernetes.io/serviceaccount', hostPath: '/token', readonly: true },
      ],
    }),
    {
      clock,
      hostname: 'sample',
      sysctls: {},
      dnsConfig: { servers: [], searches: [], options: [] },
      podIp: '10.0.0.1',
      random: () => 0.5,
      nodeFiles,
      ports,
      programs: { '/sample-apiserver': sampleApiServer({ random: seededRandom(7), log: silentLogger }) },
      async dial(address, port) {
        assert.equal(address, serverAddress);
        const [near, far] = connectionPair('10.0.0.1');
        void api.serve(port, far);
        return near;
      },
      sendDatagram: () => Promise.resolve(undefined),
    },
  );
  const ended: { code?: number } = {};
  let log = '';
  const keep = { write: (chunk: Uint8Array) => Promise.resolve(void (log += Buffer.from(chunk).toString())) };
  void process.attach({ stdout: keep, stderr: keep }, new AbortController().signal);
  assert.equal(
    process.start((code) => (ended.code = code)),
    true,
  );
  for (let turn = 0; turn < 10_000 && !ports.isOpen(443) && ended.code === undefined; turn++) await settle();
  const { client } = credentials.frontProxy;
  const transport = createHttpTransport({
    server: 'https://10.0.0.1:443',
    tlsServerName: 'sample-api.default.svc',
    ca: authority.certificate,
    clientCertificate: client.certificate,
    clientKey: client.privateKey,
    async dial(_, port) {
      const [near, far] = connectionPair('10.0.0.2');
      void ports.serve(port, far);
      return near;
    },
  });
  context.after(async () => {
    await transport.close();
    process.end();
    await settle(50);
  });
  return {
    log: () => log,
    exitCode: () => ended.code,
    async as(user, method, path, body, headers = {}) {
      const response = await transport.send({
        method,
        path,
        headers: { 'content-type': 'application/json', 'x-remote-user': user, ...headers },
        ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      });
      const text = Buffer.from(await readBody(response.body)).toString();
      await settle(30);
      return [response.status, text.startsWith('{') ? (JSON.parse(text) as JsonObject) : { text }];
    },
  };
}

const root = '/apis/wardle.example.com';
const masters = { 'x-remote-group': 'system:masters' };

function flunder(name: string, spec: JsonObject, version = 'v1alpha1'): JsonObject {
  return { apiVersion: `wardle.example.com/${version}`, kind: 'Flunder', metadata: { name }, spec };
}

test('the sample API server serves a group of its own', async (context) => {
  const cluster = await assembled(context);
  await bindRoles(cluster);
  const sample = await startSample(context, cluster);
  await context.test('the sample API server keeps flunders of both versions', async () => {
    const { as, log } = sample;
    assert.equal(log(), 'Serving securely on [::]:443\n');
    const [discovered, list] = await as('root', 'GET', `${root}/v1alpha1`, undefined, masters);
    assert.equal(discovered, 200);
    assert.deepEqual(
      (list['resources'] as { name: string }[]).map(({ name }) => name),
      ['fischers', 'flunders'],
    );
    const path = `${root}/v1alpha1/namespaces/default/flunders`;
    const later = `${root}/v1beta1/namespaces/default/flunders`;
    const [created, object] = await as('root', 'POST', path, flunder('one', { reference: 'two' }), masters);
    assert.deepEqual([created, object['spec']], [201, { reference: 'two', referenceType: 'Flunder' }]);
    const [read, asLater] = await as('root', 'GET', `${later}/one`, undefined, masters);
    assert.deepEqual([read, asLater['spec']], [200, { flunderReference: 'two', referenceType: 'Flunder' }]);
    const [, fish] = await as('root', 'POST', later, flunder('three', { fischerReference: 'f' }, 'v1beta1'), masters);
    assert.equal(
      fish['message'],
      'Flunder.wardle.example.com "three" is invalid: spec.fischerReference: Invalid value: "f": ' +
        'cannot be set if referenceType is not Fischer',
    );
    const named = { fischerReference: 'f', referenceType: 'Fischer' };
    assert.equal((await as('root', 'POST', later, flunder('three', named, 'v1beta1'), masters))[0], 201);
    const [, stored] = await as('root', 'GET', `${path}/three`, undefined, masters);
    assert.deepEqual(stored['spec'], { reference: 'f', referenceType: 'Fischer' });
  });

  await context.test('fischers forbid names, and namespaces that are not there have no flunders', async () => {
    const { as } = sample;
    const fischer = {
      apiVersion: 'wardle.example.com/v1alpha1',
      kind: 'Fischer',
      metadata: { name: 'strict' },
      disallowedFlunders: ['bad'],
    };
    assert.equal((await as('root', 'POST', `${root}/v1alpha1/fischers`, fischer, masters))[0], 201);
    const create = (namespace: string, name: string): Promise<[number, JsonObject]> =>
      as('root', 'POST', `${root}/v1alpha1/namespaces/${namespace}/flunders`, flunder(name, {}), masters);
    const [status, refused] = await create('default', 'bad');
    assert.deepEqual(
      [status, refused['message']],
      [
        403,
        'flunders.wardle.example.com "bad" is forbidden: this name may not be used, please change the resource name',
      ],
    );
    const [gone, missing] = await create('nowhere', 'good');
    assert.deepEqual([gone, missing['message']], [404, 'namespaces "nowhere" not found']);
    assert.equal((await create('default', 'good'))[0], 201);
  });

  await context.test('who may do what on it is for the cluster to say', async () => {
    const { as } = sample;
    const path = `${root}/v1alpha1/namespaces/default/flunders`;
    const [refused, why] = await as('ann', 'GET', path);
    assert.deepEqual(
      [refused, why['message']],
      [
        403,
        'flunders.wardle.example.com is forbidden: User "ann" cannot list resource "flunders" in API group ' +
          '"wardle.example.com" in the namespace "default"',
      ],
    );
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'flunders' },
      rules: [{ apiGroups: ['wardle.example.com'], resources: ['flunders'], verbs: ['list'] }],
    };
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await cluster.as('admin-token', 'POST', `${rbac}/clusterroles`, role);
    await cluster.as('admin-token', 'POST', `${rbac}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'bob-lists' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'flunders' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }],
    });
    assert.equal((await as('bob', 'GET', path))[0], 200);
    assert.equal((await as('ann', 'GET', '/readyz'))[0], 200);
  });

  await context.test('its types are published without empty lists of fields', async () => {
    const { as } = sample;
    const [status, document] = await as('root', 'GET', `/openapi/v3${root}/v1beta1`, undefined, masters);
    assert.equal(status, 200);
    assert.deepEqual(document['info'], { title: 'Wardle', version: '0.1' });
    const { schemas } = document['components'] as { schemas: Record<string, JsonValue> };
    assert.deepEqual(schemas['io.k8s.sample-apiserver.pkg.apis.wardle.v1beta1.FlunderStatus'], { type: 'object' });
  });
});

test('it ends where the cluster does not say whom to believe', async (context) => {
  const { log, exitCode } = await startSample(context, await assembled(context));
  assert.equal(exitCode(), 1);
  assert.match(log(), /^Error: unable to load configmap based request-header-client-ca-file: .* is forbidden: /);
});
