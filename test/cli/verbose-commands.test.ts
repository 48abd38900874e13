import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseContainer } from '../../src/cli/pods/container-choice.ts';
import { accepts, parseExpressions } from '../../src/commands/proxy/request-filter.ts';
import { createCommandCluster } from '../support/command-cluster.ts';
import { createNodeCluster } from '../support/node-cluster.ts';

/** What is told, without the heads of lines and without what every client tells. */
const told = (stderr: string): string[] =>
  stderr
    .replaceAll(/^([IWE])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ /gm, '$1 ')
    .split('\n')
    .filter((line) => !line.startsWith('I envvar.go') && line !== '');

const about = 'type="*unstructured.Unstructured" %sreflector="k8s.io/client-go/tools/watch/informerwatcher.go:162"';
const started = `I reflector.go:425] "Starting reflector" ${about.replace('%s', 'resyncPeriod="0s" ')}`;
const listed = `I reflector.go:472] "Listing and watching" ${about.replace('%s', '')}`;
const populated = `I reflector.go:507] "Caches populated" ${about.replace('%s', '')}`;
const stopped = `I reflector.go:434] "Stopping reflector" ${about.replace('%s', 'resyncPeriod="0s" ')}`;

void test('following objects is told of as by a reflector', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('create', 'configmap', 'x', '--from-literal=a=b');
  const wait = ['wait', 'configmap/x', '--for=jsonpath={.data.a}=b'];
  assert.deepEqual(told((await cluster.run(...wait, '-v=3')).stderr), [started, listed, populated, stopped]);
  assert.deepEqual(told((await cluster.run(...wait, '-v=2')).stderr), [populated]);
  assert.deepEqual(told((await cluster.run(...wait, '--vmodule=reflector=2')).stderr), [populated]);
  await cluster.run('create', 'deployment', 'web', '--image=x', '--replicas=0');
  const { stderr } = await cluster.run('rollout', 'status', 'deployment/web', '--watch=false', '-v=3');
  assert.deepEqual(told(stderr), [started, listed, populated, stopped]);
});

void test('apply and auth reconcile tell of their steps', async (context) => {
  const cluster = await createCommandCluster(context);
  const file = join(cluster.home, 'x.json');
  writeFileSync(file, '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}');
  assert.deepEqual(told((await cluster.run('apply', '-f', file, '-v=4')).stderr), [
    'I apply.go:546] Running apply post-processor function',
  ]);
  assert.deepEqual(told((await cluster.run('auth', 'reconcile', '-f', file, '-v=1')).stderr), [
    'I reconcile.go:306] skipping &v1.TypeMeta{Kind:"ConfigMap", APIVersion:"v1"}',
  ]);
});

void test('edit tells of the editor and of what came back', async (context) => {
  const cluster = await createCommandCluster(context, {
    world: { runInPlace: () => Promise.resolve(0) },
  });
  await cluster.run('create', 'configmap', 'x');
  const env = { HOME: cluster.home, EDITOR: 'ed -s', TMPDIR: cluster.home };
  const { stderr } = await cluster.runWith({ env }, 'edit', 'configmap', 'x', '-v=5');
  const [opening = '', edited, first] = told(stderr);
  const shown = opening.replace(cluster.home, 'HOME').replace(/\d{4,}/, 'N');
  assert.equal(shown, 'I launcher_others.go:61] Opening file with editor [ed -s HOME/kubectl-edit-N.yaml]');
  assert.equal(edited, 'I editoptions.go:310] User edited:');
  assert.match(first ?? '', /^# Please edit/);
});

void test('the choice of a container is told', () => {
  const choose = (annotations: Record<string, string>): string[] => {
    const lines: string[] = [];
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', annotations },
      spec: { containers: [{ name: 'a' }, { name: 'b' }] },
    };
    chooseContainer(
      pod,
      '',
      () => undefined,
      (level, source, text) => lines.push(`${level} ${source} ${typeof text === 'string' ? text : text()}`),
    );
    return lines;
  };
  assert.deepEqual(choose({}), ['4 podcmd.go:84 Using the first container in a pod: a']);
  assert.deepEqual(choose({ 'kubectl.kubernetes.io/default-container': 'b' }), [
    '4 podcmd.go:67 Attempting default container name from annotation b',
  ]);
});

void test('the filter of the proxy tells what it looked at', () => {
  const lines: string[] = [];
  const filter = {
    acceptPaths: parseExpressions('^/api/.*'),
    rejectPaths: [],
    acceptHosts: parseExpressions('^localhost$'),
    rejectMethods: parseExpressions('^POST$'),
  };
  const ask = (method: string, host: string): string[] => {
    lines.length = 0;
    accepts(filter, { method, path: '/api/v1', host }, (level, source, text) =>
      lines.push(`${level} ${source} ${typeof text === 'string' ? text : text()}`),
    );
    return [...lines];
  };
  assert.deepEqual(ask('GET', 'localhost:8001'), [
    '6 proxy_server.go:91 /api/v1 matched ^/api/.*',
    '6 proxy_server.go:91 localhost matched ^localhost$',
    '3 proxy_server.go:131 Filter accepting GET /api/v1 localhost',
  ]);
  assert.deepEqual(ask('POST', 'localhost'), [
    '6 proxy_server.go:91 POST matched ^POST$',
    '3 proxy_server.go:135 Filter rejecting POST /api/v1 localhost',
  ]);
});

void test('exec tells what is spoken, and why it is not a WebSocket', async (context) => {
  const cluster = await createNodeCluster(context);
  const containers = [{ name: 'main', image: 'busybox' }];
  await cluster.createPod('one', { containers });
  await cluster.createPod('unbound', { containers, nodeName: undefined });
  assert.deepEqual(told((await cluster.run('exec', 'one', '-v=5', '--', 'true')).stderr), [
    'I podcmd.go:84] Using the first container in a pod: main',
    'I websocket.go:134] "Subprotocol negotiated" protocol="v5.channel.k8s.io"',
    'I websocket.go:269] "Websocket read starts" deadline="1m1s"',
  ]);
  assert.deepEqual(told((await cluster.run('exec', 'unbound', '-v=4', '--', 'true')).stderr), [
    'I podcmd.go:84] Using the first container in a pod: main',
    'I fallback.go:56] "RemoteCommand fallback" err="unable to upgrade streaming request: pod unbound does not have a host assigned"',
    'error: unable to upgrade connection: pod unbound does not have a host assigned',
  ]);
});
