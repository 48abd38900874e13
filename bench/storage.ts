// `npm run bench -- storage` runs this and prints the figures.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openEmbeddedStorage } from '../src/control-plane/storage/embedded-storage.ts';
import { createMemoryStorage } from '../src/control-plane/storage/memory-storage.ts';
import type { Storage } from '../src/control-plane/storage/storage.ts';

/** One figure of the storage benchmark. */
export interface StorageFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const valueBytes = 2048;

/**
 * Measures the embedded store on a temporary directory of this machine's disk: durable writes, reads, fan-out, start.
 * @param secondsPerStep how long each rate of writes is measured.
 */
export async function measureStorage(secondsPerStep = 2): Promise<StorageFigure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-ts-bench-'));
  try {
    const figures: StorageFigure[] = [];
    let storage = await openEmbeddedStorage(folder);
    for (const writers of [1, 64, 256]) {
      const value = await putsPerSecond(storage, writers, secondsPerStep);
      figures.push({ name: `durable puts of 2 KB, ${writers} in parallel`, value, unit: '/s' });
    }
    await storage.close();
    await rm(folder, { recursive: true });
    storage = await openEmbeddedStorage(folder);
    await fill(storage, '/registry/pods/default/', 10_000, valueBytes);
    await storage.close();
    const restart = await milliseconds(1, async () => {
      storage = await openEmbeddedStorage(folder);
    });
    figures.push({ name: 'opening 10,000 objects of 2 KB', value: restart, unit: 'ms' });
    await storage.close();
    return [...figures, ...(await measureMemory())];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureMemory(): Promise<StorageFigure[]> {
  const storage = createMemoryStorage();
  const filling = await milliseconds(1, () => fill(storage, '/registry/configmaps/default/', 95_000, 64));
  await fill(storage, '/registry/pods/default/', 5000, 64);
  const revision = storage.currentRevision();
  const range = await milliseconds(20, () => storage.range('/registry/pods/'));
  const page = await milliseconds(200, () => storage.range('/registry/configmaps/', { limit: 500 }));
  await fill(storage, '/registry/leases/', 1000, 64);
  const past = await milliseconds(20, () => storage.range('/registry/pods/', { revision }));
  let delivered = 0;
  const handlers = { onEvents: () => void delivered++, onEnd() {} };
  for (let watcher = 0; watcher < 1000; watcher++) {
    await storage.watch('/registry/pods/', storage.currentRevision(), handlers);
    await storage.watch(`/registry/secrets/ns-${watcher}/`, storage.currentRevision(), handlers);
  }
  const fanOut = await milliseconds(1, () => fill(storage, '/registry/pods/kube-system/', 1000, 64));
  if (delivered !== 1_000_000) throw new Error(`watchers got ${delivered} events instead of 1,000,000`);
  const unwatched = await milliseconds(1, () => fill(storage, '/registry/services/', 1000, 64));
  await storage.close();
  return [
    { name: 'filling 95,000 keys in memory', value: filling, unit: 'ms' },
    { name: 'range of 5,000 among 100,000 keys', value: range, unit: 'ms' },
    { name: 'page of 500 of 95,000, with what remains', value: page, unit: 'ms' },
    { name: 'range of 5,000, 1,000 revisions ago', value: past, unit: 'ms' },
    { name: 'one write to 1,000 watchers', value: fanOut / 1000, unit: 'ms' },
    { name: 'one write beside 2,000 watchers of other prefixes', value: unwatched / 1000, unit: 'ms' },
  ];
}

async function putsPerSecond(storage: Storage, writers: number, seconds: number): Promise<number> {
  const started = performance.now();
  const end = started + seconds * 1000;
  let written = 0;
  const write = async (writer: number): Promise<void> => {
    for (let index = 0; performance.now() < end; index++) {
      await storage.put(`/bench/${writers}/${writer}/${index}`, new Uint8Array(valueBytes).fill(index), 0);
      written++;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return (written / (performance.now() - started)) * 1000;
}

async function fill(storage: Storage, prefix: string, count: number, size: number): Promise<void> {
  const writes: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++) {
    writes.push(storage.put(`${prefix}object-${index}`, new Uint8Array(size).fill(index), 0));
  }
  await Promise.all(writes);
}

/** Mean of some runs. */
async function milliseconds(runs: number, body: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let run = 0; run < runs; run++) await body();
  return (performance.now() - started) / runs;
}
