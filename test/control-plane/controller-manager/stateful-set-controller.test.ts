import assert from 'node:assert/strict';
import test from 'node:test';
import type { ControllerRevision, StatefulSet } from '../../../src/api/types/apps-v1.ts';
import type { PersistentVolumeClaim } from '../../../src/api/types/core-v1.ts';
import {
  byText,
  createControllerHarness,
  podTemplate,
  type ControllerHarness,
} from '../../support/controller-harness.ts';

const sets = { group: 'apps', version: 'v1', resource: 'statefulsets' } as const;
const revisions = { group: 'apps', version: 'v1', resource: 'controllerrevisions' } as const;
const pods = { group: '', version: 'v1', resource: 'pods' } as const;
const claims = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;

async function withSet(
  spec: Record<string, unknown>,
  body: (harness: ControllerHarness) => Promise<void>,
): Promise<void> {
  const harness = await createControllerHarness('statefulset-controller');
  try {
    await harness.api.create({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'default' },
      spec: {
        replicas: 3,
        serviceName: 'db',
        selector: { matchLabels: { app: 'web' } },
        template: podTemplate('db:1'),
        ...spec,
      },
    });
    await harness.converge();
    await body(harness);
  } finally {
    await harness.close();
  }
}

/** Name and image of each pod, by name. */
async function podsOf(harness: ControllerHarness): Promise<string[]> {
  return (await harness.pods())
    .map((pod) => `${pod.metadata.name ?? ''} ${pod.spec?.containers[0]?.image ?? ''}`)
    .toSorted(byText);
}

function template(image: string): unknown {
  return { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } };
}

test('pods have names of their own and come one after the other', async () => {
  await withSet({}, async (harness) => {
    assert.deepEqual(await podsOf(harness), ['db-0 db:1', 'db-1 db:1', 'db-2 db:1']);
    for (const { metadata } of await harness.pods()) assert.equal(metadata.generateName, 'db-');
    const { status } = await harness.get<StatefulSet>(sets, 'db');
    assert.equal(status?.readyReplicas, 3);
    assert.equal(status?.availableReplicas, 3);
    assert.equal(status?.currentRevision, status?.updateRevision);
    const created = (await harness.events()).filter((event) => event.startsWith('SuccessfulCreate'));
    assert.ok(created.includes('SuccessfulCreate: create Pod db-0 in StatefulSet db successful'));
  });
});

test('a pod that is not ready holds up the next one, unless pods are managed in parallel', async () => {
  for (const [podManagementPolicy, expected] of [
    ['OrderedReady', 1],
    ['Parallel', 3],
  ] as const) {
    await withSet({ podManagementPolicy, replicas: 0 }, async (harness) => {
      harness.fate = () => 'Pending';
      await harness.patch(sets, 'db', { spec: { replicas: 3 } });
      await harness.converge();
      assert.equal((await harness.pods()).length, expected);
    });
  }
});

test('a new template starts with the last pod', async () => {
  await withSet({}, async (harness) => {
    harness.fate = (pod) => (pod.spec?.containers[0]?.image === 'db:2' ? 'Pending' : 'Running');
    await harness.patch(sets, 'db', template('db:2'));
    await harness.converge();
    assert.deepEqual(await podsOf(harness), ['db-0 db:1', 'db-1 db:1', 'db-2 db:2']);
    harness.fate = () => 'Running';
    await harness.converge();
    assert.deepEqual(await podsOf(harness), ['db-0 db:2', 'db-1 db:2', 'db-2 db:2']);
    const { status } = await harness.get<StatefulSet>(sets, 'db');
    assert.equal(status?.updatedReplicas, 3);
    assert.equal(status?.currentRevision, status?.updateRevision);
  });
});

test('pods below the partition keep the old template, also when made again', async () => {
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
  await withSet({ updateStrategy }, async (harness) => {
    await harness.patch(sets, 'db', template('db:2'));
    await harness.converge();
    await harness.api.request('DELETE', '/api/v1/namespaces/default/pods/db-0');
    await harness.converge();
    assert.deepEqual(await podsOf(harness), ['db-0 db:1', 'db-1 db:1', 'db-2 db:2']);
  });
});

test('OnDelete leaves old pods until they are deleted', async () => {
  await withSet({ updateStrategy: { type: 'OnDelete' } }, async (harness) => {
    await harness.patch(sets, 'db', template('db:2'));
    await harness.converge();
    assert.deepEqual(await podsOf(harness), ['db-0 db:1', 'db-1 db:1', 'db-2 db:1']);
    await harness.api.request('DELETE', '/api/v1/namespaces/default/pods/db-1');
    await harness.converge();
    assert.deepEqual(await podsOf(harness), ['db-0 db:1', 'db-1 db:2', 'db-2 db:1']);
  });
});

test('scaled down, the last pods go and their claims stay', async () => {
  const volumeClaimTemplates = [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ];
  await withSet({ volumeClaimTemplates }, async (harness) => {
    await harness.patch(sets, 'db', { spec: { replicas: 1 } });
    await harness.converge();
    assert.deepEqual(await podsOf(harness), ['db-0 db:1']);
    const names = (await harness.list(claims)).map(({ metadata }) => metadata.name ?? '');
    assert.deepEqual(names.toSorted(byText), ['data-db-0', 'data-db-1', 'data-db-2']);
  });
});

