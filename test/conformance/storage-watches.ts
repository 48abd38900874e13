import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompactedError, type StorageEvent } from '../../src/control-plane/storage/storage.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { bytes, type OpenStorage, put, storageTests, text } from './storage-fixture.ts';

/** Watches, the order of changes, and expiry. */
export function testStorageWatches(open: OpenStorage): void {
  const withStorage = storageTests(open);

  void test(
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

  void test(
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

  void test(
    'a write sees those before it, durable or not, and revisions have no gaps',
    withStorage(async (storage) => {
      const start = storage.currentRevision();
      const seen: number[] = [];
      await storage.watch('/', start, {
        onEvents: (events) => void seen.push(...events.map((event) => event.revision)),
        onEnd() {},
      });
      // Without waiting: the second rests on the first, the third on the second.
      const chain = await Promise.all([
        storage.put('/a', bytes('1'), 0),
        storage.put('/a', bytes('2'), start + 1),
        storage.put('/a', bytes('lost'), start + 1),
        storage.delete('/a', start + 2),
        storage.put('/a', bytes('3'), 0),
        storage.put('/b', bytes('b'), 0),
      ]);
      assert.deepEqual(
        chain.map((result) => (result.ok ? result.revision : text(result.current?.value))),
        [start + 1, start + 2, '2', start + 3, start + 4, start + 5],
      );
      assert.deepEqual(seen, [start + 1, start + 2, start + 3, start + 4, start + 5]);
      assert.equal((await storage.get('/a'))?.createRevision, start + 4);
    }),
  );

  void test(
    'counters of many parallel writers lose nothing',
    withStorage(async (storage) => {
      const increment = async (): Promise<void> => {
        for (;;) {
          const stored = await storage.get('/counter');
          const next = Number(text(stored?.value) ?? 0) + 1;
          if ((await storage.put('/counter', bytes(`${next}`), stored?.modRevision ?? 0)).ok) return;
        }
      };
      await Promise.all(Array.from({ length: 30 }, increment));
      assert.equal(text((await storage.get('/counter'))?.value), '30');
    }),
  );

  void test(
    'watches that start while writes are under way miss nothing and see nothing twice',
    withStorage(async (storage) => {
      const start = storage.currentRevision();
      const all: number[][] = [];
      const open = async (): Promise<void> => {
        const seen: number[] = [];
        all.push(seen);
        await storage.watch('/w/', start, {
          onEvents: (events) => void seen.push(...events.map((event) => event.revision)),
          onEnd() {},
        });
      };
      const writes = Array.from({ length: 60 }, async (_, index) => {
        await put(storage, `/w/${index}`, 'x');
        await open();
      });
      await Promise.all(writes);
      const expected = Array.from({ length: 60 }, (_, index) => start + 1 + index);
      for (const seen of all) assert.deepEqual(seen, expected);
    }),
  );

  void test(
    'a watch from a revision to come starts with the one after it',
    withStorage(async (storage) => {
      const seen: string[] = [];
      await storage.watch('/f/', storage.currentRevision() + 2, {
        onEvents: (events) => void seen.push(...events.map((event) => event.key)),
        onEnd() {},
      });
      for (const key of ['/f/1', '/f/2', '/f/3', '/f/4']) await put(storage, key, '');
      assert.deepEqual(seen, ['/f/3', '/f/4']);
    }),
  );

  void test(
    'each of many watchers gets what its prefix covers, and no more after it closed',
    withStorage(async (storage) => {
      const prefixes = ['', '/', '/a', '/a/', '/a/x', '/a/x/', '/b/'];
      const seen = prefixes.map((): string[] => []);
      const start = storage.currentRevision();
      const watches = await Promise.all(
        prefixes.map((prefix, index) =>
          storage.watch(prefix, start, {
            onEvents: (events) => void seen[index]?.push(...events.map((event) => event.key)),
            onEnd() {},
          }),
        ),
      );
      const keys = ['/a', '/a/x', '/a/x/1', '/a/xy', '/ab', '/b/1'];
      for (const key of keys) await put(storage, key, '');
      for (const [index, prefix] of prefixes.entries()) {
        assert.deepEqual(
          seen[index],
          keys.filter((key) => key.startsWith(prefix)),
          `prefix '${prefix}'`,
        );
      }
      for (const watch of watches) watch.close();
      for (const watch of watches) watch.close();
      await put(storage, '/a/x/2', '');
      assert.equal(seen[0]?.length, keys.length);
    }),
  );

  void test(
    'handlers may write, close and open watches; others see all in order',
    withStorage(async (storage) => {
      const start = storage.currentRevision();
      const order: number[] = [];
      const late: number[] = [];
      const followed: Promise<unknown>[] = [];
      const first = await storage.watch('/h/', start, {
        onEvents: () => {
          first.close();
          followed.push(
            storage.put('/h/second', bytes('2'), 0),
            storage.watch('/h/', start, {
              onEvents: (events) => void late.push(...events.map((event) => event.revision)),
              onEnd() {},
            }),
          );
        },
        onEnd() {},
      });
      await storage.watch('/h/', start, {
        onEvents: (events) => void order.push(...events.map((event) => event.revision)),
        onEnd() {},
      });
      await put(storage, '/h/first', '1');
      await Promise.all(followed);
      assert.equal(followed.length, 2);
      assert.deepEqual(order, [start + 1, start + 2]);
      assert.deepEqual(late, [start + 1, start + 2]);
    }),
  );

  void test(
    'a handler that throws loses its watch, the others go on',
    withStorage(async (storage) => {
      const start = storage.currentRevision();
      const seen: string[] = [];
      let ended: Error | undefined;
      await storage.watch('/t/', start, {
        onEvents: () => {
          throw new Error('handler broke');
        },
        onEnd: (error) => {
          ended = error;
        },
      });
      await storage.watch('/t/', start, {
        onEvents: (events) => void seen.push(...events.map((event) => event.key)),
        onEnd() {},
      });
      await put(storage, '/t/1', '');
      await put(storage, '/t/2', '');
      assert.deepEqual(seen, ['/t/1', '/t/2']);
      assert.equal(ended?.message, 'handler broke');
    }),
  );

  void test(
    'a key with a time to live is deleted when it ends, unless it was written again',
    withStorage(async (storage, clock) => {
      const gone: string[] = [];
      let wake = (): void => {};
      await storage.watch('/ttl/', storage.currentRevision(), {
        onEvents: (events) => {
          for (const event of events) if (event.type === 'delete') gone.push(event.key);
          wake();
        },
        onEnd() {},
      });
      const untilGone = async (count: number): Promise<void> => {
        while (gone.length < count) await new Promise<void>((resolve) => (wake = resolve));
      };
      const ttl = (key: string, ttlSeconds: number) => storage.put(key, bytes(key), 0, { ttlSeconds });
      await ttl('/ttl/long', 30);
      await ttl('/ttl/short', 10);
      const kept = await ttl('/ttl/kept', 10);
      const renewed = await ttl('/ttl/renewed', 10);
      assert.ok(kept.ok && renewed.ok);
      await put(storage, '/ttl/kept', 'for ever', kept.revision);
      await clock.advance(5000);
      await storage.put('/ttl/renewed', bytes('later'), renewed.revision, { ttlSeconds: 10 });
      await clock.advance(5000);
      await untilGone(1);
      await clock.advance(5000);
      await untilGone(2);
      await clock.advance(15_000);
      await untilGone(3);
      assert.deepEqual(gone, ['/ttl/short', '/ttl/renewed', '/ttl/long']);
      assert.equal(text((await storage.get('/ttl/kept'))?.value), 'for ever');
      assert.equal(await storage.count('/ttl/'), 1);
    }),
  );

  void test('ends watches and refuses calls once it is closed', async () => {
    const storage = await open(new FakeClock());
    let ended = 0;
    await storage.watch('/p/', 0, { onEvents() {}, onEnd: () => void ended++ });
    await storage.close();
    assert.equal(ended, 1);
    await assert.rejects(storage.put('/a', bytes('x'), 0));
    await assert.rejects(storage.get('/a'));
  });
}
