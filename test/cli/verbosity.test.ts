import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TransportError } from '../../src/client/transport-error.ts';
import { startProfile } from '../../src/system/profiler.ts';
import { createCommandCluster } from '../support/command-cluster.ts';
import { commandRunner } from '../support/run-command.ts';

const withoutHeads = (text: string): string =>
  text.replaceAll(/^([IWE])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ /gm, '$1 ').replaceAll(/\/\S*kubeconfig/g, 'KUBECONFIG');

const defaults: readonly (readonly [string, boolean])[] = [
  ['AtomicFIFO', true],
  ['ClientsAllowCARotation', true],
  ['ClientsAllowCBOR', false],
  ['ClientsAllowTLSCacheGC', true],
  ['ClientsPreferCBOR', false],
  ['InOrderInformers', true],
  ['InOrderInformersBatchProcess', true],
  ['InformerResourceVersion', true],
  ['UnlockWhileProcessingFIFO', true],
  ['WatchListClient', true],
];
const gateLine = (name: string, isOn: boolean): string =>
  `I envvar.go:195] "Feature gate default state" feature="${name}" enabled=${isOn}\n`;
const featureGates = defaults.map(([name, isOn]) => gateLine(name, isOn)).join('');

void test('-v=1 tells of the features of client-go, and what the environment says of them', async (context) => {
  const cluster = await createCommandCluster(context);
  const run = (env: Record<string, string>, ...argv: string[]): Promise<string> =>
    cluster
      .runWith({ env: { HOME: cluster.home, ...env } }, ...argv, '-v=1')
      .then(({ stderr }) => withoutHeads(stderr));
  assert.equal(await run({}, 'create', 'configmap', 'x', '--dry-run=client'), featureGates);
  for (const argv of [['config', 'view'], ['version', '--client'], ['options'], ['completion', 'bash']]) {
    assert.equal(await run({}, ...argv), '', argv.join(' '));
  }
  const env = {
    KUBE_FEATURE_AtomicFIFO: 'false',
    KUBE_FEATURE_InOrderInformers: 'f',
    KUBE_FEATURE_WatchListClient: 'x',
    KUBE_FEATURE_Nonesuch: 'x',
  };
  const told = await run(env, 'create', 'configmap', 'x', '--dry-run=client');
  const [locked, wrong, first] = told.split('\n');
  assert.equal(
    locked,
    'E envvar.go:179] "Could not set feature gate, feature is locked" feature="InOrderInformers" desiredState="f" lockedState=true',
  );
  assert.equal(
    wrong,
    String.raw`E envvar.go:176] "Could not set feature gate" err="strconv.ParseBool: parsing \"x\": invalid syntax" feature="WatchListClient" desiredState="x"`,
  );
  assert.equal(first, 'I envvar.go:192] "Feature gate updated state" feature="AtomicFIFO" enabled=false');
});

void test('--local needs no client, and so tells of none', async (context) => {
  const { home, runWith } = await createCommandCluster(context);
  const input = '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}';
  const argv = ['label', '-f', '-', 'a=b', '--local', '-o', 'name', '-v=6'];
  const { stderr } = await runWith({ input, env: { HOME: home } }, ...argv);
  assert.equal(withoutHeads(stderr), 'I loader.go:407] Config loaded from file:  KUBECONFIG\n');
});

void test('config tells at -v=6 which files were read', async (context) => {
  const cluster = await createCommandCluster(context);
  const { stderr } = await cluster.run('config', 'current-context', '-v=6');
  assert.equal(withoutHeads(stderr), 'I loader.go:407] Config loaded from file:  KUBECONFIG\n');
});

void test('$KUBECONFIG of files that are not there is told of at -v=1', async (context) => {
  const { home, run } = commandRunner(context, { env: { HOME: '/nonesuch', KUBECONFIG: '/nonesuch/a:/nonesuch/b' } });
  assert.notEqual(home, '');
  const { stderr } = await run('config', 'view', '-v=1');
  assert.equal(withoutHeads(stderr), 'I loader.go:141] Config not found: /nonesuch/a, /nonesuch/b\n');
});

void test('a server that is not there is told of between the tries', async (context) => {
  const refuse = (): Promise<never> => {
    const error = new TransportError('refused', '127.0.0.1:1', 'ECONNREFUSED', 'refused');
    error.request = 'Get "https://127.0.0.1:1/api?timeout=32s"';
    return Promise.reject(error);
  };
  const transport = { send: refuse, close: () => Promise.resolve() };
  const { run } = await createCommandCluster(context, { world: { transport } });
  const reason = 'Get "https://127.0.0.1:1/api?timeout=32s": dial tcp 127.0.0.1:1: connect: connection refused';
  const lines = async (level: string, ...argv: string[]): Promise<string[]> => {
    const { stderr } = await run('-s', 'https://127.0.0.1:1', ...argv, `-v=${level}`);
    const told = withoutHeads(stderr).split('\n');
    return told.filter((line) => !line.includes('envvar')).map((line) => line.slice(0, 25));
  };
  const error = 'E memcache.go:265] "Unhan';
  const skipped = 'I cached_discovery.go:120';
  const shortNames = 'I shortcut.go:103] Error ';
  const end = ['The connection to the ser', ''];
  assert.deepEqual(await lines('1', 'get', 'cm'), [error, error, shortNames, error, error, error, ...end]);
  assert.deepEqual(await lines('1', 'logs', 'x'), [error, shortNames, error, error, error, ...end]);
  assert.deepEqual(await lines('1', 'explain', 'pods'), [error, shortNames, error, ...end]);
  const connection = 'I helpers.go:264] Connect';
  assert.deepEqual(await lines('4', 'api-resources'), [error, skipped, connection, ...end]);
  const { stderr } = await run('-s', 'https://127.0.0.1:1', 'api-resources', '-v=4');
  assert.ok(withoutHeads(stderr).includes(`] skipped caching discovery info due to ${reason}\n`));
  assert.ok(withoutHeads(stderr).includes(`] Connection error: ${reason.replaceAll('"', '')}\n`));
});

