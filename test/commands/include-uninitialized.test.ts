import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  initializerConfigurationResource,
  schemasWithInitializers,
} from '../../src/api/admissionregistration/v1alpha1/initializer-configuration.ts';
import { builtInResources } from '../../src/api/registry.ts';
import { commandTable } from '../../src/commands/index.ts';
import { createCommandCluster } from '../support/command-cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const flag = '--include-uninitialized';

/** A server with initializers (or one without that feature), and a config map that waits for one. */
async function started(context: TestContext, hasInitializers = true) {
  const types = { types: schemasWithInitializers, hasInitializers };
  const cluster = await createCommandCluster(context, {
    api: hasInitializers ? { ...types, resources: [...builtInResources, initializerConfigurationResource] } : {},
  });
  const metadata = {
    name: 'waiting',
    labels: { app: 'x' },
    ...(hasInitializers ? { initializers: { pending: [{ name: 'a.example.com' }] } } : {}),
  };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  const { status } = await cluster.api.request('POST', `${maps}?includeUninitialized=true`, map);
  assert.equal(status, hasInitializers ? 202 : 201);
  return cluster;
}

const notFound = 'Error from server (NotFound): configmaps "waiting" not found\n';

/** Command lines, and what they make of what is not initialized. */
const cases: readonly (readonly [argv: string, stdout: string, stderr: string])[] = [
  ['get configmaps -o name', '', ''],
  [`get configmaps -o name ${flag}`, 'configmap/waiting\n', ''],
  ['get configmap waiting -o name', '', notFound],
  [`get configmap waiting -o name ${flag}`, 'configmap/waiting\n', ''],
  ['label configmap waiting a=b', '', notFound],
  [`label configmap waiting a=b ${flag}`, 'configmap/waiting labeled\n', ''],
  ['label configmap --all a=b', 'configmap/waiting labeled\n', ''],
  [`label configmap --all a=b ${flag}=false`, '', ''],
  ['annotate configmap -l app=x a=b', '', ''],
  [`annotate configmap -l app=x a=b ${flag}`, 'configmap/waiting annotated\n', ''],
  ['delete configmap -l app=x', 'No resources found\n', ''],
  [`delete configmap -l app=x ${flag}`, 'configmap "waiting" deleted from default namespace\n', ''],
  ['delete configmap --all', 'configmap "waiting" deleted from default namespace\n', ''],
];

for (const [argv, stdout, stderr] of cases) {
  test(`kubectl ${argv}`, async (context) => {
    const { run } = await started(context);
    const ran = await run(...argv.split(' '));
    assert.equal(ran.stderr, stderr);
    assert.equal(ran.stdout, stdout);
  });
}

test('describe shows what is not initialized, unless it is told not to, or selects', async (context) => {
  const { run } = await started(context);
  assert.match((await run('describe', 'configmap', 'waiting')).stdout, /^Name: +waiting\n/);
  assert.equal((await run('describe', 'configmap', 'waiting', `${flag}=false`)).stderr, notFound);
  assert.equal((await run('describe', 'configmap', '-l', 'app=x')).stdout, '');
});

test('a server without initializers is asked as ever, where nobody insists', async (context) => {
  const { run, requests } = await started(context, false);
  await run('describe', 'configmap', 'waiting');
  await run('label', 'configmap', '--all', 'a=b');
  assert.deepEqual(
    requests.filter((request) => request.includes('includeUninitialized')),
    [],
  );
  await run('get', 'configmap', 'waiting', flag);
  assert.deepEqual(
    requests.filter((request) => request.includes('includeUninitialized')),
    [`GET ${maps}/waiting?includeUninitialized=true`],
  );
});

test('the commands of kubectl 1.13 have the flag, and no help shows it', async () => {
  const having: string[] = [];
  for (const { path, load } of commandTable) {
    const declared = (await load?.())?.flags.find(({ name }) => name === 'include-uninitialized');
    if (declared === undefined) continue;
    having.push(path.join(' '));
    assert.equal(declared.hidden, true);
  }
  assert.deepEqual(having.toSorted(), [
    'annotate',
    'apply',
    'apply edit-last-applied',
    'delete',
    'describe',
    'edit',
    'get',
    'label',
    'set image',
    'set resources',
    'set selector',
    'set serviceaccount',
    'set subject',
  ]);
});
