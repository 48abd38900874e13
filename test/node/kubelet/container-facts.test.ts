import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Container, PodSpec } from '../../../src/api/types/core-v1.ts';
import { createKubeletHarness, type KubeletHarness } from '../../support/kubelet-harness.ts';

async function start(context: TestContext): Promise<KubeletHarness> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  return harness;
}

function printing(script: string, special: Partial<Container> = {}): Container {
  return { name: 'main', image: 'busybox', command: ['sh', '-c', script], ...special };
}

/** A volume with a file of variables, which an init container writes. */
function written(text: string | undefined): Partial<PodSpec> {
  const script = text === undefined ? 'true' : `printf '%s' "$TEXT" > /v/env`;
  const env = [{ name: 'TEXT', value: (text ?? '').replaceAll('$', '$$$$') }];
  const init = { ...printing(script, { env, volumeMounts: [{ name: 'v', mountPath: '/v' }] }), name: 'init' };
  return { volumes: [{ name: 'v', emptyDir: {} }], initContainers: [init] };
}

async function logOf(harness: KubeletHarness, spec: Partial<PodSpec>): Promise<string> {
  await harness.create('web', { spec: { restartPolicy: 'Never', ...spec } });
  await harness.advance(1);
  const container = (await harness.runtime.listContainers()).find(({ metadata }) => metadata.name === 'main');
  const log = await harness.runtime.containerLog(container?.id ?? '');
  return log
    .read(0)
    .map(({ content }) => Buffer.from(content).toString('utf8'))
    .join('');
}

test('the status tells who a container runs as, with the groups of the image', async (context) => {
  const harness = await start(context);
  const image = 'registry.k8s.io/e2e-test-images/agnhost:2.59';
  const user = { runAsUser: 1000, supplementalGroups: [60_000] };
  for (const [name, policy, groups] of [
    ['merged', 'Merge', [1000, 50_000, 60_000]],
    ['strict', 'Strict', [1000, 60_000]],
  ] as const) {
    const securityContext = { ...user, supplementalGroupsPolicy: policy };
    await harness.create(name, { spec: { securityContext, containers: [{ name: 'main', image }] } });
    const { status } = await harness.pod(name);
    const linux = { uid: 1000, gid: 1000, supplementalGroups: groups };
    assert.deepEqual(status?.containerStatuses?.[0]?.user, { linux });
  }
});

test('a RuntimeClass whose handler the runtime does not have: no sandbox', async (context) => {
  const harness = await start(context);
  const runtimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', handler: 'gvisor' };
  await harness.api.create({ ...runtimeClass, metadata: { name: 'sandboxed' } });
  await harness.create('web', { spec: { runtimeClassName: 'sandboxed' } });
  assert.equal((await harness.pod('web')).status?.phase, 'Pending');
  const why = 'failed to get sandbox runtime: no runtime for "gvisor" is configured';
  assert.ok(
    (await harness.events('web')).includes(
      `FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = ${why}`,
    ),
  );
});

test('variables: only what the pod itself says is expanded', async (context) => {
  const harness = await start(context);
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { text: '$(A) $$' },
  });
  const fileKeyRef = (key: string, optional?: boolean) => ({
    valueFrom: { fileKeyRef: { volumeName: 'v', path: 'env', key, ...(optional === undefined ? {} : { optional }) } },
  });
  const env = [
    { name: 'A', ...fileKeyRef('A') },
    { name: 'B', ...fileKeyRef('B') },
    { name: 'C', ...fileKeyRef('C', true) },
    { name: 'D', value: '<$(A)>' },
    { name: 'E', valueFrom: { configMapKeyRef: { name: 'settings', key: 'text' } } },
  ];
  const text = await logOf(harness, {
    ...written("A='from a file'\nB='$(A)'\n"),
    containers: [printing('echo "$A|$B|${C-unset}|$D|$E"', { env })],
  });
  assert.equal(text, 'from a file|$(A)|unset|<from a file>|$(A) $$\n');
});

test('a variable of a file that is not there holds the container up', async (context) => {
  const harness = await start(context);
  const key = { valueFrom: { fileKeyRef: { volumeName: 'v', path: 'env', key: 'A' } } };
  for (const [name, text, message] of [
    ['none', undefined, /^couldn't parse env file$/],
    ['bad', 'A=x', /^couldn't parse env file$/],
    ['good', "B='x'", /^environment variable key "A" not found in file "\/var\/lib\/kubelet\/pods\/.*\/env"$/],
  ] as const) {
    const env = [{ name: 'A', ...key }];
    await harness.create(name, { spec: { ...written(text), containers: [printing('true', { env })] } });
    await harness.advance(1);
    const { status } = await harness.pod(name);
    const waiting = status?.containerStatuses?.[0]?.state?.waiting;
    assert.equal(waiting?.reason, 'CreateContainerConfigError');
    assert.match(waiting?.message ?? '', message);
  }
});

test('limits that only the pod has are those of its containers in the downward API', async (context) => {
  const harness = await start(context);
  const env = ['limits.cpu', 'limits.memory'].map((resource) => ({
    name: resource.slice('limits.'.length),
    valueFrom: { resourceFieldRef: { resource } },
  }));
  const text = await logOf(harness, {
    resources: { limits: { cpu: '2', memory: '64Mi' } },
    containers: [printing('echo $cpu $memory', { env })],
  });
  assert.equal(text, '2 67108864\n');
});
