import assert from 'node:assert/strict';
import test from 'node:test';
import type { Job } from '../../../src/api/types/batch-v1.ts';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import { formatTime } from '../../../src/apimachinery/object-meta.ts';
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

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const tracking = 'batch.kubernetes.io/job-tracking';

/** Ends a pod as a kubelet tells it. */
async function end(harness: ControllerHarness, pod: Pod | undefined, exitCode: number): Promise<void> {
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
  const state = { terminated: { exitCode, finishedAt: formatTime(harness.clock.now()) } };
  const containerStatuses = [{ name: 'main', image: 'sum:1', imageID: '', ready: false, restartCount: 0, state }];
  await harness.api.client
    .resource(podsResource, 'default')
    .patch(
      pod?.metadata.name ?? '',
      'application/merge-patch+json',
      { status: { phase, containerStatuses } },
      { subresource: 'status' },
    );
  await harness.work();
}

function byIndex(pods: readonly Pod[], index: number): Pod | undefined {
  return pods.find(({ metadata, status }) => {
    return metadata.annotations?.[indexAnnotation] === `${index}` && status?.phase !== 'Failed';
  });
}

async function statusOf(harness: ControllerHarness): Promise<NonNullable<Job['status']>> {
  return (await harness.get<Job>(jobs, 'sum')).status ?? {};
}

const idle = (pod: Pod): 'Pending' | 'Succeeded' | 'Failed' =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' ? pod.status.phase : 'Pending';

test('pods are held by a finalizer until they are counted', async () => {
  await withJob({ completions: 2, parallelism: 2 }, idle, async (harness) => {
    const [first, second] = await harness.pods();
    assert.deepEqual(first?.metadata.finalizers, [tracking]);
    assert.deepEqual(second?.metadata.finalizers, [tracking]);
    assert.deepEqual(await statusOf(harness), {
      active: 2,
      ready: 0,
      startTime: '2026-01-01T00:00:00Z',
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    await end(harness, first, 0);
    const status = await statusOf(harness);
    assert.equal(status.succeeded, 1);
    assert.equal(status.active, 1);
    const kept = (await harness.pods()).find(({ metadata }) => metadata.name === first?.metadata.name);
    assert.equal(kept?.metadata.finalizers, undefined);
  });
});

test('what was noted and not counted is counted once', async () => {
  await withJob({ completions: 3, parallelism: 1, suspend: true }, idle, async (harness) => {
    // As if the controller had stopped between noting the pods, letting one go, and counting.
    const uncountedTerminatedPods = { succeeded: ['gone'], failed: ['gone-too'] };
    await harness.api.client
      .resource(jobs, 'default')
      .patch(
        'sum',
        'application/merge-patch+json',
        { status: { succeeded: 1, uncountedTerminatedPods } },
        { subresource: 'status' },
      );
    await harness.work();
    const status = await statusOf(harness);
    assert.equal(status.succeeded, 2);
    assert.equal(status.failed, 1);
    assert.deepEqual(status.uncountedTerminatedPods, {});
  });
});

test('a pod of a job that was deleted is let go', async () => {
  await withJob({}, idle, async (harness) => {
    await harness.api.client.resource(jobs, 'default').delete('sum', { propagationPolicy: 'Orphan' });
    const { metadata } = await harness.get<Job>(jobs, 'sum');
    assert.deepEqual(metadata.finalizers, ['orphan']);
    await harness.patch(jobs, 'sum', { metadata: { finalizers: null } });
    await harness.work();
    assert.deepEqual(
      (await harness.pods()).map((pod) => pod.metadata.finalizers),
      [undefined],
    );
  });
});

test('a pod without an owner that a job selects is adopted and held', async (context) => {
  const harness = await createControllerHarness('job-controller');
  context.after(() => harness.close());
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stray', labels: { app: 'web' } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'sum:1' }] },
  });
  const selector = { matchLabels: { app: 'web' } };
  await harness.api.create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'sum', namespace: 'default' },
    spec: { manualSelector: true, selector, template: podTemplate('sum:1', 'Never') },
  });
  await harness.work();
  assert.equal((await harness.pods()).length, 1);
  const stray = await harness.get<Pod>(podsResource, 'stray');
  assert.equal(stray.metadata.ownerReferences?.[0]?.kind, 'Job');
  assert.deepEqual(stray.metadata.finalizers, [tracking]);
});

