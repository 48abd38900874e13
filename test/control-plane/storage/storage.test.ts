import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { build } from 'esbuild';
import {
  type LevelOperation,
  type LevelStore,
  openEmbeddedStorage,
  openOnLevel,
  StorageOpenError,
} from '../../../src/control-plane/storage/embedded-storage.ts';
import { createMemoryStorage } from '../../../src/control-plane/storage/memory-storage.ts';
import { SortedKeys } from '../../../src/control-plane/storage/sorted-keys.ts';
import { seededRandom } from '../../../src/system/random.ts';
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

describeStorage('memory', async () => createMemoryStorage());
describeStorage('embedded', async () => openEmbeddedStorage(await temporaryFolder()));

test('sorted keys agree with a sorted array', () => {
  const random = seededRandom(7);
  const keys = new SortedKeys();
  const expected = new Set<string>();
  for (let step = 0; step < 5000; step++) {
    const key = `/k/${Math.floor(random.next() * 2000)}`;
    if (random.next() < 0.6) {
      keys.add(key);
      expected.add(key);
    } else {
      keys.remove(key);
      expected.delete(key);
    }
  }
  const sorted = [...expected].sort();
  assert.deepEqual([...keys.from('')], sorted);
  assert.deepEqual(
    [...keys.from('/k/5')],
    sorted.filter((key) => key >= '/k/5'),
  );
  assert.equal(keys.size, expected.size);
});

test('embedded: starts again where it was, watches resume', async () => {
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

test('embedded: a second opener is told whose directory it is', async () => {
  const folder = await temporaryFolder();
  const storage = await openEmbeddedStorage(folder);
  await assert.rejects(
    openEmbeddedStorage(folder),
    (error) => error instanceof StorageOpenError && error.message.includes(folder) && /in use/.test(error.message),
  );
  await storage.close();
});

test('embedded: a damaged directory gives a clear error', async () => {
  const folder = await temporaryFolder();
  const storage = await openEmbeddedStorage(folder);
  await storage.put('/a', Buffer.from('x'), 0);
  await storage.close();
  await writeFile(join(folder, 'CURRENT'), 'nonsense');
  await assert.rejects(openEmbeddedStorage(folder), StorageOpenError);
});

/** Stands in for LevelDB and fails on demand. */
class FailingLevel implements LevelStore {
  readonly rows = new Map<string, Uint8Array>();
  failing = false;

  async batch(operations: readonly LevelOperation[]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failing) throw new Error('no space left on device');
    for (const operation of operations) {
      const key = Buffer.from(operation.key).toString('hex');
      if (operation.type === 'put') this.rows.set(key, operation.value);
      else this.rows.delete(key);
    }
  }

  iterator(options: { gte: Uint8Array; lt: Uint8Array }): { all(): Promise<[Uint8Array, Uint8Array][]> } {
    const low = Buffer.from(options.gte).toString('hex');
    const high = Buffer.from(options.lt).toString('hex');
    const rows = [...this.rows].filter(([key]) => key >= low && key < high).sort();
    return { all: async () => rows.map(([key, value]) => [Buffer.from(key, 'hex'), value]) };
  }

  async close(): Promise<void> {}
}

test('embedded: a full disk refuses writes, loses nothing, and writes go on when there is space', async () => {
  const level = new FailingLevel();
  const storage = await openOnLevel('test', level);
  const first = await storage.put('/a', Buffer.from('one'), 0);
  assert.ok(first.ok);
  level.failing = true;
  const failed = await Promise.allSettled([
    storage.put('/a', Buffer.from('two'), first.revision),
    storage.put('/b', Buffer.from('b'), 0),
  ]);
  assert.deepEqual(
    failed.map((result) => result.status),
    ['rejected', 'rejected'],
  );
  assert.equal(Buffer.from((await storage.get('/a'))?.value ?? []).toString(), 'one');
  assert.equal(await storage.get('/b'), undefined);
  level.failing = false;
  const again = await storage.put('/a', Buffer.from('three'), first.revision);
  assert.ok(again.ok);
  assert.equal(again.revision, first.revision + 1);
  await storage.close();
});

test('embedded: every acknowledged write is there after kill -9', async () => {
  const folder = await temporaryFolder();
  await build({
    stdin: {
      contents: `
        import { openEmbeddedStorage } from ${JSON.stringify(
          join(repositoryRoot, 'src/control-plane/storage/embedded-storage.ts'),
        )};
        const storage = await openEmbeddedStorage(process.argv[2]);
        const write = async (worker) => {
          for (let index = 0; ; index++) {
            const key = '/' + worker + '/' + index;
            await storage.put(key, Buffer.from(key.repeat(20)), 0);
            process.stdout.write(key + '\\n');
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
      if (acknowledged.length === 400) child.kill('SIGKILL');
    }
    await exited;
  } finally {
    await rm(built, { force: true });
  }
  assert.ok(acknowledged.length >= 400);
  const storage = await openEmbeddedStorage(folder);
  for (const key of acknowledged) {
    assert.equal(Buffer.from((await storage.get(key))?.value ?? []).toString(), key.repeat(20));
  }
  await storage.close();
});
