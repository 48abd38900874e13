import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompactedError, FutureRevisionError, type StoredValue } from '../../src/control-plane/storage/storage.ts';
import { seededRandom } from '../../src/system/random.ts';
import { bytes, type OpenStorage, put, storageTests, text } from './storage-fixture.ts';

/** Reads, writes, the past and compaction. */
export function testStorageData(open: OpenStorage): void {
  const withStorage = storageTests(open);

  void test(
    'keeps what was written, with its revisions',
    withStorage(async (storage) => {
      const first = await put(storage, '/a', 'one');
      const second = await put(storage, '/a', 'two', first);
      assert.equal(second, first + 1);
      const stored = await storage.get('/a');
      assert.equal(text(stored?.value), 'two');
      assert.equal(stored?.createRevision, first);
      assert.equal(stored?.modRevision, second);
      assert.equal(storage.currentRevision(), second);
      assert.equal(await storage.get('/b'), undefined);
    }),
  );

  void test(
    'refuses a write at the wrong revision and tells what is there',
    withStorage(async (storage) => {
      const revision = await put(storage, '/a', 'one');
      for (const expected of [0, revision + 1]) {
        const result = await storage.put('/a', bytes('x'), expected);
        assert.equal(result.ok, false);
        assert.equal(result.ok ? '' : text(result.current?.value), 'one');
      }
      const missing = await storage.put('/b', bytes('x'), 7);
      assert.deepEqual(missing, { ok: false, current: undefined });
      assert.equal(storage.currentRevision(), revision);
    }),
  );

  void test(
    'lets exactly one of many parallel writers win',
    withStorage(async (storage) => {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) => storage.put('/race', bytes(`${index}`), 0)),
      );
      assert.equal(results.filter((result) => result.ok).length, 1);
      const winner = results.findIndex((result) => result.ok);
      assert.equal(text((await storage.get('/race'))?.value), `${winner}`);
      for (const result of results) if (!result.ok) assert.equal(text(result.current?.value), `${winner}`);
    }),
  );

  void test(
    'deletes, and a key made again starts anew',
    withStorage(async (storage) => {
      const created = await put(storage, '/a', 'one');
      assert.equal((await storage.delete('/a', created + 5)).ok, false);
      assert.equal((await storage.delete('/a', created)).ok, true);
      assert.equal(await storage.get('/a'), undefined);
      const again = await put(storage, '/a', 'two');
      assert.equal((await storage.get('/a'))?.createRevision, again);
    }),
  );

  void test(
    'reads ranges in order, with limit, start and what remains',
    withStorage(async (storage) => {
      for (const key of ['/p/c', '/p/a', '/q/a', '/p/b', '/p', '/p/ä']) await put(storage, key, key);
      const all = await storage.range('/p/');
      assert.deepEqual(
        all.values.map((value) => value.key),
        ['/p/a', '/p/b', '/p/c', '/p/ä'],
      );
      const page = await storage.range('/p/', { limit: 2 });
      assert.deepEqual(
        page.values.map((value) => value.key),
        ['/p/a', '/p/b'],
      );
      assert.equal(page.remaining, 2);
      const next = await storage.range('/p/', { limit: 2, startKey: '/p/b\0' });
      assert.deepEqual(
        next.values.map((value) => value.key),
        ['/p/c', '/p/ä'],
      );
      assert.equal(await storage.count('/p/'), 4);
    }),
  );

  void test(
    'reads the past',
    withStorage(async (storage) => {
      const first = await put(storage, '/p/a', 'a1');
      const second = await put(storage, '/p/b', 'b1');
      await put(storage, '/p/a', 'a2', first);
      await storage.delete('/p/b', second);
      await put(storage, '/p/c', 'c1');
      const then = await storage.range('/p/', { revision: second });
      assert.deepEqual(
        then.values.map((value) => [value.key, text(value.value), value.modRevision]),
        [
          ['/p/a', 'a1', first],
          ['/p/b', 'b1', second],
        ],
      );
      assert.equal(then.revision, second);
      await assert.rejects(storage.range('/p/', { revision: 99_999 }), FutureRevisionError);
    }),
  );

  void test(
    'keeps bytes as they are',
    withStorage(async (storage) => {
      const value = Uint8Array.from({ length: 256 }, (_, index) => index);
      await storage.put('/bin', value, 0);
      assert.deepEqual([...((await storage.get('/bin'))?.value ?? [])], [...value]);
    }),
  );

  void test(
    'a deletion of what is not there changes nothing',
    withStorage(async (storage) => {
      const before = storage.currentRevision();
      assert.deepEqual(await storage.delete('/none', 0), { ok: true, revision: before });
      assert.deepEqual(await storage.delete('/none', 4), { ok: false, current: undefined });
      assert.equal(storage.currentRevision(), before);
    }),
  );

  void test(
    'a prefix is no more and no less than a prefix',
    withStorage(async (storage) => {
      for (const key of ['/p', '/p/', '/p/a', '/p/a/b', '/p/ab', '/p0', '/o', '/q']) await put(storage, key, '');
      const keys = async (prefix: string, startKey?: string): Promise<string[]> =>
        (await storage.range(prefix, startKey === undefined ? {} : { startKey })).values.map((value) => value.key);
      assert.deepEqual(await keys('/p/'), ['/p/', '/p/a', '/p/a/b', '/p/ab']);
      assert.deepEqual(await keys('/p/a'), ['/p/a', '/p/a/b', '/p/ab']);
      assert.deepEqual(await keys('/p'), ['/p', '/p/', '/p/a', '/p/a/b', '/p/ab', '/p0']);
      assert.deepEqual(await keys('/p/', '/o'), ['/p/', '/p/a', '/p/a/b', '/p/ab'], 'a start before the prefix');
      assert.deepEqual(await keys('/p/', '/p0'), [], 'a start behind the prefix');
      assert.deepEqual(await keys('/zzz'), []);
      assert.equal((await keys('')).length, 8);
      assert.equal(await storage.count(''), 8);
      assert.equal(await storage.count('/p0/'), 0);
    }),
  );

  void test(
    'keys may be any text and are in the order of their bytes',
    withStorage(async (storage) => {
      const keys = ['/u/z', '/u/\u{1f600}', '/u/\uffee', '/u/ä', '/u/\u{10000}x', '/u/日本', '/u/é/x'];
      for (const key of keys) await put(storage, key, key);
      const sorted = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      const found = await storage.range('/u/');
      assert.deepEqual(
        found.values.map((value) => value.key),
        sorted,
      );
      for (const key of keys) assert.equal(text((await storage.get(key))?.value), key);
      await assert.rejects(storage.put('/u/\ud800', bytes('x'), 0), TypeError);
    }),
  );

  void test(
    'every past revision reads as it was, whole or in pages',
    withStorage(async (storage) => {
      const random = seededRandom(11);
      const pick = (count: number): number => Math.floor(random.next() * count);
      const model = new Map<string, number>();
      const snapshots = new Map<number, Map<string, number>>([[storage.currentRevision(), new Map()]]);
      for (let step = 0; step < 200; step++) {
        const key = `/${'pq'[pick(2)] ?? ''}/${pick(25)}`;
        const at = model.get(key) ?? 0;
        const result =
          at > 0 && random.next() < 0.4 ? await storage.delete(key, at) : await storage.put(key, bytes(`${step}`), at);
        assert.ok(result.ok);
        const stored = await storage.get(key);
        if (stored === undefined) model.delete(key);
        else model.set(key, stored.modRevision);
        snapshots.set(result.revision, new Map(model));
      }
      for (const [revision, snapshot] of snapshots) {
        const prefix = ['/p/', '/q/', '/', '/p/1'][pick(4)] ?? '';
        const startKey = `/p/${pick(25)}`;
        const expected = [...snapshot]
          .filter(([key]) => key.startsWith(prefix) && key >= startKey)
          .sort(([left], [right]) => (left < right ? -1 : 1));
        const limit = pick(12);
        const page = await storage.range(prefix, { revision, startKey, limit });
        const pairs = (values: readonly StoredValue[]): [string, number][] =>
          values.map((value) => [value.key, value.modRevision]);
        assert.deepEqual(pairs(page.values), expected.slice(0, limit), `${prefix} from ${startKey} at ${revision}`);
        assert.equal(page.remaining, Math.max(0, expected.length - limit));
        assert.equal(page.revision, revision);
        const whole = await storage.range(prefix, { revision, startKey });
        assert.deepEqual(pairs(whole.values), expected);
      }
    }),
  );

  void test(
    'compaction refuses the future, takes the past twice, and keeps what is there',
    withStorage(async (storage) => {
      for (const key of ['/c/1', '/c/2', '/c/3']) await put(storage, key, key);
      const gone = await storage.get('/c/2');
      await storage.delete('/c/2', gone?.modRevision ?? 0);
      const now = storage.currentRevision();
      await assert.rejects(storage.compact(now + 1), FutureRevisionError);
      await storage.compact(now);
      await storage.compact(now - 1);
      await storage.compact(now);
      const left = await storage.range('/c/', { revision: now });
      assert.deepEqual(
        left.values.map((value) => value.key),
        ['/c/1', '/c/3'],
      );
      await assert.rejects(
        storage.range('/c/', { revision: now - 1 }),
        (error) => error instanceof CompactedError && error.compactRevision === now,
      );
      assert.equal(await put(storage, '/c/2', 'again'), now + 1);
    }),
  );
}
