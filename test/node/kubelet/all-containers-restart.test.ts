import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Container, ContainerStatus, Pod } from '../../../src/api/types/core-v1.ts';
import { createKubeletHarness, type KubeletHarness } from '../../support/kubelet-harness.ts';

const rules: NonNullable<Container['restartPolicyRules']> = [
  { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } },
];
const sleeping: Container = { name: 'other', image: 'busybox', command: ['sh', '-c', 'sleep 10000'] };

async function start(context: TestContext): Promise<KubeletHarness> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  return harness;
}

/** A container that ends, when it runs for the first times, as the words say. */
function ending(name: string, script: string, special: Partial<Container> = {}): Container {
  return {
    name,
    image: 'busybox',
    command: ['sh', '-c', script],
    restartPolicy: 'Never',
    restartPolicyRules: rules,
    volumeMounts: [{ name: 'work', mountPath: '/mnt' }],
    ...special,
  };
}

const volumes = [{ name: 'work', emptyDir: {} }];

function statuses({ status }: Pod): Map<string, ContainerStatus> {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return new Map(all.map((one) => [one.name, one]));
}

function condition({ status }: Pod): Record<string, unknown> | undefined {
  const found = status?.conditions?.find(({ type }) => type === 'AllContainersRestarting');
  return found === undefined ? undefined : { status: found.status, reason: found.reason, message: found.message };
}

test('a container that ends by such a rule has all start anew, init containers too, in the same sandbox', async (context) => {
  const harness = await start(context);
  const seen: (Record<string, unknown> | undefined)[] = [];
  const script = 'if [ -f /mnt/done ]; then sleep 10000; else touch /mnt/done; sleep 5; exit 42; fi';
  await harness.create('web', {
    spec: {
      restartPolicy: 'Never',
      volumes,
      initContainers: [
        { name: 'init', image: 'busybox', command: ['sh', '-c', 'exit 0'] },
        { ...sleeping, name: 'sidecar', restartPolicy: 'Always' },
      ],
      containers: [ending('source', script), sleeping],
    },
  });
  await harness.advance(1);
  const before = await harness.pod('web');
  seen.push(condition(before));
  const sandboxes = await harness.runtime.listPodSandbox();
  await harness.advance(4);
  await harness.advance(2);
  await harness.advance(2);
  const after = await harness.pod('web');
  seen.push(condition(after));
  assert.deepEqual(seen, [
    { status: 'False', reason: undefined, message: undefined },
    { status: 'False', reason: undefined, message: undefined },
  ]);
  assert.equal(after.status?.phase, 'Running');
  assert.equal(after.status?.podIP, before.status?.podIP);
  assert.deepEqual(
    (await harness.runtime.listPodSandbox()).map(({ id }) => id),
    sandboxes.map(({ id }) => id),
  );
  const found = statuses(after);
  for (const name of ['init', 'sidecar', 'source', 'other']) {
    const { restartCount, lastState, state } = found.get(name) ?? assert.fail(name);
    assert.equal(restartCount, 1, name);
    assert.deepEqual(lastState?.terminated, {
      exitCode: 137,
      reason: 'RestartingAllContainers',
      message: 'The container is removed because RestartAllContainers in place',
      startedAt: null,
      finishedAt: null,
    });
    assert.equal(state?.running === undefined, name === 'init', name);
  }
  const initialized = after.status?.conditions?.find(({ type }) => type === 'Initialized');
  const first = before.status?.conditions?.find(({ type }) => type === 'Initialized');
  assert.equal(initialized?.lastTransitionTime, first?.lastTransitionTime);
  const kills = (await harness.events('web')).filter((event) => event.startsWith('Killing'));
  assert.deepEqual(kills, ['Killing: killing', 'Killing: killing']);
});

test('one after the other, also of a container that was restarted alone before, and no more than asked for', async (context) => {
  const harness = await start(context);
  const script =
    'if [ -f /mnt/c ]; then sleep 10000; elif [ -f /mnt/b ]; then touch /mnt/c; sleep 1; exit 42; ' +
    'elif [ -f /mnt/a ]; then touch /mnt/b; sleep 1; exit 42; else touch /mnt/a; sleep 1; exit 1; fi';
  await harness.create('web', {
    spec: { volumes, containers: [ending('source', script, { restartPolicy: 'Always' }), sleeping] },
  });
  for (let second = 0; second < 60; second++) await harness.advance(1);
  const found = statuses(await harness.pod('web'));
  assert.deepEqual(
    ['source', 'other'].map((name) => [found.get(name)?.restartCount, found.get(name)?.state?.running !== undefined]),
    [
      [3, true],
      [2, true],
    ],
  );
});

test('an init container has all start anew that came before it', async (context) => {
  const harness = await start(context);
  const script = 'if [ -f /mnt/done ]; then exit 0; else touch /mnt/done; sleep 1; exit 42; fi';
  await harness.create('web', {
    spec: {
      restartPolicy: 'Never',
      volumes,
      initContainers: [{ name: 'first', image: 'busybox', command: ['sh', '-c', 'exit 0'] }, ending('second', script)],
      containers: [sleeping],
    },
  });
  for (let second = 0; second < 6; second++) await harness.advance(1);
  const pod = await harness.pod('web');
  const found = statuses(pod);
  assert.equal(pod.status?.phase, 'Running');
  assert.deepEqual(
    ['first', 'second', 'other'].map((name) => found.get(name)?.restartCount),
    [1, 1, 0],
  );
});

test('other codes end the pod as its policy says', async (context) => {
  const harness = await start(context);
  await harness.create('web', {
    spec: { restartPolicy: 'Never', volumes, containers: [ending('source', 'sleep 1; exit 7')] },
  });
  await harness.advance(2);
  const pod = await harness.pod('web');
  assert.equal(pod.status?.phase, 'Failed');
  assert.deepEqual(condition(pod), { status: 'False', reason: 'PodFailed', message: undefined });
});
