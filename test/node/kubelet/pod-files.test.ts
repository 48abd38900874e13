import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Container, ContainerStatus, PodSpec } from '../../../src/api/types/core-v1.ts';
import { createKubeletHarness, type KubeletHarness, testNode } from '../../support/kubelet-harness.ts';

async function start(context: TestContext): Promise<KubeletHarness> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  return harness;
}

/** A pod that runs one command. */
function runs(script: string, special: Partial<Container> = {}, spec: Partial<PodSpec> = {}): PodSpec {
  const command = ['sh', '-c', script];
  return { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', command, ...special }], ...spec };
}

async function statusOf(harness: KubeletHarness, pod: string): Promise<ContainerStatus | undefined> {
  return (await harness.pod(pod)).status?.containerStatuses?.[0];
}

/** What a pod's container has written. */
async function logOf(harness: KubeletHarness, pod: string): Promise<string> {
  const uid = (await harness.pod(pod)).metadata.uid ?? '';
  const [sandbox] = await harness.runtime.listPodSandbox({ podUid: uid });
  const containers = await harness.runtime.listContainers({ podSandboxId: sandbox?.id ?? '' });
  const log = await harness.runtime.containerLog(containers.at(-1)?.id ?? '');
  return Buffer.concat(log.read(0).map(({ content }) => content)).toString('utf8');
}

const settings = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { mode: 'quiet', deep: 'x' },
  binaryData: { raw: 'AAH/' },
};

test('files of a config map: all keys, chosen ones, modes, and one file alone', async (context) => {
  const harness = await start(context);
  await harness.api.create(settings);
  const volumes = [
    { name: 'all', configMap: { name: 'settings' } },
    { name: 'some', configMap: { name: 'settings', defaultMode: 0o400, items: [{ key: 'deep', path: 'a/b' }] } },
  ];
  const volumeMounts = [
    { name: 'all', mountPath: '/all' },
    { name: 'some', mountPath: '/some' },
    { name: 'all', mountPath: '/etc/one', subPath: 'mode' },
  ];
  const script = 'ls /all; cat /all/mode /some/a/b /etc/one; wc -c /all/raw; stat -c %a /some/a/b; echo x > /all/new';
  await harness.create('web', { spec: runs(script, { volumeMounts }, { volumes }) });
  const written = "deep\nmode\nraw\nquietxquiet3 /all/raw\n400\nsh: can't create /all/new: Read-only file system\n";
  assert.equal(await logOf(harness, 'web'), written);
});

test('a config map that changes changes the files, and what goes goes', async (context) => {
  const harness = await start(context);
  await harness.api.create(settings);
  const volumes = [{ name: 'all', configMap: { name: 'settings' } }];
  const volumeMounts = [{ name: 'all', mountPath: '/all' }];
  const script = 'while true; do ls /all | tail -n 9; cat /all/mode; echo; sleep 10; done';
  await harness.create('web', { spec: runs(script, { volumeMounts }, { volumes }) });
  assert.equal(await logOf(harness, 'web'), 'deep\nmode\nraw\nquiet\n');
  const maps = harness.api.client.resource({ group: '', version: 'v1', resource: 'configmaps' }, 'default');
  await maps.patch('settings', 'application/merge-patch+json', {
    data: { mode: 'loud', deep: null },
    binaryData: null,
  });
  await harness.advance(10);
  assert.equal(await logOf(harness, 'web'), 'deep\nmode\nraw\nquiet\nmode\nloud\n');
});

test('the downward API, secrets and emptied folders side by side in one volume', async (context) => {
  const harness = await start(context);
  await harness.api.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, data: { key: 'aGk=' } });
  const sources = [
    { secret: { name: 'keys' } },
    { secret: { name: 'none', optional: true } },
    {
      downwardAPI: {
        items: [
          { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
          { path: 'notes', fieldRef: { fieldPath: 'metadata.annotations' } },
          { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' } },
          { path: 'memory', resourceFieldRef: { containerName: 'main', resource: 'limits.memory' } },
        ],
      },
    },
  ];
  const special = {
    volumeMounts: [{ name: 'all', mountPath: '/all' }],
    resources: { limits: { cpu: '1500m' } },
  };
  const script = 'cd /all; for f in *; do echo "$f=$(cat $f)"; done';
  const volumes = [{ name: 'all', projected: { sources } }];
  await harness.create('web', { spec: runs(script, special, { volumes }), annotations: { b: '2', a: 'x "y"' } });
  const memory = (await harness.pod('web')).spec?.nodeName === testNode.name ? testNode.capacity['memory'] : undefined;
  assert.ok(memory !== undefined);
  const log = await logOf(harness, 'web');
  assert.match(log, /^cpu=1500\nkey=hi\nmemory=\d+\nname=web\nnotes=a="x \\"y\\""\nb="2"\n$/);
});

test('kernel parameters that a pod sets are seen by its containers', async (context) => {
  const harness = await start(context);
  const securityContext = { sysctls: [{ name: 'net/ipv4/tcp_fin_timeout', value: '9' }] };
  await harness.create('web', { spec: runs('sysctl net.ipv4.tcp_fin_timeout', {}, { securityContext }) });
  assert.equal(await logOf(harness, 'web'), 'net.ipv4.tcp_fin_timeout = 9\n');
});

test('containers of a pod share what is not their own', async (context) => {
  const harness = await start(context);
  const volumes = [{ name: 'shared', emptyDir: {} }];
  const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
  const first = { name: 'first', image: 'busybox', command: ['sh', '-c', 'echo one > /shared/f'], volumeMounts };
  const spec = runs('cat /shared/f; stat -c %a /shared', { volumeMounts }, { volumes, initContainers: [first] });
  await harness.create('web', { spec });
  await harness.advance(1);
  assert.equal(await logOf(harness, 'web'), 'one\n777\n');
});

