import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { build } from 'esbuild';
import {
  openEmbeddedStorage,
  openOnLevel,
  StorageOpenError,
} from '../../../src/control-plane/storage/embedded-storage.ts';
import type { LevelOperation, LevelStore } from '../../../src/control-plane/storage/level-persister.ts';
import { createMemoryStorage } from '../../../src/control-plane/storage/memory-storage.ts';
import { CompactedError, StorageWriteError } from '../../../src/control-plane/storage/storage.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { describeStorage } from '../../conformance/storage-conformance.ts';
import { repositoryRoot } from '../../support/golden.ts';

const folders: string[] = [];
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-ts-storage-'));
  folders.push(folder);
  return folder;
}
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describeStorage('memory', async (clock) => createMemoryStorage({ clock }));
describeStorage('embedded', async (clock) => openEmbeddedStorage(await temporaryFolder(), { clock }));

const text = (value: { readonly value: Uint8Array } | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value.value).toString();

void test('embedded: starts again where it was, watches resume', async () => {
  const folder = await temporaryFolder();
  const first = await openEmbeddedStorage(folder);
  const created = await first.put('/a', Buffer.from('one'), 0);
  assert.ok(created.ok);
  const updated = await first.put('/a', Buffer.from('two'), created.revision);
  await first.put('/b', Buffer.from('b'), 0);
  assert.ok(updated.ok);
  await first.close();

  const second = await openEmbeddedStorage(folder);
  assert.equal(second.currentRevision(), updated.revision + 1);
  assert.equal(Buffer.from((await second.get('/a'))?.value ?? []).toString(), 'two');
  const seen: string[] = [];
  await second.watch('/', created.revision, {
    onEvents: (events) => void seen.push(...events.map((event) => `${event.key} ${event.revision}`)),
    onEnd() {},
  });
  assert.deepEqual(seen, [`/a ${updated.revision}`, `/b ${updated.revision + 1}`]);
  const past = await second.range('/', { revision: created.revision });
  assert.equal(Buffer.from(past.values[0]?.value ?? []).toString(), 'one');
  await second.close();
});

void test('embedded: a second opener is told whose directory it is', async () => {
  const folder = await temporaryFolder();
  const storage = await openEmbeddedStorage(folder);
  await assert.rejects(
    openEmbeddedStorage(folder),
    (error) => error instanceof StorageOpenError && error.message.includes(folder) && /in use/.test(error.message),
  );
  await storage.close();
});

void test('embedded: a damaged directory gives a clear error', async () => {
  const folder = await temporaryFolder();
  const storage = await openEmbeddedStorage(folder);
  await storage.put('/a', Buffer.from('x'), 0);
  await storage.close();
  await writeFile(join(folder, 'CURRENT'), 'nonsense');
  await assert.rejects(openEmbeddedStorage(folder), StorageOpenError);
});

/** A disk: what is in it, and how it fails. */
class FailingDisk {
  readonly rows = new Map<string, Uint8Array>();
  batches: number[] = [];
  opened = 0;
  /** Batches fail: before anything is written, after everything is, or not at all. */
  failing: 'no' | 'before' | 'after' = 'no';
  cannotOpen = false;

  async open(): Promise<LevelStore> {
    if (this.cannotOpen) throw new Error('no space left on device');
    this.opened++;
    let isOpen = true;
    return {
      batch: async (operations) => {
        assert.ok(isOpen, 'a closed database is not written to');
        await this.#write(operations);
      },
      rows: async ({ gte, lt }) => {
        const [low, high] = [Buffer.from(gte).toString('hex'), Buffer.from(lt).toString('hex')];
        return [...this.rows]
          .filter(([key]) => key >= low && key < high)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .map(([key, value]) => [Buffer.from(key, 'hex'), value]);
      },
      close: async () => {
        isOpen = false;
      },
    };
  }

  async #write(operations: readonly LevelOperation[]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failing === 'before') throw new Error('no space left on device');
    this.batches.push(operations.length);
    for (const operation of operations) {
      const key = Buffer.from(operation.key).toString('hex');
      if (operation.type === 'put') this.rows.set(key, operation.value);
      else this.rows.delete(key);
    }
    if (this.failing === 'after') {
      this.failing = 'no';
      throw new Error('input/output error');
    }
  }
}

