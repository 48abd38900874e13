import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CompactedError,
  FutureRevisionError,
  type Storage,
  type StorageEvent,
} from '../../src/control-plane/storage/storage.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

async function put(storage: Storage, key: string, value: string, expected = 0): Promise<number> {
  const result = await storage.put(key, bytes(value), expected);
  assert.ok(result.ok, `${key} was not at revision ${expected}`);
  return result.revision;
}

/** What every implementation of Storage must do. */
export function describeStorage(name: string, open: () => Promise<Storage>): void {
  describe(`storage: ${name}`, () => {
    const withStorage = (body: (storage: Storage) => Promise<void>) => async () => {
      const storage = await open();
      try {
        await body(storage);
      } finally {
        await storage.close();
      }
    };

    test(
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

    test(
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

    test(
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

    test(
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

    test(
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

    test(
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

    test(
      'watches from the past without a gap and goes on live',
      withStorage(async (storage) => {
        const first = await put(storage, '/p/a', 'a1');
        const seen: StorageEvent[] = [];
        const watch = await storage.watch('/p/', first, {
          onEvents: (events) => void seen.push(...events),
          onEnd() {},
        });
        const early: StorageEvent[] = [];
        await storage.watch('/p/', 0, { onEvents: (events) => void early.push(...events), onEnd() {} });
        const second = await put(storage, '/p/a', 'a2', first);
        await put(storage, '/q/x', 'x');
        await storage.delete('/p/a', second);
        assert.deepEqual(
          seen.map((event) => [event.type, event.key, text(event.current?.value), text(event.previous?.value)]),
          [
            ['put', '/p/a', 'a2', 'a1'],
            ['delete', '/p/a', undefined, 'a2'],
          ],
        );
        assert.equal(early.length, 3);
        assert.deepEqual(
          early.map((event) => event.revision),
          early.map((event) => event.revision).toSorted((left, right) => left - right),
        );
        watch.close();
        await put(storage, '/p/b', 'b');
        assert.equal(seen.length, 2);
        assert.equal(early.length, 4);
      }),
    );

    test(
      'compacts: older reads and watches are refused, newer ones go on',
      withStorage(async (storage) => {
        const first = await put(storage, '/p/a', 'a1');
        const second = await put(storage, '/p/a', 'a2', first);
        const third = await put(storage, '/p/a', 'a3', second);
        await storage.compact(second);
        await assert.rejects(storage.range('/p/', { revision: first }), CompactedError);
        const handlers = { onEvents() {}, onEnd() {} };
        await assert.rejects(storage.watch('/p/', first, handlers), CompactedError);
        assert.equal(text((await storage.range('/p/', { revision: second })).values[0]?.value), 'a2');
        const seen: number[] = [];
        await storage.watch('/p/', second, {
          onEvents: (events) => void seen.push(...events.map((event) => event.revision)),
          onEnd() {},
        });
        assert.deepEqual(seen, [third]);
      }),
    );

    test(
      'keeps bytes as they are',
      withStorage(async (storage) => {
        const value = Uint8Array.from({ length: 256 }, (_, index) => index);
        await storage.put('/bin', value, 0);
        assert.deepEqual([...((await storage.get('/bin'))?.value ?? [])], [...value]);
      }),
    );

    test('ends watches and refuses calls once it is closed', async () => {
      const storage = await open();
      let ended = 0;
      await storage.watch('/p/', 0, { onEvents() {}, onEnd: () => void ended++ });
      await storage.close();
      assert.equal(ended, 1);
      await assert.rejects(storage.put('/a', bytes('x'), 0));
      await assert.rejects(storage.get('/a'));
    });
  });
}
