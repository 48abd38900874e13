import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../src/api/types/core-v1.ts';
import type { StorageClass } from '../../../src/api/types/storage-v1.ts';
import { mismatchOf } from '../../../src/control-plane/controller-manager/claim-sync.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const claimsResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
const volumesResource = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;
const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

async function start(
  context: TestContext,
  controllers = 'persistentvolume-binder-controller',
): Promise<ControllerHarness> {
  const harness = await createControllerHarness(controllers);
  context.after(() => harness.close());
  return harness;
}

async function addVolume(
  harness: ControllerHarness,
  name: string,
  spec: object = {},
  metadata: object = {},
): Promise<void> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, ...metadata },
    spec: {
      capacity: { storage: '5Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: `/tmp/${name}` },
      ...spec,
    },
  });
  await harness.work();
}

async function addClaim(
  harness: ControllerHarness,
  name: string,
  spec: object = {},
  metadata: object = {},
): Promise<void> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: '',
      ...spec,
    },
  });
  await harness.work();
}

async function addClass(harness: ControllerHarness, name: string, more: Partial<StorageClass> = {}): Promise<void> {
  await harness.api.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    provisioner: 'example.com/disk',
    ...more,
    metadata: { name, ...more.metadata },
  });
}

const claimOf = (harness: ControllerHarness, name: string): Promise<PersistentVolumeClaim> =>
  harness.get<PersistentVolumeClaim>(claimsResource, name);
const volumeOf = (harness: ControllerHarness, name: string): Promise<PersistentVolume> =>
  harness.api.client.resource<PersistentVolume>(volumesResource).get(name);

test('a claim gets the smallest volume that will do, and both say so', async (context) => {
  const harness = await start(context);
  await addVolume(harness, 'large', { capacity: { storage: '10Gi' } });
  await addVolume(harness, 'tiny', { capacity: { storage: '500Mi' } });
  await addVolume(harness, 'right');
  assert.equal((await volumeOf(harness, 'right')).status?.phase, 'Available');
  await addClaim(harness, 'data');
  const claim = await claimOf(harness, 'data');
  assert.equal(claim.spec?.volumeName, 'right');
  assert.deepEqual(claim.status, { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '5Gi' } });
  assert.deepEqual(claim.metadata.annotations, {
    'pv.kubernetes.io/bind-completed': 'yes',
    'pv.kubernetes.io/bound-by-controller': 'yes',
  });
  const volume = await volumeOf(harness, 'right');
  assert.equal(volume.status?.phase, 'Bound');
  assert.equal(volume.spec?.claimRef?.uid, claim.metadata.uid);
  assert.equal(volume.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], 'yes');
  assert.equal((await volumeOf(harness, 'large')).status?.phase, 'Available');
});

test('a claim without a volume and without a class says what it lacks, and is bound when one comes', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'data');
  assert.deepEqual((await claimOf(harness, 'data')).status, { phase: 'Pending' });
  const said = 'FailedBinding: no persistent volumes available for this claim and no storage class is set';
  assert.deepEqual(await harness.events(), [said]);
  await addVolume(harness, 'v1');
  assert.equal((await claimOf(harness, 'data')).status?.phase, 'Bound');
});

test('two claims do not get the same volume', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'one');
  await addClaim(harness, 'two');
  await addVolume(harness, 'v1');
  const claims = await harness.list<PersistentVolumeClaim>(claimsResource);
  assert.equal(claims.filter(({ status }) => status?.phase === 'Bound').length, 1);
  assert.equal(claims.filter(({ status }) => status?.phase === 'Pending').length, 1);
});

test('a class with an external provisioner: who is asked is written down', async (context) => {
  const harness = await start(context);
  await addClass(harness, 'disk');
  await addClaim(harness, 'data', { storageClassName: 'disk' });
  const { annotations = {} } = (await claimOf(harness, 'data')).metadata;
  assert.equal(annotations['volume.kubernetes.io/storage-provisioner'], 'example.com/disk');
  assert.equal(annotations['volume.beta.kubernetes.io/storage-provisioner'], 'example.com/disk');
  const text =
    "ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'example.com/disk' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
  assert.ok((await harness.events()).includes(text));
  // As the provisioner does it: a volume that names its claim.
  const { uid } = (await claimOf(harness, 'data')).metadata;
  await addVolume(harness, 'pvc-1', {
    storageClassName: 'disk',
    claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data', uid },
  });
  assert.equal((await claimOf(harness, 'data')).spec?.volumeName, 'pvc-1');
});

const unprovisioned = [
  ['missing', 'ProvisioningFailed: storageclass.storage.k8s.io "missing" not found'],
  ['manual', 'ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner'],
] as const;

