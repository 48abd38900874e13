import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Container, Pod } from '../../src/api/types/core-v1.ts';
import { createNodeCluster, type NodeCluster } from '../support/node-cluster.ts';

async function clusterWithPod(context: TestContext): Promise<NodeCluster> {
  const cluster = await createNodeCluster(context);
  const probe = { exec: { command: ['true'] } };
  const main = { name: 'main', image: 'nginx', livenessProbe: probe, readinessProbe: probe };
  await cluster.createPod('src', { containers: [main] }, { labels: { a: 'b' }, annotations: { c: 'd' } });
  return cluster;
}

async function podNamed(cluster: NodeCluster, name: string): Promise<Pod> {
  return cluster.api.client.resource<Pod>({ group: '', version: 'v1', resource: 'pods' }, 'default').get(name);
}

void test('debug adds an ephemeral container, runs it and attaches to it', async (context) => {
  const cluster = await clusterWithPod(context);
  const running = cluster.runWith(
    { input: 'hostname\n' },
    'debug',
    'src',
    '-i',
    '-q',
    '--image=busybox',
    '-c',
    'look',
    '--',
    'sh',
  );
  await cluster.work();
  const outcome = await running;
  assert.deepEqual([outcome.exitCode, outcome.stdout], [0, 'src\n']);
  const pod = await podNamed(cluster, 'src');
  assert.deepEqual(pod.spec?.ephemeralContainers, [
    {
      name: 'look',
      image: 'busybox',
      command: ['sh'],
      stdin: true,
      imagePullPolicy: 'Always',
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      securityContext: { capabilities: { add: ['SYS_PTRACE'] } },
    },
  ]);
  const second = await cluster.run('debug', 'src', '--image=busybox', '--target=main', '--', 'sleep', '60');
  assert.match(
    second.stdout,
    /^Targeting container "main"\. If you don't see processes .*\nDefaulting debug container name to debugger-[a-z0-9]{5}\.\n$/,
  );
  await cluster.work();
  const { status, spec } = await podNamed(cluster, 'src');
  assert.equal(spec?.ephemeralContainers?.[1]?.targetContainerName, 'main');
  assert.ok(status?.ephemeralContainerStatuses?.[1]?.state?.running !== undefined);
});

interface ProfileCase {
  readonly profile: string;
  readonly security: unknown;
  readonly nodeSecurity?: unknown;
  readonly hostNamespaces: boolean;
  readonly hostMount: boolean;
}

void test('profiles change the container and the pod', async (context) => {
  const cluster = await clusterWithPod(context);
  const restricted = {
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const net = { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } };
  const cases: readonly ProfileCase[] = [
    {
      profile: 'general',
      security: { capabilities: { add: ['SYS_PTRACE'] } },
      nodeSecurity: undefined,
      hostNamespaces: true,
      hostMount: true,
    },
    { profile: 'baseline', security: undefined, hostNamespaces: false, hostMount: false },
    { profile: 'restricted', security: restricted, hostNamespaces: false, hostMount: false },
    { profile: 'netadmin', security: net, hostNamespaces: true, hostMount: false },
    { profile: 'sysadmin', security: { privileged: true }, hostNamespaces: true, hostMount: true },
  ];
  for (const expected of cases) {
    const { profile, security, hostNamespaces, hostMount } = expected;
    await cluster.run('debug', 'src', `--profile=${profile}`, `--copy-to=${profile}`, '--image=busybox', '-c', 'dbg');
    const copy = await podNamed(cluster, profile);
    const added = copy.spec?.containers[1];
    assert.deepEqual([added?.name, added?.securityContext], ['dbg', security], profile);
    assert.equal(copy.spec?.shareProcessNamespace, true);
    assert.deepEqual([copy.metadata.labels, copy.metadata.annotations], [undefined, undefined]);
    assert.equal(copy.spec?.containers[0]?.livenessProbe, undefined);
    assert.equal(copy.spec?.nodeName, undefined);

    const { stdout } = await cluster.run('debug', 'node/node', `--profile=${profile}`, '--image=busybox');
    const name =
      /^Creating debugging pod (node-debugger-node-[a-z0-9]{5}) with container debugger on node node\.\n$/.exec(
        stdout,
      )?.[1];
    const { spec, metadata } = await podNamed(cluster, name ?? '');
    await cluster.run('delete', 'pod', name ?? '', '--grace-period=0', '--force', '--wait=false');
    await cluster.work();
    const own: Container | undefined = spec?.containers[0];
    assert.deepEqual(own?.securityContext, 'nodeSecurity' in expected ? expected.nodeSecurity : security, profile);
    assert.equal(spec?.hostPID === true, hostNamespaces, profile);
    assert.equal(own?.volumeMounts?.some(({ mountPath }) => mountPath === '/host') ?? false, hostMount, profile);
    assert.deepEqual(
      [spec?.nodeName, spec?.restartPolicy, spec?.tolerations?.[0], metadata.labels],
      ['node', 'Never', { operator: 'Exists' }, { 'app.kubernetes.io/managed-by': 'kubectl-debug' }],
    );
  }
});