test('jobs of another controller are left alone', async () => {
  await withJob({ managedBy: 'example.com/queue' }, idle, async (harness) => {
    assert.deepEqual(await harness.pods(), []);
    assert.equal((await statusOf(harness)).startTime, undefined);
  });
});

test('Indexed: pods know their index', async () => {
  await withJob({ completions: 2, parallelism: 2, completionMode: 'Indexed' }, idle, async (harness) => {
    const pod = byIndex(await harness.pods(), 1);
    assert.match(pod?.metadata.name ?? '', /^sum-1-[a-z0-9]{5}$/);
    assert.equal(pod?.spec?.hostname, 'sum-1');
    assert.equal(pod?.metadata.labels?.[indexAnnotation], '1');
    assert.deepEqual(
      pod?.spec?.containers[0]?.env?.map(({ name, valueFrom }) => [name, valueFrom?.fieldRef?.fieldPath]),
      [['JOB_COMPLETION_INDEX', `metadata.labels['${indexAnnotation}']`]],
    );
  });
});

const policy = {
  rules: [
    { action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42] } },
    { action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } },
  ],
};

test('podFailurePolicy: one exit code ends the job, whatever its limit', async () => {
  await withJob({ podFailurePolicy: policy, parallelism: 2, completions: 2 }, idle, async (harness) => {
    const [first] = await harness.pods();
    await end(harness, first, 42);
    const name = first?.metadata.name ?? '';
    await harness.converge();
    const { conditions: told = [], failed } = await statusOf(harness);
    const text = `Container main for pod default/${name} failed with exit code 42 matching FailJob rule at index 0`;
    assert.deepEqual(
      told.map(({ type, reason, message }) => [type, reason, message]),
      [
        ['FailureTarget', 'PodFailurePolicy', text],
        ['Failed', 'PodFailurePolicy', text],
      ],
    );
    // The one that was asked to end is lost as well.
    assert.equal(failed, 2);
    assert.ok((await harness.events()).includes(`PodFailurePolicy: ${text}`));
  });
});

test('podFailurePolicy: what is ignored does not count and is made again', async () => {
  await withJob({ podFailurePolicy: policy, backoffLimit: 0 }, idle, async (harness) => {
    const [first] = await harness.pods();
    await end(harness, first, 7);
    await harness.clock.advance(11_000);
    await harness.work();
    const status = await statusOf(harness);
    assert.equal(status.failed, undefined);
    assert.equal(status.active, 1);
    assert.equal((await harness.pods()).length, 2);
    assert.equal(status.conditions, undefined);
  });
});

test('successPolicy: the rest is ended when enough has succeeded', async () => {
  const successPolicy = { rules: [{ succeededIndexes: '0,2' }] };
  const spec = { completions: 3, parallelism: 3, completionMode: 'Indexed', successPolicy };
  await withJob(spec, idle, async (harness) => {
    await end(harness, byIndex(await harness.pods(), 0), 0);
    assert.equal((await statusOf(harness)).completedIndexes, '0');
    await end(harness, byIndex(await harness.pods(), 2), 0);
    await harness.converge();
    const status = await statusOf(harness);
    assert.equal(status.completedIndexes, '0,2');
    assert.equal(status.succeeded, 2);
    assert.equal(status.failed, undefined);
    assert.deepEqual(await conditions(harness), [
      'SuccessCriteriaMet True SuccessPolicy',
      'Complete True SuccessPolicy',
    ]);
    assert.equal(status.conditions?.[0]?.message, 'Matched rules at index 0');
  });
});

