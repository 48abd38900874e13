import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCommandCluster } from '../../support/command-cluster.ts';

void test('what is there already is told as the real one does, with its own words before it', async (context) => {
  const cluster = await createCommandCluster(context);
  const again: readonly (readonly [readonly string[], string, string])[] = [
    [['namespace', 'x'], 'namespace/x', 'Error from server (AlreadyExists): namespaces "x" already exists\n'],
    [['cm', 'x'], 'configmap/x', 'error: failed to create configmap: configmaps "x" already exists\n'],
    [['secret', 'generic', 'x'], 'secret/x', 'error: failed to create secret secrets "x" already exists\n'],
    [
      ['svc', 'clusterip', 'x', '--tcp=80'],
      'service/x',
      'error: failed to create ClusterIP service: services "x" already exists\n',
    ],
    [
      ['deploy', 'x', '--image=a'],
      'deployment.apps/x',
      'error: failed to create deployment: deployments.apps "x" already exists\n',
    ],
    [
      ['role', 'x', '--verb=get', '--resource=po,deploy,pods/log'],
      'role.rbac.authorization.k8s.io/x',
      'Error from server (AlreadyExists): roles.rbac.authorization.k8s.io "x" already exists\n',
    ],
  ];
  for (const [argv, name, problem] of again) {
    const dry = await cluster.run('create', ...argv, '--dry-run=server');
    assert.deepEqual(dry, { exitCode: 0, stdout: `${name} created (server dry run)\n`, stderr: '' });
    assert.deepEqual(await cluster.run('create', ...argv), { exitCode: 0, stdout: `${name} created\n`, stderr: '' });
    assert.deepEqual(await cluster.run('create', ...argv), { exitCode: 1, stdout: '', stderr: problem });
  }
});

void test('create role asks the server what resources are called and makes a rule for each group', async (context) => {
  const cluster = await createCommandCluster(context);
  const argv = ['create', 'role', 'x', '--verb=get,list,get', '--resource=po,deploy,pods/log', '--dry-run=client'];
  const { stdout } = await cluster.run(...argv, '-o', 'yaml');
  assert.equal(
    stdout,
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: x\nrules:\n- apiGroups:\n  - ""\n  resources:\n  - pods\n  - pods/log\n  verbs:\n  - get\n  - list\n- apiGroups:\n  - apps\n  resources:\n  - deployments\n  verbs:\n  - get\n  - list\n',
  );
  assert.deepEqual(await cluster.run('create', 'role', 'x', '--verb=get', '--resource=foo'), {
    exitCode: 1,
    stdout: '',
    stderr: 'the server doesn\'t have a resource type "foo"\n',
  });
  assert.deepEqual(await cluster.run('create', 'role', 'x', '--verb=bind', '--resource=pods'), {
    exitCode: 1,
    stdout: '',
    stderr: "error: can not perform 'bind' on 'pods' in group ''\n",
  });
});

void test('create job --from runs what the cron job would', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('create', 'cronjob', 'tidy', '--image=busybox', '--schedule=0 * * * *', '--', 'date');
  const made = await cluster.run('create', 'job', 'now', '--from=cronjob/tidy');
  assert.deepEqual(made, { exitCode: 0, stdout: 'job.batch/now created\n', stderr: '' });
  const jobs = cluster.api.client.resource({ group: 'batch', version: 'v1', resource: 'jobs' }, 'default');
  const { metadata } = await jobs.get('now');
  assert.equal(metadata.annotations?.['cronjob.kubernetes.io/instantiate'], 'manual');
  const [owner] = metadata.ownerReferences ?? [];
  assert.equal(owner?.kind, 'CronJob');
  assert.equal(owner?.name, 'tidy');
  assert.deepEqual(await cluster.run('create', 'job', 'now', '--from=cronjob/none'), {
    exitCode: 1,
    stdout: '',
    stderr: 'Error from server (NotFound): cronjobs.batch "none" not found\n',
  });
  await cluster.run('create', 'deployment', 'web', '--image=a');
  const { stderr } = await cluster.run('create', 'job', 'now', '--from=deployment/web');
  assert.equal(stderr, 'error: unknown object type *v1.Deployment\n');
});
