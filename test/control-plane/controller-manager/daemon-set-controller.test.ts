import assert from 'node:assert/strict';
import test from 'node:test';
import type { ControllerRevision, DaemonSet } from '../../../src/api/types/apps-v1.ts';
import {
  byText,
  createControllerHarness,
  podTemplate,
  type ControllerHarness,
} from '../../support/controller-harness.ts';

const sets = { group: 'apps', version: 'v1', resource: 'daemonsets' } as const;
const revisions = { group: 'apps', version: 'v1', resource: 'controllerrevisions' } as const;
const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;

async function withDaemonSet(
  spec: Record<string, unknown>,
  body: (harness: ControllerHarness) => Promise<void>,
): Promise<void> {
  const harness = await createControllerHarness('daemonset-controller');
  try {
    for (const name of ['one', 'two', 'three']) {
      await harness.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { name } } });
    }
    await harness.api.create({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'web' } }, template: podTemplate('web:1'), ...spec },
    });
    await harness.converge();
    await body(harness);
  } finally {
    await harness.close();
  }
}

async function images(harness: ControllerHarness): Promise<string[]> {
  return (await harness.pods()).map((pod) => pod.spec?.containers[0]?.image ?? '').toSorted(byText);
}

const nextTemplate = { spec: { template: { spec: { containers: [{ name: 'main', image: 'web:2' }] } } } };

test('one pod on each node, also on those that come later', async () => {
  await withDaemonSet({}, async (harness) => {
    assert.equal((await harness.pods()).length, 3);
    await harness.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'four' } });
    await harness.converge();
    assert.equal((await harness.pods()).length, 4);
    const { status } = await harness.get<DaemonSet>(sets, 'web');
    assert.equal(status?.desiredNumberScheduled, 4);
    assert.equal(status?.numberReady, 4);
    assert.equal(status?.numberAvailable, 4);
    assert.equal(status?.numberUnavailable, undefined);
    assert.ok((await harness.events()).some((event) => event.startsWith('SuccessfulCreate: Created pod: web-')));
  });
});

test('only nodes that match and are not tainted', async () => {
  await withDaemonSet({}, async (harness) => {
    await harness.api.client.resource(nodes).patch('one', 'application/merge-patch+json', {
      spec: { taints: [{ key: 'dedicated', effect: 'NoExecute' }] },
    });
    await harness.converge();
    assert.equal((await harness.pods()).length, 2);
    await harness.patch(sets, 'web', { spec: { template: { spec: { nodeSelector: { name: 'two' } } } } });
    await harness.converge();
    assert.equal((await harness.pods()).length, 1);
    assert.equal((await harness.get<DaemonSet>(sets, 'web')).status?.desiredNumberScheduled, 1);
  });
});

test('a rolling update replaces one pod at a time', async () => {
  await withDaemonSet({}, async (harness) => {
    await harness.patch(sets, 'web', nextTemplate);
    await harness.work();
    const going = (await harness.pods()).filter((pod) => pod.metadata.deletionTimestamp !== undefined).length;
    assert.ok(going <= 1);
    await harness.converge();
    assert.deepEqual(await images(harness), ['web:2', 'web:2', 'web:2']);
    assert.equal((await harness.get<DaemonSet>(sets, 'web')).status?.updatedNumberScheduled, 3);
    const history = await harness.list<ControllerRevision>(revisions);
    assert.deepEqual(history.map(({ revision }) => `${revision}`).toSorted(byText), ['1', '2']);
  });
});

test('a rolling update with surge adds before it removes', async () => {
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  await withDaemonSet({ updateStrategy }, async (harness) => {
    harness.fate = (pod) => (pod.spec?.containers[0]?.image === 'web:2' ? 'Pending' : 'Running');
    await harness.patch(sets, 'web', nextTemplate);
    await harness.converge();
    assert.deepEqual(await images(harness), ['web:1', 'web:1', 'web:1', 'web:2']);
    harness.fate = () => 'Running';
    await harness.converge();
    assert.deepEqual(await images(harness), ['web:2', 'web:2', 'web:2']);
  });
});

test('OnDelete leaves old pods until they are deleted', async () => {
  await withDaemonSet({ updateStrategy: { type: 'OnDelete' } }, async (harness) => {
    await harness.patch(sets, 'web', nextTemplate);
    await harness.converge();
    assert.deepEqual(await images(harness), ['web:1', 'web:1', 'web:1']);
    const [first] = await harness.pods();
    await harness.api.request('DELETE', `/api/v1/namespaces/default/pods/${first?.metadata.name ?? ''}`);
    await harness.converge();
    assert.deepEqual(await images(harness), ['web:1', 'web:1', 'web:2']);
  });
});

test('history is kept to its limit', async () => {
  await withDaemonSet({ revisionHistoryLimit: 1 }, async (harness) => {
    for (const image of ['web:2', 'web:3', 'web:4']) {
      await harness.patch(sets, 'web', { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
      await harness.converge();
    }
    const history = await harness.list<ControllerRevision>(revisions);
    assert.deepEqual(history.map(({ revision }) => `${revision}`).toSorted(byText), ['3', '4']);
  });
});

test('a revision has the annotations of its owner, the cause of the change among them', async () => {
  await withDaemonSet({}, async (harness) => {
    await harness.patch(sets, 'web', {
      metadata: { annotations: { 'kubernetes.io/change-cause': 'a new image' } },
      spec: { template: { spec: { containers: [{ name: 'main', image: 'web:2' }] } } },
    });
    await harness.converge();
    const history = await harness.list<ControllerRevision>(revisions);
    assert.deepEqual(
      history
        .toSorted((left, right) => left.revision - right.revision)
        .map(({ metadata }) => metadata.annotations?.['kubernetes.io/change-cause']),
      [undefined, 'a new image'],
    );
  });
});

test('a failed pod is deleted and made again', async () => {
  await withDaemonSet({}, async (harness) => {
    const victim = (await harness.pods())[0]?.metadata.name ?? '';
    harness.fate = (pod) => (pod.metadata.name === victim ? 'Failed' : 'Running');
    await harness.converge();
    const names = (await harness.pods()).map((pod) => pod.metadata.name);
    assert.equal(names.length, 3);
    assert.ok(!names.includes(victim));
    assert.ok((await harness.events()).some((event) => event.startsWith('FailedDaemonPod: Found failed daemon pod')));
  });
});