void test('embedded: a full disk refuses writes, loses nothing, and writes go on when there is space', async () => {
  const disk = new FailingDisk();
  const storage = await openOnLevel('test', () => disk.open());
  const first = await storage.put('/a', Buffer.from('one'), 0);
  assert.ok(first.ok);
  const seen: string[] = [];
  await storage.watch('/', first.revision, {
    onEvents: (events) => void seen.push(...events.map((event) => event.key)),
    onEnd() {},
  });
  disk.failing = 'before';
  disk.cannotOpen = true;
  for (let round = 0; round < 2; round++) {
    const failed = await Promise.allSettled([
      storage.put('/a', Buffer.from('two'), first.revision),
      storage.put('/a', Buffer.from('rests on two'), first.revision + 1),
      storage.put('/a', Buffer.from('lost against two'), first.revision),
      storage.put('/b', Buffer.from('b'), 0),
    ]);
    for (const result of failed) {
      assert.ok(result.status === 'rejected' && result.reason instanceof StorageWriteError);
      assert.match(result.reason.message, /storage in test cannot write \(no space left on device\)/);
    }
    assert.equal(text(await storage.get('/a')), 'one');
    assert.equal(await storage.get('/b'), undefined);
    assert.equal(storage.currentRevision(), first.revision);
  }
  const refused = await storage.put('/a', Buffer.from('x'), 99);
  assert.ok(!refused.ok && text(refused.current) === 'one', 'a write that loses anyway is told so');
  await assert.rejects(storage.compact(first.revision), StorageWriteError);
  disk.failing = 'no';
  disk.cannotOpen = false;
  const again = await storage.put('/a', Buffer.from('three'), first.revision);
  assert.ok(again.ok);
  assert.equal(again.revision, first.revision + 1);
  assert.deepEqual(seen, ['/a']);
  await storage.close();
});

void test('embedded: a refused write that reached the disk all the same is taken back', async () => {
  const disk = new FailingDisk();
  const storage = await openOnLevel('test', () => disk.open());
  const first = await storage.put('/a', Buffer.from('one'), 0);
  assert.ok(first.ok);
  disk.failing = 'after';
  await assert.rejects(storage.put('/a', Buffer.from('refused'), first.revision), /input\/output error/);
  assert.equal(disk.opened, 2);
  await storage.close();
  const restarted = await openOnLevel('test', () => disk.open());
  assert.equal(text(await restarted.get('/a')), 'one');
  assert.equal(restarted.currentRevision(), first.revision);
  await restarted.close();
});

void test('embedded: what another process wrote meanwhile is not touched', async () => {
  const disk = new FailingDisk();
  const storage = await openOnLevel('test', () => disk.open());
  disk.failing = 'before';
  disk.cannotOpen = true;
  await assert.rejects(storage.put('/mine', Buffer.from('x'), 0));
  disk.failing = 'no';
  disk.cannotOpen = false;
  const other = await openOnLevel('test', () => disk.open());
  await other.put('/theirs', Buffer.from('y'), 0);
  await other.close();
  await assert.rejects(storage.put('/mine', Buffer.from('x'), 0), /another process has written/);
  await storage.close();
  const third = await openOnLevel('test', () => disk.open());
  assert.equal(text(await third.get('/theirs')), 'y');
  await third.close();
});

void test('embedded: writes that come during a sync share the next one', async () => {
  const disk = new FailingDisk();
  const storage = await openOnLevel('test', () => disk.open());
  disk.batches = [];
  const first = storage.put('/0', Buffer.from('x'), 0);
  await Promise.resolve();
  await Promise.all([first, ...Array.from({ length: 50 }, (_, n) => storage.put(`/k${n}`, Buffer.from('x'), 0))]);
  assert.deepEqual(disk.batches, [1, 50]);
  await storage.close();
});

void test('embedded: closing waits for the writes that were accepted', async () => {
  const disk = new FailingDisk();
  const storage = await openOnLevel('test', () => disk.open());
  const writes = Array.from({ length: 5 }, (_, n) => storage.put(`/k${n}`, Buffer.from('x'), 0));
  await Promise.resolve();
  writes.push(storage.put('/late', Buffer.from('x'), 0));
  const closed = storage.close();
  await assert.rejects(storage.put('/too-late', Buffer.from('x'), 0), /closed/);
  await closed;
  assert.ok((await Promise.all(writes)).every((result) => result.ok));
});

void test('embedded: a compacted store keeps the newest values, the history after it, and no more', async () => {
  const disk = new FailingDisk();
  const clock = new FakeClock();
  const storage = await openOnLevel('test', () => disk.open(), { clock });
  let at = 0;
  for (let round = 0; round < 10; round++) {
    const result = await storage.put('/often', Buffer.from(`${round}`), at);
    assert.ok(result.ok);
    at = result.revision;
  }
  const brief = await storage.put('/brief', Buffer.from('x'), 0);
  assert.ok(brief.ok && (await storage.delete('/brief', brief.revision)).ok);
  await storage.put('/expires', Buffer.from('x'), 0, { ttlSeconds: 60 });
  const compacted = storage.currentRevision();
  await storage.compact(compacted);
  // Format, compact revision, /often, /expires.
  assert.equal(disk.rows.size, 4);
  const after = await storage.put('/often', Buffer.from('after'), at);
  assert.ok(after.ok);
  await storage.close();

  await clock.advance(61_000);
  const restarted = await openOnLevel('test', () => disk.open(), { clock });
  const events: (string | undefined)[] = [];
  await restarted.watch('/often', compacted, {
    onEvents: (list) => void events.push(...list.flatMap((event) => [text(event.previous), text(event.current)])),
    onEnd() {},
  });
  assert.deepEqual(events, ['9', 'after']);
  await assert.rejects(restarted.watch('/', compacted - 1, { onEvents() {}, onEnd() {} }), CompactedError);
  const expired = new Promise<string>((resolve) => {
    void restarted.watch('/expires', after.revision, {
      onEvents: (list) => resolve(list[0]?.type ?? ''),
      onEnd() {},
    });
  });
  await clock.advance(1000);
  assert.equal(await expired, 'delete', 'what ended while the store was closed ends now');
  // Compacted again, the deletion itself goes, and the revision stays.
  const last = restarted.currentRevision();
  await restarted.compact(last);
  await restarted.close();
  assert.equal(disk.rows.size, 3);
  const third = await openOnLevel('test', () => disk.open(), { clock });
  assert.equal(third.currentRevision(), last);
  await third.close();
});

