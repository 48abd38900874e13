import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type NodeDisk, NodeDiskError, openNodeDisk } from '../../src/cluster/node-disk.ts';
import { FileSpace } from '../../src/node/cri/simulation/file-space.ts';
import { diskFileSystem } from '../../src/node/cri/simulation/mount-table.ts';
import { MemoryFiles } from '../../src/node/cri/simulation/memory-files.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import type { FileSystem } from '../../src/system/file-system.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { seededRandom } from '../../src/system/random.ts';

interface Node {
  readonly files: MemoryFiles;
  readonly disk: NodeDisk;
}

interface Harness {
  readonly folder: string;
  readonly clock: FakeClock;
  /** The node as it is after a start. */
  readonly start: (fileSystem?: FileSystem) => Promise<Node>;
  readonly packs: () => string[];
  /** Bytes of all that is kept. */
  readonly bytes: () => number;
}

function setUp(context: TestContext): Harness {
  const parent = mkdtempSync(join(tmpdir(), 'node-disk-'));
  context.after(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, 'nodes', 'n1');
  const clock = new FakeClock();
  const random = seededRandom(7);
  return {
    folder,
    clock,
    async start(fileSystem = nodeFileSystem) {
      const files = new MemoryFiles(() => clock.now());
      return { files, disk: await openNodeDisk({ folder, fileSystem, files, clock, random, log: silentLogger }) };
    },
    packs: () => readdirSync(folder).filter((name) => name.endsWith('.pack')),
    bytes: () => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
  };
}

function textOf(files: MemoryFiles, path: string): string {
  return Buffer.from(files.readFile(path)).toString('utf8');
}

void test('files, folders and links are there again as they were, but for what is made anew', async (context) => {
  const { start, clock } = setUp(context);
  const before = await start();
  before.files.makeFolder('/mnt/data', 0o777);
  before.files.writeFile('/mnt/data/a:b', Buffer.from('one'), { mode: 0o600, owner: { uid: 1000, gid: 2000 } });
  before.files.writeFile('/mnt/data/same', before.files.readFile('/mnt/data/a:b'));
  before.files.writeFile('/mnt/data/empty', new Uint8Array());
  before.files.link('/mnt/data/link', '../../etc/none');
  before.files.makeSpecial('/mnt/data/device', 'block device');
  before.files.mark('/mnt/data', { gid: 3000 });
  before.files.makeFolder('/var/lib/kubelet/pods/u');
  before.files.writeFile('/var/lib/kubelet/pods/u/f', Buffer.from('x'));
  before.files.makeFolder('/fast');
  before.files.mount('/fast', {
    node: memoryFolder(before.files),
    readOnly: false,
    source: 'tmpfs',
    fileSystem: 'tmpfs',
  });
  before.files.writeFile('/fast/f', Buffer.from('x'));
  await clock.advance(5000);
  await before.disk.close();
  const { files } = await start();
  assert.equal(textOf(files, '/mnt/data/a:b'), 'one');
  assert.equal(textOf(files, '/mnt/data/same'), 'one');
  assert.equal(textOf(files, '/mnt/data/empty'), '');
  const file = files.find('/mnt/data/a:b');
  assert.deepEqual([file?.mode, file?.uid, file?.gid, file?.modifiedMillis], [0o600, 1000, 2000, clock.now() - 5000]);
  const folder = files.find('/mnt/data');
  assert.deepEqual([folder?.mode, folder?.gid], [0o777, 3000]);
  const link = files.find('/mnt/data/link', true);
  assert.equal(link?.kind === 'link' ? link.target : '', '../../etc/none');
  assert.equal(files.find('/mnt/data/device')?.special, 'block device');
  assert.equal(files.find('/var/lib/kubelet'), undefined);
  assert.deepEqual(files.readFolder('/fast'), [], 'what was mounted there is gone');
});

function memoryFolder(files: MemoryFiles) {
  files.makeFolder('/var/lib/kubelet/memory');
  return files.find('/var/lib/kubelet/memory') ?? assert.fail();
}

void test('a killed process loses no more than the last half second', async (context) => {
  const { start, clock } = setUp(context);
  const { files } = await start();
  files.writeFile('/tmp/f', Buffer.from('one'));
  await clock.advance(500);
  files.writeFile('/tmp/f', Buffer.from('two'));
  await clock.advance(400);
  assert.equal(textOf((await start()).files, '/tmp/f'), 'one');
  await clock.advance(100);
  assert.equal(textOf((await start()).files, '/tmp/f'), 'two');
});

void test('what containers write to what they mount is kept', async (context) => {
  const { start, clock } = setUp(context);
  const { files } = await start();
  files.makeFolder('/data/volume');
  const container = new MemoryFiles(() => clock.now());
  const node = files.find('/data/volume') ?? assert.fail();
  const origin = { files, path: '/data/volume', receives: false, passesOn: false };
  container.mount('/v', { node, readOnly: false, source: '/dev/sda1', fileSystem: diskFileSystem, origin });
  container.writeFile('/own', Buffer.from('x'));
  container.makeFolder('/v/a');
  container.writeFile('/v/a/f', Buffer.from('by the container'));
  await clock.advance(500);
  container.mark('/v/a/f', { mode: 0o600 });
  await clock.advance(500);
  const again = (await start()).files;
  assert.equal(textOf(again, '/data/volume/a/f'), 'by the container');
  assert.equal(again.find('/data/volume/a/f')?.mode, 0o600);
  container.remove('/v/a');
  await clock.advance(500);
  assert.deepEqual((await start()).files.readFolder('/data/volume'), []);
});

