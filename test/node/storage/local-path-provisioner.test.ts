import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../src/api/types/core-v1.ts';
import type { StorageClass } from '../../../src/api/types/storage-v1.ts';
import { createEventRecorder } from '../../../src/client/event-recorder.ts';
import { createInformerFactory } from '../../../src/client/informer-factory.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import {
  createLocalPathProvisioner,
  localPathFolder,
  localPathProvisioner,
} from '../../../src/node/storage/local-path-provisioner.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const claimsResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
const volumesResource = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;
const classesResource = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' } as const;

interface Storage {
  readonly harness: ControllerHarness;
  /** By node. */
  readonly files: ReadonlyMap<string, MemoryFiles>;
}

/** The binder of claims and the provisioner, with nodes whose files are in memory. */
async function start(context: TestContext, ...before: readonly string[]): Promise<Storage> {
  const harness = await createControllerHarness('persistentvolume-binder-controller');
  const { clock, api } = harness;
  for (const name of before) await addNode(harness, name);
  const files = new Map(['n1', 'n2'].map((name) => [name, new MemoryFiles(() => clock.now())]));
  const { client } = api;
  const informers = createInformerFactory({ client, clock, random: seededRandom(1), log: silentLogger });
  const provisioner = createLocalPathProvisioner({
    client,
    informers,
    events: createEventRecorder({ client, component: localPathProvisioner, clock }),
    clock,
    log: silentLogger,
    foldersOf: (name) => files.get(name),
  });
  informers.start();
  await informers.waitForSync();
  await provisioner.start();
  context.after(async () => {
    await provisioner.stop();
    await informers.stop();
    await harness.close();
  });
  return { harness, files };
}

async function addNode(harness: ControllerHarness, name: string, labels: Record<string, string> = {}): Promise<void> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  });
}

async function addClaim({ harness }: Storage, spec: object = {}): Promise<PersistentVolumeClaim> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'standard',
      resources: { requests: { storage: '1Gi' } },
      ...spec,
    },
  });
  await harness.work();
  return harness.get<PersistentVolumeClaim>(claimsResource, 'data');
}

/** As the scheduler does it. */
async function selectNode({ harness }: Storage, node: string): Promise<PersistentVolumeClaim> {
  const annotations = { 'volume.kubernetes.io/selected-node': node };
  await harness.patch(claimsResource, 'data', { metadata: { annotations } });
  await harness.work();
  return harness.get<PersistentVolumeClaim>(claimsResource, 'data');
}

const volumesOf = async ({ harness }: Storage): Promise<PersistentVolume[]> =>
  (await harness.api.client.resource<PersistentVolume>(volumesResource).list()).items;

const folderOf = ({ metadata }: PersistentVolumeClaim): string =>
  `${localPathFolder}/pvc-${metadata.uid ?? ''}_default_data`;

test('a cluster without nodes gets the default class, one that had some does not get it back', async (context) => {
  const classes = async ({ harness }: Storage) =>
    (await harness.api.client.resource<StorageClass>(classesResource).list()).items;
  const [made] = await classes(await start(context));
  assert.equal(made?.metadata.name, 'standard');
  assert.deepEqual(made.metadata.annotations, { 'storageclass.kubernetes.io/is-default-class': 'true' });
  assert.equal(made.provisioner, 'kubectl-ts/local-path');
  assert.equal(made.volumeBindingMode, 'WaitForFirstConsumer');
  assert.equal(made.reclaimPolicy, 'Delete');
  assert.deepEqual(await classes(await start(context, 'n1')), []);
});

test('a volume is made when the node is known, in a folder of that node, and goes with its claim', async (context) => {
  const storage = await start(context);
  const { harness, files } = storage;
  await addNode(harness, 'n1');
  await addNode(harness, 'n2');
  const waiting = await addClaim(storage);
  assert.equal(waiting.status?.phase, 'Pending');
  assert.deepEqual(await volumesOf(storage), []);
  const claim = await selectNode(storage, 'n2');
  assert.equal(claim.status?.phase, 'Bound');
  const [volume] = await volumesOf(storage);
  assert.equal(volume?.metadata.name, `pvc-${claim.metadata.uid ?? ''}`);
  assert.deepEqual(volume.metadata.annotations, { 'pv.kubernetes.io/provisioned-by': 'kubectl-ts/local-path' });
  assert.equal(volume.status?.phase, 'Bound');
  const { claimRef, ...spec } = volume.spec ?? {};
  assert.equal(claimRef?.uid, claim.metadata.uid);
  assert.deepEqual(spec, {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
    hostPath: { path: folderOf(claim), type: 'DirectoryOrCreate' },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n2'] }] }],
      },
    },
    persistentVolumeReclaimPolicy: 'Delete',
    storageClassName: 'standard',
    volumeMode: 'Filesystem',
  });
  assert.equal(files.get('n2')?.find(folderOf(claim))?.mode, 0o777);
  assert.equal(files.get('n1')?.find(folderOf(claim)), undefined);
  await harness.work();
  const said = await harness.events();
  assert.ok(said.includes('Provisioning: External provisioner is provisioning volume for claim "default/data"'));
  assert.ok(said.includes(`ProvisioningSucceeded: Successfully provisioned volume ${volume.metadata.name}`));
  await harness.api.client.resource(claimsResource, 'default').delete('data');
  await harness.work();
  assert.deepEqual(await volumesOf(storage), []);
  assert.equal(files.get('n2')?.find(folderOf(claim)), undefined);
});