for (const [storageClassName, said] of unprovisioned) {
  test(`a claim of the class ${storageClassName}, of which no volumes are made`, async (context) => {
    const harness = await start(context);
    await addClass(harness, 'manual', { provisioner: 'kubernetes.io/no-provisioner' });
    await addClaim(harness, 'data', { storageClassName });
    assert.ok((await harness.events()).includes(said));
    assert.equal((await claimOf(harness, 'data')).status?.phase, 'Pending');
  });
}

test('a class that waits for the first pod: the claim says what it waits for', async (context) => {
  const harness = await start(context);
  await addClass(harness, 'late', { volumeBindingMode: 'WaitForFirstConsumer' });
  await addVolume(harness, 'v1', { storageClassName: 'late' });
  await addClaim(harness, 'data', { storageClassName: 'late' });
  assert.equal((await claimOf(harness, 'data')).status?.phase, 'Pending');
  assert.deepEqual(await harness.events(), [
    'WaitForFirstConsumer: waiting for first consumer to be created before binding',
  ]);
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: {
      containers: [{ name: 'main', image: 'a' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  await harness.clock.advance(15_000);
  await harness.work();
  assert.ok((await harness.events()).includes('WaitForPodScheduled: waiting for pod web to be scheduled'));
  // As the scheduler does it.
  const { metadata } = await claimOf(harness, 'data');
  const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data', uid: metadata.uid };
  await harness.api.client
    .resource(volumesResource)
    .patch('v1', 'application/merge-patch+json', { spec: { claimRef } });
  await harness.work();
  assert.equal((await claimOf(harness, 'data')).status?.phase, 'Bound');
});

test('a claim that says nothing of its class gets the default one when there is one', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'data', { storageClassName: undefined });
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  await addClass(harness, 'standard', { metadata: { annotations } });
  await harness.clock.advance(15_000);
  await harness.work();
  assert.equal((await claimOf(harness, 'data')).spec?.storageClassName, 'standard');
});

test('a claim that names its volume', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'data', { volumeName: 'v1' });
  assert.equal((await claimOf(harness, 'data')).status?.phase, 'Pending');
  await addVolume(harness, 'v1');
  const claim = await claimOf(harness, 'data');
  assert.equal(claim.status?.phase, 'Bound');
  assert.equal(claim.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], undefined);
  await addClaim(harness, 'late', { volumeName: 'v1' });
  assert.ok((await harness.events()).includes('FailedBinding: volume "v1" already bound to a different claim.'));
});

test('a volume that names its claim', async (context) => {
  const harness = await start(context);
  await addVolume(harness, 'v1', { claimRef: { namespace: 'default', name: 'data' } });
  assert.equal((await volumeOf(harness, 'v1')).status?.phase, 'Available');
  await addClaim(harness, 'other');
  assert.equal((await claimOf(harness, 'other')).status?.phase, 'Pending');
  await addClaim(harness, 'data');
  const volume = await volumeOf(harness, 'v1');
  assert.equal(volume.spec?.claimRef?.uid, (await claimOf(harness, 'data')).metadata.uid);
  assert.equal(volume.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], undefined);
});

const mismatches: readonly (readonly [claim: object, volume: object, said: string | undefined])[] = [
  [{}, {}, undefined],
  [{ resources: { requests: { storage: '6Gi' } } }, {}, 'requested PV is too small'],
  [{ storageClassName: 'a' }, { storageClassName: 'b' }, 'storageClassName does not match'],
  [{ volumeMode: 'Block' }, {}, 'incompatible volumeMode'],
  [{ accessModes: ['ReadWriteMany'] }, {}, 'incompatible accessMode'],
];

for (const [want, have, said] of mismatches) {
  test(`a volume that is named: ${said ?? 'it will do'}`, () => {
    const common = { apiVersion: 'v1', metadata: { name: 'x' } };
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...want };
    const volume = { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], ...have };
    const found = mismatchOf(
      { ...common, kind: 'PersistentVolume', spec: volume },
      { ...common, kind: 'PersistentVolumeClaim', spec: claim },
    );
    assert.equal(found, said);
  });
}

const policies: readonly (readonly [policy: string, spec: object, phase: string, said: string | undefined])[] = [
  ['Retain', {}, 'Released', undefined],
  ['Delete', {}, 'gone', undefined],
  [
    'Delete',
    { hostPath: { path: '/data' } },
    'Failed',
    'VolumeFailedDelete: host_path deleter only supports /tmp/.+ but received provided /data',
  ],
  [
    'Delete',
    { hostPath: undefined, nfs: { server: 'a', path: '/' } },
    'Failed',
    'VolumeFailedDelete: error getting deleter volume plugin for volume "v1": no volume plugin matched',
  ],
  ['Delete', { hostPath: undefined, csi: { driver: 'example.com', volumeHandle: 'x' } }, 'Released', undefined],
  ['Recycle', {}, 'Failed', 'VolumeFailedRecycle: No recycler plugin found for the volume!'],
];

