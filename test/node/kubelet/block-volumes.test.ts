import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Container } from '../../../src/api/types/core-v1.ts';
import { createKubeletHarness, type KubeletHarness } from '../../support/kubelet-harness.ts';

/** A node with a device and a folder, and a claim that is bound to a volume with this mode and source. */
async function start(context: TestContext, volumeMode: string, source: object): Promise<KubeletHarness> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  const command = ['sh', '-c', 'mkdir /mnt/folder; mknod /mnt/disk b 7 0'];
  const maker = { name: 'main', image: 'busybox', command, volumeMounts: [{ name: 'host', mountPath: '/mnt' }] };
  const volumes = [{ name: 'host', hostPath: { path: '/srv' } }];
  await harness.create('maker', { spec: { restartPolicy: 'Never', containers: [maker], volumes } });
  const common = { volumeMode, accessModes: ['ReadWriteOnce'], storageClassName: '' };
  const term = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] };
  const nodeAffinity = { required: { nodeSelectorTerms: [term] } };
  const spec = { ...common, ...source, capacity: { storage: '1Mi' }, nodeAffinity };
  await harness.api.create({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' }, spec });
  const claim = { ...common, volumeName: 'pv', resources: { requests: { storage: '1Mi' } } };
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: claim,
  });
  const claims = harness.api.client.resource(
    { group: '', version: 'v1', resource: 'persistentvolumeclaims' },
    'default',
  );
  const bound = { status: { phase: 'Bound' } };
  await claims.patch('data', 'application/merge-patch+json', bound, { subresource: 'status' });
  return harness;
}

const local = (name: string): object => ({ local: { path: `/srv/${name}` } });
const asDevice: Partial<Container> = { volumeDevices: [{ name: 'data', devicePath: '/dev/disk' }] };
const asFolder: Partial<Container> = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };

async function run(harness: KubeletHarness, use: Partial<Container>): Promise<void> {
  const command = ['sh', '-c', 'stat -c %F /dev/disk; echo words | dd of=/dev/disk; dd if=/dev/disk bs=5 count=1'];
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const main = { name: 'main', image: 'busybox', command, ...use };
  await harness.create('web', { spec: { restartPolicy: 'Never', containers: [main], volumes } });
}

test('a local volume that is a device is one in the container, too', async (context) => {
  const harness = await start(context, 'Block', local('disk'));
  await run(harness, asDevice);
  const { uid = '' } = (await harness.pod('web')).metadata;
  const [sandbox] = await harness.runtime.listPodSandbox({ podUid: uid });
  const [container] = await harness.runtime.listContainers({ podSandboxId: sandbox?.id ?? '' });
  const log = await harness.runtime.containerLog(container?.id ?? '');
  const written = log.read(0).filter(({ stream }) => stream === 'stdout');
  const text = Buffer.concat(written.map(({ content }) => content)).toString('utf8');
  assert.equal(text, 'block special file\nwords');
});

const all =
  'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]';
const refused: readonly (readonly [mode: string, source: object, use: Partial<Container>, event: string])[] = [
  [
    'Block',
    local('disk'),
    asFolder,
    `FailedMount: ${all}: volume data has volumeMode Block, but is specified in volumeMounts`,
  ],
  [
    'Filesystem',
    local('folder'),
    asDevice,
    `FailedMount: ${all}: volume data has volumeMode Filesystem, but is specified in volumeDevices`,
  ],
  [
    'Block',
    local('folder'),
    asDevice,
    'FailedMapVolume: MapVolume.MapPodDevice failed for volume "pv" : /srv/folder is not a block device',
  ],
  [
    'Block',
    { hostPath: { path: '/srv/disk' } },
    asDevice,
    'FailedMapVolume: MapVolume.FindMapperPluginBySpec failed for volume "pv" : volumes of its kind are no devices',
  ],
];

for (const [mode, source, use, event] of refused) {
  test(`a volume that is not used as what it is: ${event}`, async (context) => {
    const harness = await start(context, mode, source);
    await run(harness, use);
    assert.equal((await harness.pod('web')).status?.phase, 'Pending');
    assert.ok((await harness.events('web')).includes(event), JSON.stringify(await harness.events('web')));
  });
}
