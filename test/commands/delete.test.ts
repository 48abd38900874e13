import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { testRecordedSession } from '../support/recorded-session.ts';
import { createCommandCluster } from '../support/command-cluster.ts';

const configMap = (name: string, finalizers: readonly string[] = []): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, finalizers },
});

void test('what is not there is nothing with --ignore-not-found, and an error without', async (context) => {
  const { run } = await createCommandCluster(context);
  assert.deepEqual(await run('delete', 'configmap', 'nope', '--ignore-not-found'), {
    exitCode: 0,
    stdout: '',
    stderr: '',
  });
  assert.deepEqual(await run('delete', 'configmap', 'nope'), {
    exitCode: 1,
    stdout: '',
    stderr: 'Error from server (NotFound): configmaps "nope" not found\n',
  });
});

void test('an object that nothing holds is gone with the answer: nobody asks again', async (context) => {
  const { run, home, requests } = await createCommandCluster(context);
  const path = join(home, 'two.json');
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [configMap('b'), configMap('a')] }));
  await run('create', '-f', path);
  const before = requests.length;
  assert.deepEqual(await run('delete', '-f', path), {
    exitCode: 0,
    stdout: 'configmap "b" deleted from default namespace\nconfigmap "a" deleted from default namespace\n',
    stderr: '',
  });
  const asked = requests.slice(before).filter((request) => request.includes('/configmaps'));
  assert.deepEqual(
    asked.map((request) => request.split(' ')[0]),
    ['DELETE', 'DELETE'],
  );
});

void test('several kinds are deleted one after the other, so that none brings another back', async (context) => {
  const { run, requests } = await createCommandCluster(context);
  await run('create', 'deployment', 'a', '--image=x');
  await run('create', 'configmap', 'b');
  await run('create', 'configmap', 'c');
  const before = requests.length;
  const { stdout } = await run('delete', 'deployments,configmaps', '--all', '--cascade=orphan', '--wait=false');
  assert.match(stdout, /^deployment\.apps "a" deleted from default namespace\nconfigmap "b" deleted/);
  const deleted = requests.slice(before).filter((request) => request.startsWith('DELETE'));
  assert.match(deleted[0] ?? '', /deployments\/a/);
});

void test('an object with a finalizer is waited for', async (context) => {
  const { run, home, requests } = await createCommandCluster(context);
  const path = join(home, 'held.json');
  writeFileSync(path, JSON.stringify(configMap('held', ['example.com/hold'])));
  await run('create', '-f', path);
  const deletion = run('delete', '-f', path);
  const watches = (): boolean => requests.some((request) => request.includes('fieldSelector=metadata.name%3Dheld'));
  while (!watches()) await nextTurn();
  const release = '{"metadata":{"finalizers":null}}';
  assert.equal((await run('patch', 'configmap', 'held', '--type=merge', '-p', release)).exitCode, 0);
  assert.equal((await deletion).stdout, 'configmap "held" deleted from default namespace\n');
  assert.equal((await run('get', 'configmap', 'held')).exitCode, 1);
});

testRecordedSession('delete');

void test('kinds whose definition is deleted are forgotten', async (context) => {
  const { run, home } = await createCommandCluster(context);
  const path = join(home, 'definition.json');
  const names = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget' };
  const schema = { openAPIV3Schema: { type: 'object' } };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gadgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  writeFileSync(path, JSON.stringify(definition));
  await run('api-resources');
  const file = join(home, '.kube/cache/discovery/in-process.invalid/resources.json');
  const before = statSync(file).ino;
  assert.equal((await run('create', '-f', path)).exitCode, 0);
  assert.equal((await run('delete', '-f', path, '--wait=false')).exitCode, 0);
  assert.notEqual(statSync(file).ino, before);
});

void test('a kind is not deleted before what comes before it in a manifest is', async (context) => {
  const seen: string[] = [];
  const answer = '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}';
  const { run, home } = await createCommandCluster(context, {
    extension: ({ method, path }) => {
      if (method !== 'DELETE') return undefined;
      const name = path.split('?')[0]?.split('/').at(-1) ?? '';
      seen.push(`asked ${name}`);
      const body = async function* (): AsyncGenerator<Uint8Array> {
        seen.push(`answered ${name}`);
        yield Buffer.from(answer);
      };
      return { status: 200, headers: { 'content-type': 'application/json' }, body: body() };
    },
  });
  const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  const items = [configMap('a'), configMap('b'), { ...definition, metadata: { name: 'gadgets.example.com' } }];
  writeFileSync(join(home, 'all.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const { stdout, stderr } = await run('delete', '-f', join(home, 'all.json'), '--wait=false');
  assert.equal(stderr, '');
  assert.match(stdout, /"a" deleted.*\n.*"b" deleted.*\n.*"gadgets\.example\.com" deleted\n$/);
  assert.deepEqual(seen.slice(-2), ['asked gadgets.example.com', 'answered gadgets.example.com']);
  assert.deepEqual(seen.slice(0, 4).toSorted(), ['answered a', 'answered b', 'asked a', 'asked b']);
});
