import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapWords } from '../../src/printers/word-wrap.ts';
import { createCommandCluster } from '../support/command-cluster.ts';

test('explain tells the fields of a kind and of its fields, as kubectl 1.36 prints them', async (context) => {
  const { run } = await createCommandCluster(context);
  assert.deepEqual(await run('explain', 'deploy.spec.strategy', '--recursive'), {
    exitCode: 0,
    stdout:
      'GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\nFIELD: strategy <DeploymentStrategy>\n\n\n' +
      'DESCRIPTION:\n    <empty>\nFIELDS:\n  rollingUpdate\t<RollingUpdateDeployment>\n' +
      '    maxSurge\t<IntOrString>\n    maxUnavailable\t<IntOrString>\n' +
      '  type\t<string>\n  enum: Recreate, RollingUpdate\n\n',
    stderr: '',
  });
  const { stdout } = await run('explain', 'deployments.apps.spec.template.spec.containers.env');
  assert.match(stdout, /^GROUP: {6}apps\n/);
  assert.match(stdout, /\nFIELD: env <\[\]EnvVar>\n\n\nDESCRIPTION:/);
  assert.match(stdout, /\n {2}name\t<string> -required-\n {4}<no description>\n\n {2}value\t<string>\n/);
  const long = await run('explain', 'services.spec.type');
  assert.match(
    long.stdout,
    /FIELD: type <string>\nENUM:\n {4}ClusterIP\n {4}ExternalName\n {4}LoadBalancer\n {4}NodePort\n\n/,
  );
});

test('explain --api-version takes another version, and schemas that contain themselves end', async (context) => {
  const { run } = await createCommandCluster(context);
  const { stdout } = await run('explain', 'hpa.spec', '--api-version=autoscaling/v1', '--recursive');
  assert.match(stdout, /VERSION: {4}v1\n[^]*targetCPUUtilizationPercentage\t<integer>/);
  const definition = await run('explain', 'crd', '--recursive');
  assert.equal(definition.exitCode, 0, definition.stderr);
});

test('the paths that explain takes are JSONPath with nothing but fields', async (context) => {
  const { run } = await createCommandCluster(context);
  const wrong = 'error: invalid jsonpath syntax, first node must be field node\n';
  for (const path of ['pods.spec.containers[0]', '.pod', 'pod.*', 'pod.spec..x', 'deployments.apps.spec[0]', '..']) {
    assert.deepEqual(await run('explain', path), { exitCode: 1, stdout: '', stderr: wrong }, path);
  }
  const { stderr } = await run('explain', 'pod.{}');
  assert.equal(stderr, "error: unrecognized character in action: U+007B '{'\n");
  assert.match((await run('explain', "pod['spec']")).stdout, /^KIND: +Pod\nVERSION: +v1\n\nFIELD: spec /);
});

test('explain says what is wrong', async (context) => {
  const { run } = await createCommandCluster(context);
  const outcome = async (...argv: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run('explain', ...argv);
    return `${exitCode} ${stdout}${stderr}`;
  };
  assert.equal(await outcome('nope'), '1 the server doesn\'t have a resource type "nope"\n');
  assert.equal(
    await outcome('pods.spec.nope'),
    '1 KIND:       Pod\nVERSION:    v1\n\nerror: field "nope" does not exist\n',
  );
  for (const nothing of ['', '.']) {
    assert.equal(await outcome(nothing), '1 error: a resource must be present, got: /, Resource=\n');
  }
  assert.equal(await outcome('pods', 'x'), '1 error: We accept only this format: explain RESOURCE\n');
  assert.match(await outcome(), /^1 error: You must specify the type of resource to explain\./);
  assert.equal(
    await outcome('pods', '--api-version=v2'),
    '1 error: couldn\'t find resource for "/v2, Resource=pods"\n',
  );
});

test('long lines break at spaces; long words stay whole', () => {
  assert.equal(wrapWords('one two three four', 9), 'one two\nthree\nfour');
  assert.equal(wrapWords('a\n  b  c', 80), 'a\n  b  c');
  assert.equal(wrapWords('abcdefghijkl mn', 5), 'abcdefghijkl\nmn');
});
