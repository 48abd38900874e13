import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsServer } from '../../../src/cluster/metrics-server/metrics-server.ts';
import { metricsServerSettings } from '../../../src/cluster/metrics-server/metrics-server-flags.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import { PortServer } from '../../../src/node/cri/simulation/port-server.ts';
import { issueCertificate } from '../../../src/pki/certificates.ts';
import { settle } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { type AssembledCluster, assembled } from '../../support/assembled-server.ts';
import { bindExtensionRoles, type ExtensionPod, startExtension } from '../../support/extension-pod.ts';

const nodeAddress = '192.168.64.2';
const masters = { 'x-remote-group': 'system:masters' };
const root = '/apis/metrics.k8s.io/v1beta1';

/** A kubelet whose node has used a processor and whose pod a quarter of one since the epoch. */
async function kubelet({ clock, credentials }: AssembledCluster, seen: string[]): Promise<PortServer> {
  const ports = new PortServer('kubelet', []);
  const identity = await issueCertificate(credentials.authority, {
    subject: { commonName: 'system:node:node-1' },
    usage: 'server',
    ipAddresses: [nodeAddress],
    now: clock.now(),
  });
  const begun = clock.now();
  ports.listen(
    10_250,
    (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization?.slice(0, 7)}`);
      const seconds = 1 + (clock.now() - begun) / 1000;
      const labels = '{container="app",namespace="default",pod="web"}';
      response.end(
        [
          `node_cpu_usage_seconds_total ${seconds} ${clock.now()}`,
          `node_memory_working_set_bytes 1000000 ${clock.now()}`,
          `container_cpu_usage_seconds_total${labels} ${seconds / 4} ${clock.now()}`,
          `container_memory_working_set_bytes${labels} 2097152 ${clock.now()}`,
          `container_start_time_seconds${labels} 1`,
          '',
        ].join('\n'),
      );
    },
    identity,
  );
  return ports;
}

/** A node, a pod on it, and leave for the server to see them. */
async function prepare(cluster: AssembledCluster): Promise<void> {
  await bindExtensionRoles(cluster);
  const create = async (path: string, object: object): Promise<void> => {
    const { status, text } = await cluster.as('admin-token', 'POST', path, object);
    assert.equal(status, 201, text);
  };
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await create(`${rbac}/clusterroles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'system:metrics-server' },
    rules: [{ apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
  });
  await create(`${rbac}/clusterrolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'system:metrics-server' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:metrics-server' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  });
  await create('/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', labels: { disk: 'ssd' } },
    status: { addresses: [{ type: 'InternalIP', address: nodeAddress }] },
  });
}

async function createPods({ as }: AssembledCluster): Promise<void> {
  for (const name of ['other', 'web']) {
    const { status, text } = await as('admin-token', 'POST', '/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: name } },
      spec: { containers: [{ name: 'app', image: 'app' }] },
    });
    assert.equal(status, 201, text);
  }
}

const image = {
  image: 'registry.k8s.io/metrics-server/metrics-server:v0.8.0',
  args: ['--metric-resolution=15s', '--kubelet-use-node-status-port', '--cert-dir=/tmp'],
  programs: { '/metrics-server': metricsServer({ random: seededRandom(7), log: silentLogger }) },
};

test('metrics-server serves what kubelets tell', async (context) => {
  const cluster = await assembled(context);
  await prepare(cluster);
  const seen: string[] = [];
  const ports = await kubelet(cluster, seen);
  const pod = await startExtension(context, cluster, { ...image, besides: { address: nodeAddress, ports } });
  await createPods(cluster);
  const { as, log } = pod;
  const waitForLooks = async (count: number): Promise<void> => {
    for (let turn = 0; turn < 1000 && seen.length < count; turn++) await settle();
    await settle(50);
  };
  await waitForLooks(1);
  assert.equal(log(), 'Serving securely on [::]:443\n');
  assert.deepEqual(seen, ['GET /metrics/resource Bearer ']);
  assert.deepEqual(
    [(await as('root', 'GET', '/readyz'))[0], (await as('root', 'GET', '/livez'))[0]],
    [500, 200],
    'there is nothing to serve yet',
  );
  await cluster.clock.advance(15_000);
  await waitForLooks(2);
  await cluster.clock.advance(1000);
  await servesMetrics(context.test.bind(context), pod);
});

test('what cannot show its certificate ends, and looks no more', async (context) => {
  const cluster = await assembled(context);
  await prepare(cluster);
  const seen: string[] = [];
  const ports = await kubelet(cluster, seen);
  const args = [...image.args, '--tls-cert-file=/certs/none.crt'];
  const pod = await startExtension(context, cluster, { ...image, args, besides: { address: nodeAddress, ports } });
  assert.equal(pod.exitCode(), 255, pod.log());
  assert.match(pod.log(), /none\.crt/);
  const { length } = seen;
  await cluster.clock.advance(60_000);
  await settle(200);
  assert.equal(seen.length, length);
});

async function servesMetrics(step: (name: string, run: () => Promise<void>) => Promise<void>, pod: ExtensionPod) {
  const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<[number, JsonObject]> =>
    pod.as('root', 'GET', path, undefined, { ...masters, ...headers });
  await step('nodes', async () => {
    assert.equal((await get('/readyz'))[0], 200);
    const [status, list] = await get(`${root}/nodes`);
    assert.deepEqual(
      [status, list],
      [
        200,
        {
          kind: 'NodeMetricsList',
          apiVersion: 'metrics.k8s.io/v1beta1',
          metadata: {},
          items: [
            {
              metadata: { name: 'node-1', creationTimestamp: '2026-01-01T00:00:16Z', labels: { disk: 'ssd' } },
              timestamp: '2026-01-01T00:00:15Z',
              window: '15s',
              usage: { cpu: '1', memory: '1000000' },
            },
          ],
        },
      ],
    );
  });
  await step('pods, those of which something is known', async () => {
    const [, list] = await get(`${root}/pods`);
    const items = list['items'] as JsonObject[];
    assert.deepEqual(
      items.map(({ metadata, containers }) => [(metadata as JsonObject)['name'], containers]),
      [['web', [{ name: 'app', usage: { cpu: '250m', memory: '2Mi' } }]]],
    );
    const count = async (query: string): Promise<number> =>
      ((await get(`${root}/namespaces/default/pods?${query}`))[1]['items'] as unknown[]).length;
    assert.equal(await count('labelSelector=app=web'), 1);
    assert.equal(await count('labelSelector=app=other'), 0);
    assert.equal(await count('fieldSelector=metadata.name=web'), 1);
    assert.equal(await count('fieldSelector=metadata.name=other'), 0);
    assert.equal(((await get(`${root}/namespaces/kube-system/pods`))[1]['items'] as unknown[]).length, 0);
  });
  await step('a table', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const [, table] = await get(`${root}/namespaces/default/pods`, { accept });
    assert.deepEqual(
      (table['columnDefinitions'] as JsonObject[]).map(({ name, format }) => [name, format]),
      [
        ['Name', 'name'],
        ['cpu', 'quantity'],
        ['memory', 'quantity'],
        ['Window', 'duration'],
      ],
    );
    assert.deepEqual((table['rows'] as JsonObject[])[0]?.['cells'], ['web', '250m', '2Mi', '15s']);
  });
  await step('what is not there', async () => {
    const messages = async (path: string): Promise<unknown> => (await get(`${root}/${path}`))[1]['message'];
    assert.equal(await messages('namespaces/default/pods/nope'), 'pods "nope" not found');
    assert.equal(await messages('namespaces/default/pods/other'), 'pods.metrics.k8s.io "default/other" not found');
    assert.equal(await messages('nodes/nope'), 'node "nope" not found');
  });
  await step('the API tells of itself, and only those who may read it do', async () => {
    const [, list] = await get(root);
    assert.deepEqual(
      (list['resources'] as JsonObject[]).map(({ name, kind, verbs, singularName }) => [
        name,
        kind,
        singularName,
        verbs,
      ]),
      [
        ['nodes', 'NodeMetrics', '', ['get', 'list']],
        ['pods', 'PodMetrics', '', ['get', 'list']],
      ],
    );
    assert.equal((await get(`${root}/nodes?watch=1`))[0], 405);
    const [status] = await pod.as('nobody', 'GET', `${root}/nodes`);
    assert.equal(status, 403);
  });
}

const refused: readonly (readonly [flags: Readonly<Record<string, string>>, message: string])[] = [
  [{ 'metric-resolution': '5s' }, 'metric-resolution should be a time duration at least 10s, but value 5s provided'],
  [{ 'kubelet-request-timeout': '0s' }, 'kubelet-request-timeout should be positive'],
  [
    { 'metric-resolution': '10s' },
    'metric-resolution should be larger than kubelet-request-timeout, but metric-resolution value 10s kubelet-request-timeout value 10s provided',
  ],
  [
    { 'kubelet-insecure-tls': 'true', 'kubelet-certificate-authority': '/ca' },
    'cannot use both --kubelet-certificate-authority and --kubelet-insecure-tls',
  ],
  [{ kubeconfig: '/k' }, '--kubeconfig is not known to the simulated metrics-server'],
];

for (const [flags, message] of refused) {
  void test(`flags are refused: ${JSON.stringify(flags)}`, () => {
    assert.throws(() => metricsServerSettings(new Map(Object.entries(flags))), { message });
  });
}