test('backoffLimitPerIndex: one index may fail and the others go on', async () => {
  const spec = { completions: 2, parallelism: 2, completionMode: 'Indexed', backoffLimitPerIndex: 1 };
  await withJob(spec, idle, async (harness) => {
    const counts = async (): Promise<string[]> =>
      (await harness.pods())
        .filter(({ status }) => status?.phase !== 'Failed')
        .map(({ metadata }) => {
          const failures = metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'] ?? '';
          return `${metadata.annotations?.[indexAnnotation] ?? ''}: ${failures}`;
        })
        .toSorted(byText);
    assert.deepEqual(await counts(), ['0: 0', '1: 0']);
    assert.equal((await statusOf(harness)).failedIndexes, '');
    const first = byIndex(await harness.pods(), 0);
    await end(harness, first, 1);
    // It stays held: its replacement takes over how often the index failed.
    assert.deepEqual((await harness.get<Pod>(podsResource, first?.metadata.name ?? '')).metadata.finalizers, [
      tracking,
    ]);
    await harness.clock.advance(10_000);
    await harness.work();
    assert.deepEqual(await counts(), ['0: 1', '1: 0']);
    await end(harness, byIndex(await harness.pods(), 0), 1);
    assert.equal((await statusOf(harness)).failedIndexes, '0');
    assert.deepEqual(await counts(), ['1: 0']);
    await end(harness, byIndex(await harness.pods(), 1), 0);
    assert.deepEqual(await conditions(harness), ['FailureTarget True FailedIndexes', 'Failed True FailedIndexes']);
    const status = await statusOf(harness);
    assert.equal(status.conditions?.[0]?.message, 'Job has failed indexes');
    assert.equal(status.completedIndexes, '1');
    assert.equal(status.failed, 2);
  });
});

test('maxFailedIndexes: too many failed indexes end the job', async () => {
  const limits = { backoffLimitPerIndex: 0, maxFailedIndexes: 0 };
  const spec = { completions: 3, parallelism: 3, completionMode: 'Indexed', ...limits };
  await withJob(spec, idle, async (harness) => {
    await end(harness, byIndex(await harness.pods(), 1), 1);
    await harness.converge();
    const status = await statusOf(harness);
    assert.equal(status.failedIndexes, '1');
    assert.equal(status.conditions?.[1]?.type, 'Failed');
    assert.equal(status.conditions?.[1]?.reason, 'MaxFailedIndexesExceeded');
    assert.equal(status.conditions?.[1]?.message, 'Job has exceeded the specified maximal number of failed indexes');
  });
});

for (const [podReplacementPolicy, made] of [
  ['TerminatingOrFailed', 2],
  ['Failed', 1],
] as const) {
  test(`podReplacementPolicy ${podReplacementPolicy}: a pod that is ending`, async () => {
    await withJob(
      { podReplacementPolicy },
      () => 'Running',
      async (harness) => {
        const [pod] = await harness.pods();
        await harness.api.client.resource(podsResource, 'default').delete(pod?.metadata.name ?? '');
        await harness.work();
        const status = await statusOf(harness);
        assert.equal(status.terminating, 1);
        // A pod that is ending counts as failed where it is replaced at once; the next one waits.
        assert.equal(status.failed, podReplacementPolicy === 'Failed' ? undefined : 1);
        await harness.clock.advance(11_000);
        await harness.work();
        assert.equal((await harness.pods()).length, made);
        await harness.converge();
        await harness.clock.advance(11_000);
        await harness.converge();
        assert.equal((await statusOf(harness)).failed, 1);
        assert.equal((await harness.pods()).length, 1);
        assert.equal((await statusOf(harness)).active, 1);
      },
    );
  });
}

test('a job ends when its last pod is gone, not before', async () => {
  await withJob(
    { activeDeadlineSeconds: 30, parallelism: 2 },
    () => 'Running',
    async (harness) => {
      await harness.clock.advance(31_000);
      await harness.work();
      assert.deepEqual(await conditions(harness), ['FailureTarget True DeadlineExceeded']);
      assert.equal((await statusOf(harness)).terminating, 2);
      await harness.converge();
      assert.deepEqual(await conditions(harness), [
        'FailureTarget True DeadlineExceeded',
        'Failed True DeadlineExceeded',
      ]);
      assert.deepEqual(
        await statusOf(harness).then(({ active, terminating, failed, ready }) => [active, terminating, failed, ready]),
        [undefined, 0, 2, 0],
      );
    },
  );
});

test('fewer at once: pods that are too many are not counted', async () => {
  await withJob(
    { completions: 5, parallelism: 3 },
    () => 'Running',
    async (harness) => {
      await harness.patch(jobs, 'sum', { spec: { parallelism: 1 } });
      await harness.converge();
      const status = await statusOf(harness);
      assert.equal(status.active, 1);
      assert.equal(status.failed, undefined);
      assert.equal((await harness.pods()).length, 1);
    },
  );
});
