import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { HttpRequest, HttpResponse } from '../../src/apimachinery/http.ts';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';

const group = 'metrics.k8s.io';
const nodeMetrics = [
  { metadata: { name: 'n1' }, usage: { cpu: '1234567n', memory: '1048577Ki', swap: '100Mi' } },
  { metadata: { name: 'n2' }, usage: { cpu: '1500m', memory: '512Mi', swap: '1Mi' } },
];
const podMetrics = [
  {
    metadata: { name: 'a', namespace: 'default' },
    containers: [
      { name: 'c1', usage: { cpu: '10m', memory: '100Mi' } },
      { name: 'c0', usage: { cpu: '250m', memory: '10Mi', swap: '5Mi' } },
    ],
  },
  { metadata: { name: 'b', namespace: 'default' }, containers: [{ name: 'only', usage: { cpu: 1, memory: '1Gi' } }] },
];

function json(status: number, body: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
}

/** A metrics server beside the API server: its group in discovery, and lists of nodes and pods. */
function metricsServer(pods: readonly unknown[] = podMetrics) {
  return (request: HttpRequest): HttpResponse | undefined => {
    const { pathname, searchParams } = new URL(request.path, 'https://server.invalid');
    const resources = [
      {
        resource: 'nodes',
        singularResource: '',
        scope: 'Cluster',
        verbs: ['get', 'list'],
        responseKind: { kind: 'NodeMetrics' },
      },
      {
        resource: 'pods',
        singularResource: '',
        scope: 'Namespaced',
        verbs: ['get', 'list'],
        responseKind: { kind: 'PodMetrics' },
      },
    ];
    if (pathname === '/apis') {
      const items = [
        { metadata: { name: group }, versions: [{ version: 'v1beta1', freshness: 'Current', resources }] },
      ];
      const about = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' };
      const type = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
      return { ...json(200, { ...about, metadata: {}, items }), headers: { 'content-type': type } };
    }
    const prefix = `/apis/${group}/v1beta1/`;
    if (!pathname.startsWith(prefix)) return undefined;
    assert.equal(request.headers['accept'], 'application/json');
    const [, all, name] = /(nodes|pods)(?:\/([^/]+))?$/.exec(pathname.slice(prefix.length)) ?? [];
    const items = (all === 'nodes' ? nodeMetrics : pods) as readonly { metadata: { name: string } }[];
    const kind = all === 'nodes' ? 'NodeMetrics' : 'PodMetrics';
    const about = { apiVersion: `${group}/v1beta1`, kind };
    const isNone = searchParams.get('labelSelector') === 'none=here';
    if (name === undefined)
      return json(200, { ...about, kind: `${kind}List`, metadata: {}, items: isNone ? [] : items });
    const found = items.find(({ metadata }) => metadata.name === name);
    if (found !== undefined) return json(200, { ...about, ...found });
    const message = `${all ?? ''}.${group} "${name}" not found`;
    return json(404, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', message, code: 404 });
  };
}

async function cluster(context: TestContext, pods?: readonly unknown[]): Promise<CommandCluster> {
  const made = await createCommandCluster(context, { extension: metricsServer(pods) });
  const nodes = made.api.client.resource({ group: '', version: 'v1', resource: 'nodes' });
  const add = async (name: string, status: object): Promise<void> => {
    await nodes.create({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status });
  };
  const info = Object.fromEntries(
    ['architecture', 'bootID', 'containerRuntimeVersion', 'kernelVersion', 'kubeProxyVersion', 'kubeletVersion']
      .concat(['machineID', 'operatingSystem', 'osImage', 'systemUUID'])
      .map((name) => [name, '']),
  );
  await add('n1', {
    allocatable: { cpu: '4', memory: '8Gi' },
    capacity: { cpu: '5', memory: '10Gi' },
    nodeInfo: { ...info, swap: { capacity: 2 * 1024 ** 3 } },
  });
  await add('n2', { allocatable: { cpu: '2', memory: '4Gi' } });
  await add('n3', { allocatable: { cpu: '2', memory: '4Gi' } });
  return made;
}

void test('top node shows what nodes use, and of which nothing is known', async (context) => {
  const { run } = await cluster(context);
  const shows = async (stdout: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await run('top', ...argv), { exitCode: 0, stdout, stderr: '' });
  const header = 'NAME   CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)   \n';
  const n1 = 'n1     2m           0%          1024Mi          12%         \n';
  const n2 = 'n2     1500m        75%         512Mi           12%         \n';
  const n3 = 'n3     <unknown>    <unknown>   <unknown>       <unknown>   \n';
  await shows(header + n1 + n2 + n3, 'node');
  await shows(header + n2 + n1 + n3, 'nodes', '--sort-by=cpu');
  await shows(header + n1 + n2 + n3, 'no', '--sort-by=memory');
  await shows('n2    1500m   75%   512Mi   12%   \n', 'node', 'n2', '--no-headers');
  await shows('n1    2m    0%    1024Mi   10%   \n', 'node', 'n1', '--no-headers', '--show-capacity');
  await shows('n1    2m    0%    1024Mi   12%   100Mi   4%    \n', 'node', 'n1', '--no-headers', '--show-swap');
  await shows(
    'n2    1500m   75%   512Mi   12%   <unknown>   <unknown>   \n',
    'node',
    'n2',
    '--no-headers',
    '--show-swap',
  );
});

void test('top pod shows pods or their containers, and their sum', async (context) => {
  const { run } = await cluster(context);
  const shows = async (stdout: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await run('top', 'pod', ...argv), { exitCode: 0, stdout, stderr: '' });
  await shows(
    'NAME   CPU(cores)   MEMORY(bytes)   \na      260m         110Mi           \nb      1000m        1024Mi          \n',
  );
  await shows('b     1000m   1024Mi   \na     260m    110Mi    \n', '--no-headers', '--sort-by=cpu');
  await shows('a     c0    250m   10Mi    \na     c1    10m    100Mi   \n', 'a', '--containers', '--no-headers');
  await shows(
    'a     c1    10m    100Mi   \na     c0    250m   10Mi    \n',
    'a',
    '--containers',
    '--no-headers',
    '--sort-by=memory',
  );
  await shows(
    'NAMESPACE   POD   NAME   CPU(cores)   MEMORY(bytes)   \n' +
      'default     a     c0     250m         10Mi            \n' +
      'default     a     c1     10m          100Mi           \n' +
      'default     b     only   1000m        1024Mi          \n' +
      '                         ________     ________        \n' +
      '                         1260m        1134Mi          \n',
    '-A',
    '--containers',
    '--sum',
  );
  await shows('a     260m   110Mi   5Mi   \n', 'a', '--no-headers', '--show-swap');
});

void test('top tells why there is nothing to show', async (context) => {
  const without = await createCommandCluster(context);
  const fails = async (made: CommandCluster, stderr: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await made.run('top', ...argv), { exitCode: 1, stdout: '', stderr });
  await fails(without, 'error: Metrics API not available\n', 'node');
  await fails(without, 'error: Metrics API not available\n', 'pod');
  const usage = (text: string, word: string): string =>
    `error: ${text} [NAME | -l label]\nSee 'kubectl top ${word} -h' for help and examples\n`;
  await fails(without, usage('node', 'node'), 'node', 'a', 'b');
  await fails(without, usage('pod', 'pod'), 'pod', 'a', 'b');
  await fails(without, 'error: --sort-by accepts only cpu or memory\n', 'pod', '--sort-by=name');
  await fails(without, 'error: only one of NAME or --selector can be provided\n', 'node', 'a', '-l=b');
  await fails(without, 'error: only one of NAME or selector can be provided\n', 'pod', 'a', '--field-selector=b=c');
  await fails(without, "error: invalid selector: 'a'; can't understand 'a'\n", 'pod', '--field-selector=a');
  const made = await cluster(context, []);
  await fails(made, 'Error from server (NotFound): nodes.metrics.k8s.io "n3" not found\n', 'node', 'n3');
  await fails(made, 'error: metrics not available yet\n', 'node', '-l=none=here');
  assert.equal((await made.run('top', 'pod')).stderr, 'No resources found in default namespace.\n');
  assert.equal((await made.run('top', 'pod', '-A')).stderr, 'No resources found\n');
  await made.run('run', 'young', '--image=nginx');
  await fails(made, 'error: metrics not available yet\n', 'pod');
  await made.clock.advance(180_000);
  await fails(made, 'error: Metrics not available for pod default/young, age: 3m0s\n', 'pod');
});
