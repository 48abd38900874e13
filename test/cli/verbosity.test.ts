import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProfile } from '../../src/system/profiler.ts';
import { createCommandCluster } from '../support/command-cluster.ts';

const withoutHeads = (text: string): string =>
  text.replaceAll(/^([IWE])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ /gm, '$1 ').replaceAll(/\/\S*kubeconfig/g, 'KUBECONFIG');

void test('-v=6 tells of the kubeconfig, of requests, and of the error in full', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('get', 'configmaps');
  const { stderr, exitCode } = await cluster.run('get', 'configmap', 'x', '-v=6');
  assert.equal(exitCode, 1);
  assert.equal(
    withoutHeads(stderr),
    `I loader.go:407] Config loaded from file:  KUBECONFIG
I round_trippers.go:632] "Response" verb="GET" url="https://in-process.invalid/api/v1/namespaces/default/configmaps/x" status="404 Not Found" milliseconds=0
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