for (const [policy, spec, phase, said] of policies) {
  test(`the claim is gone, ${policy} ${JSON.stringify(spec)}: the volume is ${phase}`, async (context) => {
    const harness = await start(context);
    await addVolume(harness, 'v1', { ...spec, persistentVolumeReclaimPolicy: policy });
    await addClaim(harness, 'data');
    assert.equal((await volumeOf(harness, 'v1')).status?.phase, 'Bound');
    await harness.api.client.resource(claimsResource, 'default').delete('data');
    await harness.work();
    const answer = await harness.api.request('GET', '/api/v1/persistentvolumes/v1');
    const { status } = answer.body as unknown as PersistentVolume;
    assert.equal(answer.status === 404 ? 'gone' : status?.phase, phase);
    if (said !== undefined) assert.ok((await harness.events()).includes(said));
  });
}

test('a claim whose volume is gone is lost', async (context) => {
  const harness = await start(context);
  await addVolume(harness, 'v1');
  await addClaim(harness, 'data');
  await harness.api.client.resource(volumesResource).delete('v1');
  await harness.work();
  assert.equal((await claimOf(harness, 'data')).status?.phase, 'Lost');
  const said = 'ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!';
  assert.ok((await harness.events()).includes(said));
});

const protection = 'persistentvolumeclaim-protection-controller,persistentvolume-protection-controller';

test('a claim in use stays until its last pod is gone', async (context) => {
  const harness = await start(context, protection);
  await addClaim(harness, 'data');
  assert.deepEqual((await claimOf(harness, 'data')).metadata.finalizers, ['kubernetes.io/pvc-protection']);
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: {
      nodeName: 'a',
      containers: [{ name: 'main', image: 'a' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  await harness.api.client.resource(claimsResource, 'default').delete('data');
  await harness.work();
  assert.ok((await claimOf(harness, 'data')).metadata.deletionTimestamp !== undefined);
  await harness.api.client.resource(podsResource, 'default').delete('web', { gracePeriodSeconds: 0 });
  await harness.work();
  assert.deepEqual(await harness.list(claimsResource), []);
});

test('a volume that is bound stays until it is free', async (context) => {
  const harness = await start(context, protection);
  await addVolume(harness, 'v1');
  const volumes = harness.api.client.resource<PersistentVolume>(volumesResource);
  const tell = (phase: string): Promise<unknown> =>
    volumes.patch('v1', 'application/merge-patch+json', { status: { phase } }, { subresource: 'status' });
  await tell('Bound');
  await volumes.delete('v1');
  await harness.work();
  assert.deepEqual((await volumeOf(harness, 'v1')).metadata.finalizers, ['kubernetes.io/pv-protection']);
  await tell('Released');
  await harness.work();
  assert.equal((await harness.api.request('GET', '/api/v1/persistentvolumes/v1')).status, 404);
});

test('the claim of an ephemeral volume is made for its pod, and not of somebody else', async (context) => {
  const harness = await start(context, 'ephemeral-volume-controller');
  const volumeClaimTemplate = {
    metadata: { labels: { app: 'web' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const pod = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [{ name: 'main', image: 'a' }],
      volumes: [{ name: 'data', ephemeral: { volumeClaimTemplate } }],
    },
  });
  await harness.api.create(pod('web'));
  await harness.work();
  const claim = await claimOf(harness, 'web-data');
  const { uid } = (await harness.get<Pod>(podsResource, 'web')).metadata;
  assert.deepEqual(claim.metadata.labels, { app: 'web' });
  assert.deepEqual(
    claim.metadata.ownerReferences?.map((owner) => [owner.kind, owner.uid, owner.controller, owner.blockOwnerDeletion]),
    [['Pod', uid, true, true]],
  );
  await addClaim(harness, 'db-data');
  await harness.api.create(pod('db'));
  await harness.work();
  const said =
    'FailedBinding: ephemeral volume data: PVC default/db-data was not created for pod default/db (pod is not owner)';
  assert.ok((await harness.events()).includes(said));
});

test('a class of attributes that is deleted stays as long as a claim has it', async (context) => {
  const harness = await start(context, 'volumeattributesclass-protection-controller');
  const path = '/apis/storage.k8s.io/v1/volumeattributesclasses';
  await harness.api.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttributesClass',
    metadata: { name: 'fast' },
    driverName: 'd.example.com',
    parameters: { a: 'b' },
  });
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeAttributesClassName: 'fast',
    },
  });
  await harness.work();
  const { body } = await harness.api.request('GET', `${path}/fast`);
  assert.deepEqual(body.metadata.finalizers, ['kubernetes.io/vac-protection']);
  await harness.api.request('DELETE', `${path}/fast`);
  await harness.work();
  assert.equal((await harness.api.request('GET', `${path}/fast`)).status, 200);
  await harness.api.request('DELETE', '/api/v1/namespaces/default/persistentvolumeclaims/data');
  await harness.work();
  assert.equal((await harness.api.request('GET', `${path}/fast`)).status, 404);
});