void test('-v=6 tells of the kubeconfig, of requests, and of the error in full', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('get', 'configmaps');
  const { stderr, exitCode } = await cluster.run('get', 'configmap', 'x', '-v=6');
  assert.equal(exitCode, 1);
  assert.equal(
    withoutHeads(stderr),
    `I loader.go:407] Config loaded from file:  KUBECONFIG
${featureGates}I round_trippers.go:632] "Response" verb="GET" url="https://in-process.invalid/api/v1/namespaces/default/configmaps/x" status="404 Not Found" milliseconds=0
I helpers.go:246] server response object: %s[{
  "kind": "Status",
  "apiVersion": "v1",
  "metadata": {},
  "status": "Failure",
  "message": "configmaps \\"x\\" not found",
  "reason": "NotFound",
  "details": {
    "name": "x",
    "kind": "configmaps"
  },
  "code": 404
}]
Error from server (NotFound): configmaps "x" not found
`,
  );
});

const modules: readonly (readonly [string, RegExp])[] = [
  ['round_trippers=6', /^I round_trippers\.go:632\] "Response" verb="GET"/],
  ['a=1,round_*=6', /^I round_trippers\.go:632\] "Response" verb="GET"/],
  ['round_trippers=5', /^No resources found/],
  ['other=9', /^No resources found/],
  [
    'round_trippers',
    /^error: invalid argument "round_trippers" for "--vmodule" flag: syntax error: expect comma-separated list of filename=N\nSee 'kubectl get --help' for usage\.\n$/,
  ],
  ['round_trippers=-1', /^error: invalid argument "round_trippers=-1" for "--vmodule" flag: negative value/],
];

for (const [value, expected] of modules) {
  void test(`--vmodule=${value}`, async (context) => {
    const cluster = await createCommandCluster(context);
    await cluster.run('get', 'secrets');
    const { stderr } = await cluster.run('get', 'configmaps', `--vmodule=${value}`);
    assert.match(withoutHeads(stderr), expected);
  });
}

void test('--profile records with V8 and refuses what only Go has', async (context) => {
  const cluster = await createCommandCluster(context, { world: { startProfile } });
  for (const kind of ['cpu', 'heap']) {
    const { exitCode, stderr } = await cluster.run('get', 'ns', `--profile=${kind}`, `--profile-output=${kind}.json`);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    assert.ok(existsSync(join(cluster.home, `${kind}.json`)));
  }
  const refused = async (kind: string): Promise<string> => (await cluster.run('version', `--profile=${kind}`)).stderr;
  assert.equal(
    await refused('mutex'),
    'error: --profile=mutex is of the Go runtime, which kubectl-ts has not: use cpu or heap\n',
  );
  assert.equal(await refused('nonesuch'), "error: unknown profile 'nonesuch'\n");
});

void test('what is kept of the server is told of, and that it is asked anew', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('get', 'configmaps');
  const lines = async (level: number, ...argv: string[]): Promise<string[]> => {
    const { stderr } = await cluster.run(...argv, `--vmodule=cached_discovery=10,discovery=${level}`);
    return withoutHeads(stderr).replaceAll(cluster.home, 'HOME').split('\n');
  };
  const file = 'HOME/.kube/cache/discovery/in_process.invalid/resources.json'.replace('in_process', 'in-process');
  const cached = `I cached_discovery.go:113] returning cached discovery info from ${file}`;
  assert.deepEqual(await lines(4, 'get', 'configmaps'), [cached, 'No resources found in default namespace.', '']);
  assert.deepEqual(await lines(5, 'get', 'nonesuch'), [
    cached,
    'I discovery.go:214] Invalidating discovery information',
    'error: the server doesn\'t have a resource type "nonesuch"',
    '',
  ]);
});

void test('errors are told of with their prefixes, and by typed commands without what they are', async (context) => {
  const cluster = await createCommandCluster(context);
  const objectOf = async (...argv: string[]): Promise<Record<string, unknown>> => {
    const { stderr } = await cluster.runWith(
      { input: '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}' },
      ...argv,
      '-v=4',
    );
    const text = /server response object: %s\[(\{.*?^\})\]/ms.exec(stderr)?.[1] ?? assert.fail(stderr);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const replaced = await objectOf('replace', '-f', '-');
  assert.equal(replaced['message'], 'error when replacing "STDIN": configmaps "x" not found');
  assert.deepEqual(Object.keys(replaced).slice(0, 2), ['kind', 'apiVersion']);
  assert.deepEqual(Object.keys(await objectOf('cordon', 'x')).slice(0, 2), ['metadata', 'status']);
  assert.deepEqual(Object.keys(await objectOf('get', '--raw', '/nonesuch')).slice(0, 2), ['metadata', 'status']);
});