void test('embedded: damage inside the database and other formats are named', async () => {
  const fill = async (): Promise<FailingDisk> => {
    const disk = new FailingDisk();
    const storage = await openOnLevel('/data/here', () => disk.open());
    for (const key of ['/a', '/b', '/c']) await storage.put(key, Buffer.from(key), 0);
    await storage.close();
    return disk;
  };
  const rowOf = (disk: FailingDisk, revision: number): string =>
    [...disk.rows.keys()].find((key) => key.startsWith('72') && Number.parseInt(key.slice(2), 16) === revision) ?? '';
  const cases: [string, (disk: FailingDisk) => unknown, RegExp][] = [
    ['a changed byte', (disk) => disk.rows.get(rowOf(disk, 3))?.set([1], 20), /damaged \(the change after revision 2/],
    [
      'a missing change',
      (disk) => void disk.rows.delete(rowOf(disk, 3)),
      /damaged \(the change of revision 3 is missing/,
    ],
    ['no format', (disk) => void disk.rows.delete(Buffer.from('m/format').toString('hex')), /format number is missing/],
    ['a newer format', (disk) => disk.rows.get(Buffer.from('m/format').toString('hex'))?.set([9], 7), /has format 9/],
  ];
  for (const [name, damage, message] of cases) {
    const disk = await fill();
    damage(disk);
    await assert.rejects(
      openOnLevel('/data/here', () => disk.open()),
      (error) =>
        error instanceof StorageOpenError && error.message.includes('/data/here') && message.test(error.message),
      name,
    );
  }
});

void test('embedded: a directory that lost its CURRENT file is not taken for a new one', async () => {
  const folder = await temporaryFolder();
  const storage = await openEmbeddedStorage(folder);
  await storage.put('/a', Buffer.from('x'), 0);
  await storage.close();
  await rm(join(folder, 'CURRENT'));
  await assert.rejects(openEmbeddedStorage(folder), /CURRENT is missing/);
});

void test('embedded: every acknowledged write is there after kill -9', async () => {
  const folder = await temporaryFolder();
  await build({
    stdin: {
      contents: `
        import { openEmbeddedStorage } from ${JSON.stringify(
          join(repositoryRoot, 'src/control-plane/storage/embedded-storage.ts'),
        )};
        const storage = await openEmbeddedStorage(process.argv[2]);
        const write = async (worker) => {
          let at = 0;
          for (let index = 0; ; index++) {
            const value = (worker + '.' + index + ' ').repeat(50);
            // One key that is written again and again, one that is new each time, and now and then a deletion.
            const own = index % 10 === 9 ? storage.delete('/own/' + worker, at) : storage.put('/own/' + worker, Buffer.from(value), at);
            const fresh = storage.put('/new/' + worker + '/' + index, Buffer.from(value), 0);
            const [first, second] = await Promise.all([own, fresh]);
            process.stdout.write(first.revision + ' ' + worker + '.' + index + '\\n' + second.revision + ' ' + worker + '.' + index + '\\n');
            at = index % 10 === 9 ? 0 : first.revision;
          }
        };
        for (let worker = 0; worker < 16; worker++) void write(worker);
      `,
      resolveDir: repositoryRoot,
    },
    outfile: join(repositoryRoot, `.build-writer-${process.pid}.mjs`),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  const built = join(repositoryRoot, `.build-writer-${process.pid}.mjs`);
  const acknowledged: string[] = [];
  try {
    const child = spawn(process.execPath, [built, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === 10) {
        await assert.rejects(openEmbeddedStorage(folder), /in use by another process/);
      }
      if (acknowledged.length === 1000) child.kill('SIGKILL');
    }
    await exited;
  } finally {
    await rm(built, { force: true });
  }
  assert.ok(acknowledged.length >= 1000);
  const storage = await openEmbeddedStorage(folder);
  const history = new Map<number, string>();
  await storage.watch('/', 0, {
    onEvents: (events) => {
      for (const event of events) history.set(event.revision, text(event.current) ?? 'deleted');
    },
    onEnd() {},
  });
  assert.deepEqual(
    [...history.keys()],
    Array.from({ length: history.size }, (_, index) => index + 2),
    'no gaps',
  );
  for (const line of acknowledged) {
    const [revision, value = ''] = line.split(' ');
    const stored = history.get(Number(revision));
    assert.ok(stored === 'deleted' ? value.endsWith('9') : stored === `${value} `.repeat(50), line);
  }
  await storage.close();
});