test('scaling down waits for pods that are not well, but for the first of them', async () => {
  const pods = { group: '', version: 'v1', resource: 'pods' } as const;
  await withSet({}, async (harness) => {
    const mark = async (name: string, status: string): Promise<void> => {
      const conditions = [{ type: 'Ready', status }];
      await harness.api.client
        .resource(pods, 'default')
        .patch(name, 'application/strategic-merge-patch+json', { status: { conditions } }, { subresource: 'status' });
    };
    await mark('db-1', 'False');
    await mark('db-2', 'False');
    await harness.patch(sets, 'db', { spec: { replicas: 0 } });
    await harness.converge();
    assert.deepEqual(await podsOf(harness), ['db-0 db:1', 'db-1 db:1', 'db-2 db:1']);
    await mark('db-2', 'True');
    await harness.converge();
    assert.deepEqual(await podsOf(harness), []);
  });
});

test('history is kept to its limit, and the old template comes back as the newest revision', async () => {
  await withSet({ revisionHistoryLimit: 1 }, async (harness) => {
    for (const image of ['db:2', 'db:3', 'db:2']) {
      await harness.patch(sets, 'db', template(image));
      await harness.converge();
    }
    const history = await harness.list<ControllerRevision>(revisions);
    assert.deepEqual(history.map(({ revision }) => `${revision}`).toSorted(byText), ['3', '4']);
  });
});

const claimTemplates = {
  volumeClaimTemplates: [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ],
};

/** Who owns each claim, by the claim's name. */
async function ownersOf(harness: ControllerHarness): Promise<string[]> {
  return (await harness.list<PersistentVolumeClaim>(claims))
    .map(({ metadata }) => {
      const owners = (metadata.ownerReferences ?? []).map(
        ({ kind, name, controller }) => `${kind}/${name} ${controller}`,
      );
      return `${metadata.name ?? ''}: ${owners.join(', ')}`;
    })
    .toSorted(byText);
}

const policies: readonly (readonly [policy: object, before: string, after: string])[] = [
  [{}, '', ''],
  [{ whenDeleted: 'Delete' }, 'StatefulSet/db true', 'StatefulSet/db true'],
  [{ whenScaled: 'Delete' }, '', 'Pod/db-1 true'],
  [{ whenScaled: 'Delete', whenDeleted: 'Delete' }, 'StatefulSet/db true', 'Pod/db-1 true'],
];

for (const [policy, before, after] of policies) {
  test(`claims of a pod that is to go belong to whom the retention policy says: ${JSON.stringify(policy)}`, async () => {
    const spec = { ...claimTemplates, replicas: 2, persistentVolumeClaimRetentionPolicy: policy };
    await withSet(spec, async (harness) => {
      await harness.converge();
      assert.deepEqual(await ownersOf(harness), [`data-db-0: ${before}`, `data-db-1: ${before}`]);
      await harness.patch(sets, 'db', { spec: { replicas: 1 } });
      await harness.converge();
      // No garbage collector runs here: what it would go by is there.
      assert.deepEqual(await ownersOf(harness), [`data-db-0: ${before}`, `data-db-1: ${after}`]);
    });
  });
}

test('a claim of a pod that was scaled down has to go before the pod comes back', async () => {
  const spec = { ...claimTemplates, replicas: 1, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } };
  await withSet(spec, async (harness) => {
    await harness.patch(sets, 'db', { spec: { replicas: 0 } });
    await harness.converge();
    await harness.patch(sets, 'db', { spec: { replicas: 1 } });
    await harness.converge();
    assert.deepEqual(await podsOf(harness), []);
    await harness.api.client.resource(claims, 'default').delete('data-db-0');
    await harness.clock.advance(1000);
    await harness.converge();
    assert.deepEqual(await podsOf(harness), ['db-0 db:1']);
    assert.deepEqual(await ownersOf(harness), ['data-db-0: ']);
  });
});

test('a claim that another controller has is left alone, and told of', async () => {
  await withSet({ ...claimTemplates, replicas: 1 }, async (harness) => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x', controller: true }];
    await harness.patch(claims, 'data-db-0', { metadata: { ownerReferences } });
    await harness.patch(sets, 'db', { spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } } });
    await harness.converge();
    assert.deepEqual(await ownersOf(harness), ['data-db-0: ConfigMap/x true']);
    const said = await harness.events();
    assert.ok(said.some((event) => event.startsWith('ConflictingController: PersistentVolumeClaim data-db-0 has')));
  });
});

test('orphans that match are adopted, pods that match no more are released', async () => {
  await withSet({ replicas: 1 }, async (harness) => {
    const [uid] = (await harness.pods()).map(({ metadata }) => metadata.uid);
    const ownerOf = async (): Promise<unknown> => (await harness.pods())[0]?.metadata.ownerReferences?.[0]?.name;
    await harness.patch(pods, 'db-0', { metadata: { ownerReferences: null } });
    await harness.work();
    assert.equal(await ownerOf(), 'db');
    await harness.patch(pods, 'db-0', { metadata: { labels: { app: 'other' } } });
    await harness.work();
    assert.equal(await ownerOf(), undefined);
    assert.equal((await harness.pods())[0]?.metadata.uid, uid);
    await harness.patch(pods, 'db-0', { metadata: { labels: { app: 'web' } } });
    await harness.work();
    assert.equal(await ownerOf(), 'db');
  });
});