test('a class that retains keeps the volume and its files', async (context) => {
  const storage = await start(context);
  const { harness, files } = storage;
  await addNode(harness, 'n1');
  await harness.api.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'kept' },
    provisioner: localPathProvisioner,
    reclaimPolicy: 'Retain',
  });
  const claim = await addClaim(storage, { storageClassName: 'kept' });
  await harness.api.client.resource(claimsResource, 'default').delete('data');
  await harness.work();
  const [volume] = await volumesOf(storage);
  assert.equal(volume?.status?.phase, 'Released');
  assert.notEqual(files.get('n1')?.find(folderOf(claim)), undefined);
});

test('a class that binds at once: the node with fewest volumes of those it allows', async (context) => {
  const storage = await start(context);
  const { harness } = storage;
  await addNode(harness, 'n1', { zone: 'a' });
  await addNode(harness, 'n2', { zone: 'b' });
  await addNode(harness, 'far', { zone: 'b' });
  await harness.api.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'here' },
    provisioner: localPathProvisioner,
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['b'] }] }],
  });
  const claim = await addClaim(storage, { storageClassName: 'here' });
  assert.equal(claim.status?.phase, 'Bound');
  assert.notEqual(storage.files.get('n2')?.find(folderOf(claim)), undefined);
});

test('a volume that others changed to lead elsewhere takes nothing of the node with it', async (context) => {
  const storage = await start(context);
  const { harness, files } = storage;
  files.get('n1')?.makeFolder('/etc/secret');
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'trap', annotations: { 'pv.kubernetes.io/provisioned-by': localPathProvisioner } },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Delete',
      hostPath: { path: '/etc/secret' },
      claimRef: { namespace: 'default', name: 'gone', uid: 'x' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] }] },
          ],
        },
      },
    },
  });
  await harness.work();
  assert.deepEqual(await volumesOf(storage), []);
  assert.notEqual(files.get('n1')?.find('/etc/secret'), undefined);
});

const refusals: readonly (readonly [spec: object, said: string])[] = [
  [
    { accessModes: ['ReadWriteMany'] },
    'access mode ReadWriteMany is not supported, only ReadWriteOnce and ReadWriteOncePod are',
  ],
  [{ volumeMode: 'Block' }, 'volume mode Block is not supported'],
  [{ selector: { matchLabels: { a: 'b' } } }, 'claim.spec.selector is not supported'],
  [
    { dataSource: { kind: 'PersistentVolumeClaim', name: 'x' } },
    'volumes that are filled from others are not supported',
  ],
];

for (const [spec, said] of refusals) {
  test(`a claim that cannot be fulfilled is told so: ${said}`, async (context) => {
    const storage = await start(context);
    await addNode(storage.harness, 'n1');
    await addClaim(storage, spec);
    const claim = await selectNode(storage, 'n1');
    assert.equal(claim.status?.phase, 'Pending');
    const text = `ProvisioningFailed: failed to provision volume with StorageClass "standard": ${said}`;
    assert.ok((await storage.harness.events()).includes(text));
    assert.deepEqual(await volumesOf(storage), []);
  });
}

test('a node whose files are elsewhere, or that is not there', async (context) => {
  const storage = await start(context);
  await addNode(storage.harness, 'far');
  await addClaim(storage);
  await selectNode(storage, 'far');
  const failed = 'ProvisioningFailed: failed to provision volume with StorageClass "standard":';
  const events = await storage.harness.events();
  assert.ok(events.includes(`${failed} the files of node "far" cannot be reached from here`), events.join('\n'));
});