test('the code of an init container that is built in counts', async (context) => {
  const harness = await start(context);
  const first = { name: 'first', image: 'busybox', command: ['false'] };
  await harness.create('web', { spec: runs('true', {}, { initContainers: [first] }) });
  await harness.advance(1);
  assert.equal((await harness.pod('web')).status?.phase, 'Failed');
});

test('variables: services, fields and amounts, in commands too', async (context) => {
  const harness = await start(context);
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'my-db' },
    spec: { clusterIP: '10.96.0.77', ports: [{ name: 'sql', port: 5432 }] },
  });
  const env = [
    { name: 'ME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu' } } },
  ];
  const special = { env, args: ['$(ME) $$(ME) $(NONE)'], resources: { requests: { cpu: '250m' } } };
  const script = 'echo $0; echo $CPU $MY_DB_SERVICE_HOST $MY_DB_SERVICE_PORT_SQL $MY_DB_PORT_5432_TCP';
  await harness.create('web', { spec: runs(script, special) });
  assert.equal(await logOf(harness, 'web'), 'web $(ME) $(NONE)\n1 10.96.0.77 5432 tcp://10.96.0.77:5432\n');
});

test('the last word of a container: its file, or its log when it failed', async (context) => {
  const harness = await start(context);
  const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' };
  await harness.create('file', { spec: runs('echo -n done > /dev/termination-log; echo log', fallback) });
  await harness.create('log', { spec: runs('echo oops; exit 3', fallback) });
  await harness.create('well', { spec: runs('echo log', fallback) });
  await harness.create('else', { spec: runs('echo -n there > /tmp/last', { terminationMessagePath: '/tmp/last' }) });
  const messages = ['file', 'log', 'well', 'else'].map(async (pod) => {
    return (await statusOf(harness, pod))?.state?.terminated?.message;
  });
  assert.deepEqual(await Promise.all(messages), ['done', 'oops\n', undefined, 'there']);
});

test('hooks: after the start, before the end, and what comes of one that fails', async (context) => {
  const harness = await start(context);
  const lifecycle = {
    postStart: { exec: { command: ['sh', '-c', 'echo after > /proc/1/fd/1'] } },
    preStop: { exec: { command: ['sh', '-c', 'echo before > /proc/1/fd/1; sleep 3'] } },
  };
  await harness.create('web', {
    spec: runs("trap 'echo end; exit 0' TERM; while true; do sleep 1; done", { lifecycle }),
  });
  assert.equal(await logOf(harness, 'web'), 'after\n');
  const pods = harness.api.client.resource({ group: '', version: 'v1', resource: 'pods' }, 'default');
  await pods.delete('web');
  await harness.work();
  assert.equal(await logOf(harness, 'web'), 'after\nbefore\n');
  for (let second = 0; second < 5; second++) await harness.advance(1);
  assert.deepEqual(await harness.pods(), []);
  const failing = { postStart: { exec: { command: ['sh', '-c', 'echo no; exit 1'] } } };
  await harness.create('bad', { spec: { ...runs('sleep 100', { lifecycle: failing }), restartPolicy: 'Always' } });
  assert.ok((await harness.events('bad')).includes('FailedPostStartHook: PostStartHook failed: no\n'));
  assert.equal((await statusOf(harness, 'bad'))?.restartCount, 1);
});

test('the hosts file tells of the pod and of its aliases', async (context) => {
  const harness = await start(context);
  const hostAliases = [{ ip: '1.2.3.4', hostnames: ['foo', 'bar'] }];
  await harness.create('web', { spec: runs('head -n 1 /etc/hosts; tail -n 4 < /etc/hosts', {}, { hostAliases }) });
  const end = '10.244.0.2\tweb\n\n# Entries added by HostAliases.\n1.2.3.4\tfoo\tbar\n';
  assert.equal(await logOf(harness, 'web'), `# Kubernetes-managed hosts file.\n${end}`);
});

test('a volume of an image has its files, and cannot be written', async (context) => {
  const harness = await start(context);
  const image = { reference: 'registry.k8s.io/e2e-test-images/kitten:1.8', pullPolicy: 'Always' };
  const volumes = [{ name: 'image', image }];
  const volumeMounts = [{ name: 'image', mountPath: '/volume' }];
  const script = 'cat /volume/data.json /volume/etc/os-release; echo x > /volume/new || echo no';
  await harness.create('cat', { spec: runs(script, { volumeMounts }, { volumes }) });
  for (let turn = 0; turn < 10; turn++) await harness.clock.advance(0);
  assert.match(await logOf(harness, 'cat'), /"image": "kitten\.jpg"[^]*Alpine Linux[^]*no\n$/);
});

test('a volume in memory is as the kernel makes one, also of a folder in it', async (context) => {
  const harness = await start(context);
  const volumes = [{ name: 'fast', emptyDir: { medium: 'Memory' } }];
  const volumeMounts = [
    { name: 'fast', mountPath: '/fast' },
    { name: 'fast', mountPath: '/part', subPath: 'new' },
  ];
  const script = 'stat -c "%a %g" /fast /part; mount | grep -c "^tmpfs on /[fp]a"';
  const securityContext = { fsGroup: 123 };
  await harness.create('web', { spec: runs(script, { volumeMounts }, { volumes, securityContext }) });
  assert.equal(await logOf(harness, 'web'), '3777 123\n3777 123\n2\n');
});
