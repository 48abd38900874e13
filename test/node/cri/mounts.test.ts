import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerConfig, Mount } from '../../../src/node/cri/runtime.ts';
import { ContainerProcess } from '../../../src/node/cri/simulation/container-process.ts';
import { FileSpace } from '../../../src/node/cri/simulation/file-space.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import { diskFileSystem } from '../../../src/node/cri/simulation/mount-table.ts';
import { PortServer } from '../../../src/node/cri/simulation/port-server.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { containerConfig } from '../../support/container-config.ts';

type Run = (script: string) => Promise<string>;

/** A node, and containers on it: what a script writes and, when it is not 0, what it ends with. */
function setUp() {
  const clock = new FakeClock();
  const nodeFiles = new MemoryFiles(() => clock.now(), new FileSpace(1 << 20), diskFileSystem);
  nodeFiles.makeFolder('/proc/1/ns');
  nodeFiles.writeFile('/proc/1/ns/mnt', new Uint8Array());
  nodeFiles.makeFolder('/data/inner');
  const container = (mounts: readonly Mount[], special: Partial<ContainerConfig> = {}): Run => {
    const config = { ...containerConfig({ image: 'busybox', privileged: true, ...special }), mounts: [...mounts] };
    const process = new ContainerProcess(config, {
      clock,
      hostname: 'web',
      dnsConfig: { servers: [], searches: [], options: [] },
      sysctls: {},
      podIp: '10.0.0.1',
      random: () => 0.5,
      nodeFiles,
      ports: new PortServer('default/web', []),
      dial: () => Promise.reject(new Error('connection refused')),
      sendDatagram: () => Promise.resolve(undefined),
    });
    return async (script) => {
      let text = '';
      const sink = { write: (chunk: Uint8Array) => Promise.resolve(void (text += Buffer.from(chunk).toString())) };
      const streams = { stdout: sink, stderr: sink };
      const code = await process.exec(['sh', '-c', script], false, streams, new AbortController().signal);
      return code === 0 ? text : `${text}${code}`;
    };
  };
  return { nodeFiles, container };
}

const data = { containerPath: '/d', hostPath: '/data', readonly: false };

test('who sees what is mounted later: by the propagation of the mount', async () => {
  const { container } = setUp();
  const node = container([{ containerPath: '/rootfs', hostPath: '/', readonly: false }]);
  const onNode = (script: string): Promise<string> =>
    node(`nsenter --mount=/rootfs/proc/1/ns/mnt -- sh -c '${script}'`);
  await onNode('mkdir -p /data/early /data/host; mount -t tmpfs early /data/early; echo e > /data/early/f');
  const all: Record<string, Run> = {
    both: container([{ ...data, propagation: 'bidirectional' }]),
    down: container([{ ...data, propagation: 'hostToContainer' }]),
    none: container([data]),
  };
  for (const [name, run] of Object.entries(all)) {
    assert.equal(await run(`mkdir /d/${name}; mount -t tmpfs ${name} /d/${name}; echo ${name} > /d/${name}/f`), '');
  }
  await onNode('mount -t tmpfs host /data/host; echo host > /data/host/f');
  const seen = new Map<string, string>();
  for (const [name, run] of [
    ...Object.entries(all),
    ['node', (path: string) => onNode(path.replaceAll('/d/', '/data/'))] as const,
  ]) {
    seen.set(
      name,
      (await run('cat /d/early/f /d/both/f /d/down/f /d/none/f /d/host/f 2>/dev/null; true')).replaceAll('\n', ' '),
    );
  }
  assert.deepEqual(Object.fromEntries(seen), {
    both: 'e both host ',
    down: 'e both down host ',
    none: 'e none ',
    node: 'e both host ',
  });
  assert.equal(await onNode('umount /data/host'), '');
  assert.equal(await all['down']?.('ls /d/host'), '');
  assert.equal(await all['both']?.('umount /d/both'), '');
  assert.equal(
    await onNode('ls /data/both; umount /data/both'),
    "umount: can't unmount /data/both: Invalid argument\n1",
  );
});