void test('a process that is killed while it writes leaves what was there before', async (context) => {
  const { start, packs, folder } = setUp(context);
  const first = await start();
  first.files.writeFile('/tmp/f', Buffer.from('one'));
  await first.disk.flush();
  // It dies after so many of its writes, whichever comes next.
  for (let writes = 0; writes < 2; writes++) {
    let left = writes;
    const dying: FileSystem = {
      ...nodeFileSystem,
      writeFileAtomic: (path, content, mode) =>
        left-- > 0 ? nodeFileSystem.writeFileAtomic(path, content, mode) : new Promise(() => undefined),
    };
    const { files, disk } = await start(dying);
    files.writeFile('/tmp/f', Buffer.from(`try ${writes}`));
    void disk.flush();
    await settle(20);
    assert.equal(packs().length, 1 + writes);
    writeFileSync(join(folder, 'x.pack.1.tmp'), 'half');
    const after = await start();
    assert.equal(textOf(after.files, '/tmp/f'), 'one');
    assert.deepEqual(readdirSync(folder).length, 2, 'what was left is swept away');
  }
});

void test('on a full disk what was kept stays, and all is kept when there is room again', async (context) => {
  const { start, packs, clock } = setUp(context);
  let isFull = false;
  const small: FileSystem = {
    ...nodeFileSystem,
    writeFileAtomic: (path, content, mode) =>
      isFull && path.endsWith('index.json')
        ? Promise.reject(new Error('ENOSPC: no space left on device'))
        : nodeFileSystem.writeFileAtomic(path, content, mode),
  };
  const { files, disk } = await start(small);
  files.writeFile('/tmp/f', Buffer.from('one'));
  await disk.flush();
  isFull = true;
  files.writeFile('/tmp/f', Buffer.from('two'));
  await assert.rejects(disk.flush(), /ENOSPC/);
  assert.equal(packs().length, 1, 'nothing more is left lying');
  assert.equal(textOf((await start()).files, '/tmp/f'), 'one');
  files.writeFile('/tmp/g', Buffer.from('new'));
  await clock.advance(500);
  isFull = false;
  await clock.advance(9000);
  assert.equal((await start()).files.find('/tmp/g'), undefined, 'not yet');
  await clock.advance(1500);
  const again = (await start()).files;
  assert.deepEqual([textOf(again, '/tmp/f'), textOf(again, '/tmp/g')], ['two', 'new']);
});

void test('what is kept is at most some times what there is', async (context) => {
  const { start, packs, bytes } = setUp(context);
  const { files, disk } = await start();
  const block = Buffer.alloc(100_000, 'x');
  for (let round = 0; round < 40; round++) {
    files.writeFile(`/tmp/f${round % 4}`, Uint8Array.from(block));
    await disk.flush();
    assert.ok(packs().length <= 9, `${packs().length} packs`);
    assert.ok(bytes() <= 1_000_000, `${bytes()} bytes`);
  }
  for (let index = 0; index < 4; index++) files.remove(`/tmp/f${index}`);
  await disk.flush();
  assert.deepEqual(packs(), []);
});

void test('what cannot be read is told, with its place, and stays', async (context) => {
  const { start, packs, folder } = setUp(context);
  const { files, disk } = await start();
  files.writeFile('/tmp/f', Buffer.from('one'));
  await disk.flush();
  const [pack = ''] = packs();
  writeFileSync(join(folder, pack), 'o');
  await assert.rejects(
    start(),
    (error) => error instanceof NodeDiskError && error.message.includes(`${folder} cannot be read`),
  );
  writeFileSync(join(folder, 'index.json'), '{"version":2}');
  await assert.rejects(start(), /version 2 is not known/);
  assert.equal(readFileSync(join(folder, pack), 'utf8'), 'o');
});

void test('the files of a node and of its containers share its room', () => {
  const space = new FileSpace(1000);
  const files = new MemoryFiles(() => 0, space);
  const container = new MemoryFiles(() => 0, space);
  files.writeFile('/tmp/a', Buffer.alloc(600));
  assert.throws(() => container.writeFile('/b', Buffer.alloc(500)), { message: '/b: No space left on device' });
  container.writeFile('/b', Buffer.alloc(400));
  assert.throws(() => files.writeFile('/tmp/a', Buffer.alloc(601)), { message: '/tmp/a: No space left on device' });
  files.writeFile('/tmp/a', Buffer.alloc(100));
  container.discard();
  assert.equal(space.used, 100);
  files.makeFolder('/d');
  files.writeFile('/d/c', Buffer.alloc(900));
  files.remove('/d');
  assert.equal(space.used, 100);
});
