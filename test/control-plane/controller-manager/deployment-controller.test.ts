import assert from 'node:assert/strict';
import test from 'node:test';
import type { Deployment, ReplicaSet } from '../../../src/api/types/apps-v1.ts';
import {
  byText,
  createControllerHarness,
  podTemplate,
  type ControllerHarness,
} from '../../support/controller-harness.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' } as const;
const replicaSets = { group: 'apps', version: 'v1', resource: 'replicasets' } as const;

async function withDeployment(
  spec: Record<string, unknown>,
  body: (harness: ControllerHarness) => Promise<void>,
): Promise<void> {
  const harness = await createControllerHarness('deployment-controller,replicaset-controller');
  try {
    await harness.api.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: podTemplate('web:1'), ...spec },
    });
    await harness.converge();
    await body(harness);
  } finally {
    await harness.close();
  }
}

function template(image: string): unknown {
  return { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } };
}

async function images(harness: ControllerHarness): Promise<string[]> {
  return (await harness.pods()).map((pod) => pod.spec?.containers[0]?.image ?? '').toSorted(byText);
}

/** Image and replicas of each set, by revision. */
async function sets(harness: ControllerHarness): Promise<string[]> {
  const found = await harness.list<ReplicaSet>(replicaSets);
  return found
    .map((set) => {
      const revision = set.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '';
      return `${revision} ${set.spec?.template?.spec?.containers[0]?.image ?? ''} ${set.spec?.replicas ?? -1}`;
    })
    .toSorted(byText);
}

test('a rollout ends with all pods of the new template', async () => {
  await withDeployment({}, async (harness) => {
    assert.deepEqual(await sets(harness), ['1 web:1 3']);
    await harness.patch(deployments, 'web', template('web:2'));
    await harness.converge();
    assert.deepEqual(await sets(harness), ['1 web:1 0', '2 web:2 3']);
    assert.deepEqual(await images(harness), ['web:2', 'web:2', 'web:2']);
    const { status, metadata } = await harness.get<Deployment>(deployments, 'web');
    assert.equal(status?.updatedReplicas, 3);
    assert.equal(status?.availableReplicas, 3);
    assert.equal(status?.unavailableReplicas, undefined);
    assert.equal(metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
    const reasons = status?.conditions?.map(({ type, reason }) => `${type} ${reason ?? ''}`).toSorted(byText);
    assert.deepEqual(reasons, ['Available MinimumReplicasAvailable', 'Progressing NewReplicaSetAvailable']);
  });
});

test('a template whose pods never get ready takes no more than allowed', async () => {
  await withDeployment({ replicas: 4 }, async (harness) => {
    harness.fate = (pod) => (pod.spec?.containers[0]?.image === 'web:2' ? 'Pending' : 'Running');
    await harness.patch(deployments, 'web', template('web:2'));
    await harness.converge();
    assert.deepEqual(await sets(harness), ['1 web:1 3', '2 web:2 2']);
    await harness.clock.advance(602_000);
    await harness.work();
    const { status } = await harness.get<Deployment>(deployments, 'web');
    const progress = status?.conditions?.find(({ type }) => type === 'Progressing');
    assert.equal(progress?.reason, 'ProgressDeadlineExceeded');
    assert.equal(progress?.status, 'False');
  });
});

test('the old template again: its set comes back with a new revision', async () => {
  await withDeployment({}, async (harness) => {
    await harness.patch(deployments, 'web', template('web:2'));
    await harness.converge();
    await harness.patch(deployments, 'web', template('web:1'));
    await harness.converge();
    assert.deepEqual(await sets(harness), ['2 web:2 0', '3 web:1 3']);
    assert.deepEqual(await images(harness), ['web:1', 'web:1', 'web:1']);
  });
});

test('scaling changes the one set and its pods', async () => {
  await withDeployment({}, async (harness) => {
    await harness.patch(deployments, 'web', { spec: { replicas: 5 } });
    await harness.converge();
    assert.equal((await harness.pods()).length, 5);
    await harness.patch(deployments, 'web', { spec: { replicas: 0 } });
    await harness.converge();
    assert.deepEqual(await harness.pods(), []);
    assert.deepEqual(await sets(harness), ['1 web:1 0']);
    const set = (await harness.list<ReplicaSet>(replicaSets))[0]?.metadata.name ?? '';
    const events = await harness.events();
    for (const change of [
      'up replica set NAME from 0 to 3',
      'up replica set NAME from 3 to 5',
      'down replica set NAME from 5 to 0',
    ]) {
      assert.ok(events.includes(`ScalingReplicaSet: Scaled ${change.replace('NAME', set)}`), change);
    }
  });
});

test('Recreate: no new pod before the last old one is gone', async () => {
  await withDeployment({ strategy: { type: 'Recreate' } }, async (harness) => {
    await harness.patch(deployments, 'web', template('web:2'));
    await harness.work();
    assert.deepEqual(await sets(harness), ['1 web:1 0']);
    assert.ok(!(await images(harness)).includes('web:2'));
    await harness.converge();
    assert.deepEqual(await images(harness), ['web:2', 'web:2', 'web:2']);
  });
});

test('old sets beyond the history limit go', async () => {
  await withDeployment({ revisionHistoryLimit: 1 }, async (harness) => {
    for (const image of ['web:2', 'web:3', 'web:4']) {
      await harness.patch(deployments, 'web', template(image));
      await harness.converge();
    }
    assert.deepEqual(await sets(harness), ['3 web:3 0', '4 web:4 3']);
  });
});

test('paused, a new template waits', async () => {
  await withDeployment({ paused: true }, async (harness) => {
    assert.deepEqual(await harness.pods(), []);
    await harness.patch(deployments, 'web', { spec: { paused: false } });
    await harness.converge();
    assert.equal((await harness.pods()).length, 3);
  });
});

test('a replica set replaces a pod that was deleted, and releases one whose labels changed', async () => {
  await withDeployment({}, async (harness) => {
    const pods = { group: '', version: 'v1', resource: 'pods' } as const;
    const [first, second] = (await harness.pods()).map((pod) => pod.metadata.name ?? '');
    await harness.api.request('DELETE', `/api/v1/namespaces/default/pods/${first ?? ''}`);
    await harness.patch(pods, second ?? '', { metadata: { labels: { app: 'other' } } });
    await harness.converge();
    const found = await harness.pods();
    assert.ok(!found.some((pod) => pod.metadata.name === first));
    const released = found.find((pod) => pod.metadata.name === second);
    assert.equal(released?.metadata.ownerReferences, undefined);
    assert.equal(found.length, 4);
  });
});
