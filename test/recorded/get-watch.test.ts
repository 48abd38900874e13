import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { createCommandCluster } from '../support/command-cluster.ts';
import { repositoryRoot } from '../support/golden.ts';
import { removeAsIs, storeAsIs } from '../support/stored-objects.ts';

/** Standard output and standard error of the real kubectl by command line, beside a server where the same happened. */
const recorded = JSON.parse(readFileSync(join(repositoryRoot, 'test/recorded/get/watch.json'), 'utf8')) as Readonly<
  Record<string, readonly [string, string]>
>;

function pod(name: string, phase: string, labels: Readonly<Record<string, string>> = { app: 'x' }): Unstructured {
  const metadata = { name, namespace: 'default', uid: name, labels, creationTimestamp: '2026-11-01T10:00:00Z' };
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase } };
}

async function until(isReached: () => boolean): Promise<void> {
  for (let round = 0; round < 2000 && !isReached(); round++) await settle();
}

void test('a watch prints what the real kubectl printed of the same changes', async (context) => {
  for (const [command, [stdout, stderr]] of Object.entries(recorded)) {
    const clock = new FakeClock(Date.parse('2026-11-28T10:00:00Z'));
    const interrupt = new AbortController();
    const cluster = await createCommandCluster(context, {
      api: { clock },
      world: { clock, signal: interrupt.signal },
    });
    await storeAsIs(cluster.api, pod('a', 'Running'));
    await storeAsIs(cluster.api, pod('b', 'Pending'));
    let isDone = false;
    const outcome = cluster.run(...command.split(' ')).finally(() => {
      isDone = true;
    });
    const reads = (): number => cluster.requests.filter((request) => /\/(pods|nodes)(\?|$)/.test(request)).length;
    await until(() => isDone || reads() > 1);
    await storeAsIs(cluster.api, pod('a-much-longer-name', 'Pending'));
    await storeAsIs(cluster.api, pod('a', 'Succeeded'));
    await storeAsIs(cluster.api, pod('b', 'Running', { app: 'y' }));
    // The recording is of a pod that went in one step.
    await removeAsIs(cluster.api, pod('a', 'Succeeded'));
    await settle(200);
    interrupt.abort();
    const { stdout: printed, stderr: said } = await outcome;
    assert.deepEqual([printed.split('\n'), said], [stdout.split('\n'), stderr], command);
  }
});