void test("copies: images, commands, what is kept, what is replaced, and parts of one's own", async (context) => {
  const cluster = await clusterWithPod(context);
  await cluster.run('debug', 'src', '--copy-to=one', '--set-image=*=foo', '--keep-labels', '--keep-liveness');
  const one = await podNamed(cluster, 'one');
  assert.deepEqual(
    [one.spec?.containers.map(({ image }) => image), one.metadata.labels, one.spec?.containers[0]?.livenessProbe],
    [['foo'], { a: 'b' }, one.spec?.containers[0]?.livenessProbe],
  );
  writeFileSync(join(cluster.home, 'part.yaml'), 'env: [{name: X, value: "1"}]\nsecurityContext: {runAsUser: 7}\n');
  const flags = ['--copy-to=two', '-c', 'main', '--same-node', '--replace', '--custom=part.yaml', '--env=A=b'];
  await cluster.run('debug', 'src', ...flags, '--share-processes=false', '--', 'sh', '-c', 'true');
  const two = await podNamed(cluster, 'two');
  const [main] = two.spec?.containers ?? [];
  assert.deepEqual(main?.command, ['sh', '-c', 'true']);
  assert.deepEqual(main?.env, [
    { name: 'X', value: '1' },
    { name: 'A', value: 'b' },
  ]);
  assert.deepEqual(main?.securityContext, { runAsUser: 7, capabilities: { add: ['SYS_PTRACE'] } });
  assert.deepEqual([two.spec?.nodeName, two.spec?.shareProcessNamespace], ['node', false]);
  await cluster.work();
  await assert.rejects(podNamed(cluster, 'src'), /not found/);
});

/** What files with a part of a container are refused with. */
const wrongParts: readonly (readonly [text: string, problem: string])[] = [
  ['{"securityContext":{"runAsUser":"abc"}}', 'string into Go struct field .securityContext.runAsUser of type int64'],
  ['securityContext: {privileged: "true"}\n', 'string into Go struct field .securityContext.privileged of type bool'],
  ['- a\n', 'array into Go value of type v1.Container'],
  ['"text"\n', 'string into Go value of type v1.Container'],
];

void test('a part of a container is read into its type', async (context) => {
  const cluster = await clusterWithPod(context);
  const path = join(cluster.home, 'part');
  for (const [text, problem] of wrongParts) {
    writeFileSync(path, text);
    assert.deepEqual(await cluster.run('debug', 'src', '--image=i', `--custom=${path}`), {
      exitCode: 1,
      stdout: '',
      stderr: `error: ${path} does not contain a valid container spec: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${problem}\n`,
    });
  }
  writeFileSync(path, '[');
  assert.equal(
    (await cluster.run('debug', 'src', '--image=i', `--custom=${path}`)).stderr,
    `error: ${path} does not contain a valid container spec: error converting YAML to JSON: yaml: line 1: did not find expected node content\n`,
  );
  const variables = '[{name: A, value: true}, {name: B, value: 1}, {name: C, value: 1.50}, {name: 3, value: 0x1F}]';
  writeFileSync(path, `env: ${variables}\nbogus: 1\n`);
  const { stderr } = await cluster.run('debug', 'src', '--image=i', '-c', 'own', `--custom=${path}`);
  assert.equal(stderr.includes('Error') || stderr.includes('error'), false, stderr);
  const { spec } = await podNamed(cluster, 'src');
  assert.deepEqual(spec?.ephemeralContainers?.find(({ name }) => name === 'own')?.env, [
    { name: 'A', value: 'true' },
    { name: 'B', value: '1' },
    { name: 'C', value: '1.5' },
    { name: '3', value: '31' },
  ]);
});

void test('debug refuses what does not go together', async (context) => {
  const cluster = await clusterWithPod(context);
  writeFileSync(join(cluster.home, 'bad.yaml'), 'image: x\n');
  const cases: readonly (readonly [argv: string, message: string])[] = [
    ['src', 'you must specify --image when not using --copy-to.'],
    ['--image=a', 'NAME or filename is required for debug'],
    ['src --image=a --profile=x', 'unknown profile: x'],
    ['src --image=a --replace', '--replace may only be used with --copy-to.'],
    ['src --image=a --same-node', '--same-node may only be used with --copy-to.'],
    ['src --image=a --set-image=a=b', '--set-image may only be used with --copy-to.'],
    ['src --copy-to=c', 'you must specify --image, --set-image or command arguments.'],
    ['src --copy-to=c -- x', 'you must specify an existing container or a new image when specifying args.'],
    ['src --copy-to=c -c new -- x', 'you must specify image when creating new container'],
    [
      'src --copy-to=c --image=a --target=main',
      '--target is incompatible with --copy-to. Use --share-processes instead.',
    ],
    ['src --image=a -t', '-i/--stdin is required for containers with -t/--tty=true'],
    ['src --image=A!', 'invalid image name "A!": invalid reference format'],
    ['src --image=a --image-pull-policy=x', 'invalid image pull policy: x'],
    ['src --attach', 'you must specify --container or create a new container using --image in order to attach.'],
    [
      'src --image=a --custom=none',
      'must pass a container spec json file for custom profile: open none: no such file or directory',
    ],
    [
      'src --image=a --custom=bad.yaml',
      'name, command, image, lifecycle and volume devices are not modifiable via custom profile',
    ],
    ['ns/default --image=a', '"/v1, Kind=Namespace" not supported by debug'],
  ];
  for (const [argv, message] of cases) {
    const { exitCode, stderr } = await cluster.run('debug', ...argv.split(' '));
    assert.deepEqual([exitCode, stderr], [1, `error: ${message}\n`], argv);
  }
});