test('one volume in another: what is in the inner one does not come to be in the outer one', async () => {
  const { container, nodeFiles } = setUp();
  nodeFiles.makeFolder('/other');
  // Those that others are in come first, in whichever order they are listed.
  const run = container([{ containerPath: '/d/in', hostPath: '/other', readonly: false }, data]);
  assert.equal(
    await run('echo x > /d/in/f; echo y > /d/g; ls /d /d/in; find /d -type f'),
    '/d:\ng\nin\ninner\n\n/d/in:\nf\n/d/in/f\n/d/g\n',
  );
  assert.deepEqual(nodeFiles.readFolder('/data'), ['g', 'in/', 'inner/']);
  assert.deepEqual([nodeFiles.readFolder('/data/in'), nodeFiles.readFolder('/other')], [[], ['f']]);
  assert.equal(await run('rm -rf /d/in'), "rm: can't remove '/d/in': Resource busy\n1");
});

test('bind mounts, read-only ones, and those who may not', async () => {
  const { container } = setUp();
  const run = container([data]);
  const cases: readonly (readonly [script: string, output: string])[] = [
    ['mkdir /a /b; echo x > /a/f; mount --bind /a /b && cat /b/f && echo y > /b/g; cat /a/g', 'x\ny\n'],
    ['umount /b; ls /b', ''],
    ['mount -t tmpfs -o ro fast /b; touch /b/f', 'touch: /b/f: Read-only file system\n1'],
    ['mount | grep fast; grep -c ext4 /proc/mounts', 'fast on /b type tmpfs (ro,relatime)\n1\n'],
    ['mount -t tmpfs fast /none', 'mount: mounting fast on /none failed: No such file or directory\n255'],
    ['mount -t nfs server:/x /b', 'mount: mounting server:/x on /b failed: No such device\n255'],
    ['rm -r /b', "rm: can't remove '/b': Resource busy\n1"],
    ['nsenter --mount=/none -- sh', 'nsenter: cannot open /none: No such file or directory\n1'],
    ['nsenter -t 1 -m hostname', 'web\n'],
    ['nsenter -m -- nothing', 'nsenter: failed to execute nothing: No such file or directory\n127'],
  ];
  for (const [script, output] of cases) assert.equal(await run(script), output, script);
  const weak = container([data], { privileged: false });
  assert.equal(await weak('mkdir /b; mount -t tmpfs fast /b'), 'mount: permission denied (are you root?)\n1');
  assert.equal(await weak('umount /d'), "umount: can't unmount /d: Operation not permitted\n1");
  assert.equal(
    await weak('nsenter -m -- ls'),
    "nsenter: reassociate to namespace 'ns/mnt' failed: Operation not permitted\n1",
  );
  const admin = container([data], { privileged: false, addedCapabilities: ['SYS_ADMIN'] });
  assert.equal(
    await admin('mkdir /b; mount -t tmpfs fast /b && df -m /b | tail -n 1 | awk "{print \\$1, \\$2, \\$6}"'),
    'fast 1 /b\n',
  );
});

test('the room of a node ends, also for what is mounted in memory, and is given back', async () => {
  const { container, nodeFiles } = setUp();
  const run = container([data]);
  const full = 'dd: failed to open /d/f: No space left on device\n1';
  assert.equal(await run('dd if=/dev/zero of=/d/f bs=1M count=2 2>&1'), full);
  await run('mkdir /m; mount -t tmpfs m /m; dd if=/dev/zero of=/m/f bs=1k count=1000 2>/dev/null');
  assert.ok((nodeFiles.space?.used ?? 0) > 1_000_000);
  await run('umount /m');
  assert.ok((nodeFiles.space?.used ?? 0) < 100_000);
});

test('df of a volume in memory tells the size of that', async () => {
  const { container, nodeFiles } = setUp();
  const folder = nodeFiles.find('/data') ?? assert.fail();
  folder.fileSystem = 'tmpfs';
  folder.capacityBytes = 10 << 20;
  const run = container([data]);
  assert.equal(await run('echo x > /d/f; df | grep /d | awk "{print \\$1, \\$2, \\$3}"'), 'tmpfs 10240 1\n');
});
