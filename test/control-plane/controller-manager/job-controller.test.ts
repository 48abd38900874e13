import assert from 'node:assert/strict';
import test from 'node:test';
import type { Job } from '../../../src/api/types/batch-v1.ts';
import {
  byText,
  createControllerHarness,
  podTemplate,
  type ControllerHarness,
} from '../../support/controller-harness.ts';

const jobs = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

async function withJob(
  spec: Record<string, unknown>,
  fate: ControllerHarness['fate'],
  body: (harness: ControllerHarness) => Promise<void>,
): Promise<void> {
  const harness = await createControllerHarness('job-controller');
  harness.fate = fate;
  try {
    await harness.api.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'sum', namespace: 'default' },
      spec: { template: podTemplate('sum:1', 'Never'), ...spec },
    });
    await harness.converge();
    await body(harness);
  } finally {
    await harness.close();
  }
}

async function conditions(harness: ControllerHarness): Promise<string[]> {
  const { status } = await harness.get<Job>(jobs, 'sum');
  return (status?.conditions ?? []).map(({ type, status: value, reason }) => `${type} ${value} ${reason ?? ''}`);
}

test('a job completes when its pod has succeeded', async () => {
  await withJob(
    {},
    () => 'Succeeded',
    async (harness) => {
      assert.deepEqual(await conditions(harness), [
        'SuccessCriteriaMet True CompletionsReached',
        'Complete True CompletionsReached',
      ]);
      const { status } = await harness.get<Job>(jobs, 'sum');
      assert.equal(status?.succeeded, 1);
      assert.equal(status?.active, undefined);
      assert.ok(status?.startTime !== undefined && status.completionTime !== undefined);
      assert.ok((await harness.events()).includes('Completed: Job completed'));
    },
  );
});

test('completions are reached with no more pods at once than parallelism', async () => {
  let most = 0;
  await withJob(
    { completions: 5, parallelism: 2 },
    () => 'Running',
    async (harness) => {
      for (let round = 0; round < 10; round++) {
        const running = (await harness.pods()).filter((pod) => pod.status?.phase === 'Running');
        most = Math.max(most, running.length);
        const [first] = running;
        if (first === undefined) break;
        harness.fate = (pod) =>
          pod.metadata.name === first.metadata.name || pod.status?.phase === 'Succeeded' ? 'Succeeded' : 'Running';
        await harness.converge();
      }
      assert.equal(most, 2);
      assert.equal((await harness.get<Job>(jobs, 'sum')).status?.succeeded, 5);
      assert.ok((await conditions(harness)).includes('Complete True CompletionsReached'));
    },
  );
});

test('Indexed: each index has one pod', async () => {
  const spec = { completions: 3, parallelism: 3, completionMode: 'Indexed' };
  await withJob(
    spec,
    () => 'Succeeded',
    async (harness) => {
      const found = (await harness.pods()).map((pod) => pod.metadata.annotations?.[indexAnnotation] ?? '');
      assert.deepEqual(found.toSorted(byText), ['0', '1', '2']);
      assert.equal((await harness.get<Job>(jobs, 'sum')).status?.completedIndexes, '0-2');
    },
  );
});

test('a failed pod is tried again after a while, up to the limit', async () => {
  await withJob(
    { backoffLimit: 1 },
    () => 'Failed',
    async (harness) => {
      assert.equal((await harness.pods()).length, 1);
      await harness.clock.advance(11_000);
      await harness.converge();
      assert.equal((await harness.pods()).length, 2);
      assert.deepEqual(await conditions(harness), [
        'FailureTarget True BackoffLimitExceeded',
        'Failed True BackoffLimitExceeded',
      ]);
      const said = 'BackoffLimitExceeded: Job has reached the specified backoff limit';
      assert.ok((await harness.events()).includes(said));
    },
  );
});

test('a job that runs longer than its deadline fails and loses its pods', async () => {
  await withJob(
    { activeDeadlineSeconds: 30 },
    () => 'Running',
    async (harness) => {
      assert.equal((await harness.pods()).length, 1);
      await harness.clock.advance(31_000);
      await harness.converge();
      assert.deepEqual(await harness.pods(), []);
      assert.ok((await conditions(harness)).includes('Failed True DeadlineExceeded'));
    },
  );
});

test('suspended, a job has no pods; resumed, it runs', async () => {
  await withJob(
    { suspend: true },
    () => 'Running',
    async (harness) => {
      assert.deepEqual(await harness.pods(), []);
      assert.deepEqual(await conditions(harness), ['Suspended True JobSuspended']);
      assert.equal((await harness.get<Job>(jobs, 'sum')).status?.startTime, undefined);
      await harness.patch(jobs, 'sum', { spec: { suspend: false } });
      await harness.converge();
      assert.equal((await harness.pods()).length, 1);
      assert.deepEqual(await conditions(harness), ['Suspended False JobResumed']);
      const events = await harness.events();
      assert.ok(events.includes('Suspended: Job suspended') && events.includes('Resumed: Job resumed'));
    },
  );
});

test('OnFailure: restarts count against the limit', async () => {
  const pods = { group: '', version: 'v1', resource: 'pods' } as const;
  const spec = { backoffLimit: 2, template: podTemplate('sum:1', 'OnFailure') };
  await withJob(
    spec,
    () => 'Running',
    async (harness) => {
      const name = (await harness.pods())[0]?.metadata.name ?? '';
      for (const [restartCount, ended] of [
        [1, false],
        [2, true],
      ] as const) {
        const containerStatuses = [{ name: 'main', image: 'sum:1', imageID: '', ready: true, restartCount }];
        await harness.api.client
          .resource(pods, 'default')
          .patch(name, 'application/merge-patch+json', { status: { containerStatuses } }, { subresource: 'status' });
        await harness.converge();
        assert.equal((await conditions(harness)).includes('Failed True BackoffLimitExceeded'), ended);
      }
    },
  );
});
