import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCommandCluster } from '../support/command-cluster.ts';
import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('set');

void test('set env reads variables from standard input, and sends what differs alone', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('create', 'deployment', 'web', '--image=nginx');
  const env = async (): Promise<string> => {
    const path = '{.spec.template.spec.containers[0].env}';
    return (await cluster.run('get', 'deployment', 'web', `-o=jsonpath=${path}`)).stdout;
  };
  await cluster.run('set', 'env', 'deployment/web', 'A=1', 'B=2', 'C=3');
  assert.equal(await env(), '[{"name":"A","value":"1"},{"name":"B","value":"2"},{"name":"C","value":"3"}]');
  const outcome = await cluster.run('set', 'env', 'deployment/web', 'B-', 'A=one', 'D=4');
  assert.deepEqual(outcome, { exitCode: 0, stdout: 'deployment.apps/web env updated\n', stderr: '' });
  assert.equal(await env(), '[{"name":"A","value":"one"},{"name":"C","value":"3"},{"name":"D","value":"4"}]');
  await cluster.runWith(
    { input: 'E=5 # a comment\n# nothing\nF=6\n' },
    'set',
    'env',
    'deployment/web',
    '-',
    'A-',
    'C-',
  );
  assert.equal(await env(), '[{"name":"D","value":"4"},{"name":"E","value":"5 "},{"name":"F","value":"6"}]');
});

void test('set env has one standard input', async (context) => {
  const cluster = await createCommandCluster(context);
  assert.deepEqual(await cluster.runWith({ input: 'A=b\n' }, 'set', 'env', '-f', '-', '-'), {
    exitCode: 1,
    stdout: '',
    stderr: 'error: standard input cannot be used for multiple arguments\n',
  });
});

void test('set env --list --resolve tells what cannot be resolved, and is no error', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('create', 'deployment', 'web', '--image=nginx');
  await cluster.run('create', 'configmap', 'cm', '--from-literal=a=b');
  await cluster.run('set', 'env', 'deployment/web', '--from=configmap/cm');
  await cluster.run('delete', 'configmap', 'cm');
  assert.deepEqual(await cluster.run('set', 'env', 'deployment/web', '--list', '--resolve'), {
    exitCode: 0,
    stdout: '# Deployment web, container nginx\n# A from configmap cm, key a\n',
    stderr: 'error retrieving reference for A: configmaps "cm" not found\n',
  });
});

void test('set --local names objects by their kinds, and goes on behind those that it cannot change', async (context) => {
  const { runWith } = await createCommandCluster(context);
  const input =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: b}\n';
  const reason = 'the object is not a pod or does not have a pod template:';
  const image = await runWith({ input }, 'set', 'image', '--local', '-f', '-', 'x=y');
  assert.equal(
    image.stderr,
    `error: configmap/a ${reason} *v1.ConfigMap\n\nerror: ingress.networking.k8s.io/b\n ${reason} *v1.Ingress\n\n`,
  );
  const service = '---\napiVersion: v1\nkind: Service\nmetadata: {name: c}\n';
  const selector = await runWith(
    { input: `${input}${service}` },
    'set',
    'selector',
    '--local',
    '-f',
    '-',
    'x=y',
    '-oname',
  );
  const only = 'setting a selector is only supported for Services\n';
  assert.deepEqual(selector, { exitCode: 1, stdout: 'service/c\n', stderr: only + only });
});

void test('replica sets have neither a history nor a way back, and are named with their group', async (context) => {
  const { run, runWith } = await createCommandCluster(context);
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { replicas: 0, selector: { matchLabels: { a: 'b' } }, template };
  const input = JSON.stringify({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'rs' }, spec });
  await runWith({ input }, 'create', '-f', '-');
  const history = await run('rollout', 'history', 'rs/rs');
  assert.equal(history.stderr, 'error: no history viewer has been implemented for "ReplicaSet.apps"\n');
  const undo = await run('rollout', 'undo', 'rs/rs');
  assert.equal(undo.stderr, 'error: no rollbacker has been implemented for "ReplicaSet.apps"\n');
});
