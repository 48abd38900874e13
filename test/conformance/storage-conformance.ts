import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CompactedError,
  FutureRevisionError,
  type Storage,
  type StorageEvent,
  type StoredValue,
} from '../../src/control-plane/storage/storage.ts';
import type { Clock } from '../../src/system/clock.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { seededRandom } from '../../src/system/random.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

async function put(storage: Storage, key: string, value: string, expected = 0): Promise<number> {
  const result = await storage.put(key, bytes(value), expected);
  assert.ok(result.ok, `${key} was not at revision ${expected}`);
  return result.revision;
}

/**
 * What every implementation of Storage must do.
 * @param open an empty store; the clock is what its keys expire by.
 */
export function describeStorage(name: string, open: (clock: Clock) => Promise<Storage>): void {
  void describe(`storage: ${name}`, () => {
    const withStorage = (body: (storage: Storage, clock: FakeClock) => Promise<void>) => async () => {
      const clock = new FakeClock();
      const storage = await open(clock);
      try {
        await body(storage, clock);
      } finally {
        await storage.close();
      }
    };

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
      'keeps bytes as they are',
      withStorage(async (storage) => {
        const value = Uint8Array.from({ length: 256 }, (_, index) => index);
        await storage.put('/bin', value, 0);
        assert.deepEqual([...((await storage.get('/bin'))?.value ?? [])], [...value]);
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
            at > 0 && random.next() < 0.4
              ? await storage.delete(key, at)
              : await storage.put(key, bytes(`${step}`), at);
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
  });
}
