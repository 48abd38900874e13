import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createKubeletHarness, type KubeletHarness } from '../../support/kubelet-harness.ts';

const host = { name: 'host', hostPath: { path: '/srv', type: 'DirectoryOrCreate' } };

/** A node with one of each kind below /srv, made by a pod; the log tells what the pod saw. */
async function start(context: TestContext): Promise<{ readonly harness: KubeletHarness; readonly log: string }> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  const script = [
    'cd /mnt; mkdir dir; touch file; mknod block b 89 1; mknod char c 89 1',
    'stat -c "%n %F" dir file block char; [ -b block ] && [ -c char ] && [ ! -f block ] && echo devices',
    'mknod char c 89 1; mknod pipe p',
    'nc -lU /mnt/socket',
  ].join('\n');
  const container = { name: 'main', image: 'busybox', command: ['sh', '-c', script] };
  const volumeMounts = [{ name: 'host', mountPath: '/mnt' }];
  await harness.create('maker', { spec: { containers: [{ ...container, volumeMounts }], volumes: [host] } });
  const { uid = '' } = (await harness.pod('maker')).metadata;
  const [sandbox] = await harness.runtime.listPodSandbox({ podUid: uid });
  const containers = await harness.runtime.listContainers({ podSandboxId: sandbox?.id ?? '' });
  const written = (await harness.runtime.containerLog(containers[0]?.id ?? '')).read(0);
  return { harness, log: Buffer.concat(written.map(({ content }) => content)).toString('utf8') };
}

test('devices and sockets are files of their own kind', async (context) => {
  const { harness, log } = await start(context);
  const lines = [
    'dir directory',
    'file regular file',
    'block block special file',
    'char character special file',
    'devices',
    'mknod: /mnt/char: File exists',
    'mknod: p: this simulated mknod makes devices alone',
  ];
  assert.deepEqual(log.trim().split('\n'), lines);
  assert.equal((await harness.pod('maker')).status?.phase, 'Running');
});

const kinds: Readonly<Record<string, string>> = {
  Directory: 'directory',
  DirectoryOrCreate: 'directory',
  File: 'file',
  FileOrCreate: 'file',
  Socket: 'socket file',
  CharDevice: 'character device',
  BlockDevice: 'block device',
};
const right: Readonly<Record<string, readonly string[]>> = {
  dir: ['', 'Directory', 'DirectoryOrCreate'],
  file: ['', 'File', 'FileOrCreate'],
  socket: ['', 'Socket'],
  char: ['', 'CharDevice'],
  block: ['', 'BlockDevice'],
  none: ['', 'DirectoryOrCreate', 'FileOrCreate'],
};

for (const [name, types] of Object.entries(right)) {
  test(`a volume of a path on the node: ${name}`, async (context) => {
    const { harness } = await start(context);
    for (const type of ['', ...Object.keys(kinds)]) {
      const path = `/srv/${name === 'none' ? `none${type}` : name}`;
      const pod = `web${type.toLowerCase()}`;
      await harness.create(pod, { spec: { volumes: [{ name: 'host', hostPath: { path, type } }] } });
      const isRunning = (await harness.pod(pod)).status?.phase === 'Running';
      assert.equal(isRunning, types.includes(type), `${path} as ${type}`);
      if (isRunning) continue;
      const text = `MountVolume.SetUp failed for volume "host" : hostPath type check failed: ${path} is not a ${kinds[type] ?? ''}`;
      assert.ok((await harness.events(pod)).includes(`FailedMount: ${text}`), `${path} as ${type}`);
    }
  });
}
