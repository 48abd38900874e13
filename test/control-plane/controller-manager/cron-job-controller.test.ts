import assert from 'node:assert/strict';
import test from 'node:test';
import type { CronJob, Job } from '../../../src/api/types/batch-v1.ts';
import { createControllerHarness, podTemplate, type ControllerHarness } from '../../support/controller-harness.ts';

const cronJobs = { group: 'batch', version: 'v1', resource: 'cronjobs' } as const;
const jobs = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
const minute = 60_000;

async function withCronJob(
  spec: Record<string, unknown>,
  body: (harness: ControllerHarness) => Promise<void>,
): Promise<void> {
  const harness = await createControllerHarness('cronjob-controller,ttl-after-finished-controller');
  try {
    await harness.api.create({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'tick', namespace: 'default' },
      spec: {
        schedule: '*/5 * * * *',
        jobTemplate: { metadata: { labels: { from: 'cron' } }, spec: { template: podTemplate('tick:1', 'Never') } },
        ...spec,
      },
    });
    await harness.work();
    await body(harness);
  } finally {
    await harness.close();
  }
}

async function pass(harness: ControllerHarness, millis: number): Promise<void> {
  await harness.clock.advance(millis);
  await harness.work();
}

async function end(harness: ControllerHarness, job: Job, type: 'Complete' | 'Failed'): Promise<void> {
  const time = new Date(harness.clock.now()).toISOString().replace(/\.\d+/, '');
  await harness.api.client.resource<Job>(jobs, 'default').patch(
    job.metadata.name ?? '',
    'application/merge-patch+json',
    {
      status: {
        startTime: time,
        ...(type === 'Complete' ? { completionTime: time } : {}),
        conditions: [
          {
            type: type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget',
            status: 'True',
            lastTransitionTime: time,
          },
          { type, status: 'True', lastTransitionTime: time },
        ],
      },
    },
    { subresource: 'status' },
  );
  await harness.work();
}

test('a job is started when it is due, and noted', async () => {
  await withCronJob({}, async (harness) => {
    assert.deepEqual(await harness.list<Job>(jobs), []);
    await pass(harness, 5 * minute);
    const [job, ...others] = await harness.list<Job>(jobs);
    assert.equal(others.length, 0);
    assert.equal(job?.metadata.name, `tick-${Date.UTC(2026, 0, 1, 0, 5) / minute}`);
    assert.equal(job?.metadata.labels?.['from'], 'cron');
    const scheduled = job?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'];
    assert.equal(scheduled, '2026-01-01T00:05:00Z');
    const { status } = await harness.get<CronJob>(cronJobs, 'tick');
    assert.equal(status?.lastScheduleTime, '2026-01-01T00:05:00Z');
    assert.equal(status?.active?.[0]?.uid, job?.metadata.uid);
    assert.deepEqual(await harness.events(), [`SuccessfulCreate: Created job ${job?.metadata.name ?? ''}`]);
  });
});

test('a completed job leaves the list of active ones', async () => {
  await withCronJob({}, async (harness) => {
    await pass(harness, 5 * minute);
    const [job] = await harness.list<Job>(jobs);
    assert.ok(job !== undefined);
    await end(harness, job, 'Complete');
    const { status } = await harness.get<CronJob>(cronJobs, 'tick');
    assert.equal(status?.active, undefined);
    assert.equal(status?.lastSuccessfulTime?.slice(0, 16), '2026-01-01T00:05');
    const said = `SawCompletedJob: Saw completed job: ${job.metadata.name ?? ''}, condition: Complete`;
    assert.ok((await harness.events()).includes(said));
  });
});

for (const [policy, expected] of [
  ['Allow', ['00:05', '00:10']],
  ['Forbid', ['00:05']],
  ['Replace', ['00:10']],
] as const) {
  test(`${policy}: a job that still runs when the next is due`, async () => {
    await withCronJob({ concurrencyPolicy: policy }, async (harness) => {
      await pass(harness, 5 * minute);
      await pass(harness, 5 * minute);
      const names = (await harness.list<Job>(jobs)).map((job) => job.metadata.name);
      assert.deepEqual(
        names,
        expected.map((time) => `tick-${Date.parse(`2026-01-01T${time}:00Z`) / minute}`),
      );
    });
  });
}

test('suspended, nothing is started', async () => {
  await withCronJob({ suspend: true }, async (harness) => {
    await pass(harness, 20 * minute);
    assert.deepEqual(await harness.list<Job>(jobs), []);
  });
});

test('old jobs beyond the history limit go', async () => {
  await withCronJob({ successfulJobsHistoryLimit: 1 }, async (harness) => {
    for (let round = 0; round < 3; round++) {
      await pass(harness, 5 * minute);
      for (const job of await harness.list<Job>(jobs)) {
        if (job.status?.conditions === undefined) await end(harness, job, 'Complete');
      }
    }
    const names = (await harness.list<Job>(jobs)).map((job) => job.metadata.name);
    assert.deepEqual(names, [`tick-${Date.UTC(2026, 0, 1, 0, 15) / minute}`]);
  });
});

test('the time zone of the schedule counts', async () => {
  await withCronJob({ schedule: '0 2 * * *', timeZone: 'Europe/Berlin' }, async (harness) => {
    await pass(harness, 61 * minute);
    const [job] = await harness.list<Job>(jobs);
    const scheduled = job?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'];
    assert.equal(scheduled, '2026-01-01T02:00:00+01:00');
  });
});

test('a job goes when its time to live after the end has passed', async () => {
  const jobTemplate = { spec: { ttlSecondsAfterFinished: 30, template: podTemplate('tick:1', 'Never') } };
  await withCronJob({ jobTemplate }, async (harness) => {
    await pass(harness, 5 * minute);
    const [job] = await harness.list<Job>(jobs);
    assert.ok(job !== undefined);
    await end(harness, job, 'Failed');
    await pass(harness, 20_000);
    assert.equal((await harness.list<Job>(jobs))[0]?.metadata.deletionTimestamp, undefined);
    assert.equal((await harness.list<Job>(jobs)).length, 1);
    await pass(harness, 11_000);
    // Foreground: the garbage collector, which is not here, takes the last step.
    assert.ok((await harness.list<Job>(jobs)).every(({ metadata }) => metadata.deletionTimestamp !== undefined));
  });
});

for (const [startingDeadlineSeconds, expected] of [
  [undefined, [`tick-${Date.UTC(2026, 0, 1, 0, 20) / minute}`]],
  [60, []],
  [600, [`tick-${Date.UTC(2026, 0, 1, 0, 20) / minute}`]],
] as const) {
  test(`times missed: of them the last is made up for within ${startingDeadlineSeconds ?? 'any'} seconds`, async () => {
    const deadline = startingDeadlineSeconds === undefined ? {} : { startingDeadlineSeconds };
    await withCronJob({ suspend: true, ...deadline }, async (harness) => {
      await pass(harness, 22 * minute);
      await harness.patch(cronJobs, 'tick', { spec: { suspend: false } });
      await harness.work();
      const names = (await harness.list<Job>(jobs)).map((job) => job.metadata.name);
      assert.deepEqual(names, expected);
    });
  });
}

test('more than a hundred missed times: said in an event, and the last one started', async () => {
  await withCronJob({ schedule: '* * * * *', suspend: true }, async (harness) => {
    await pass(harness, 120 * minute);
    await harness.patch(cronJobs, 'tick', { spec: { suspend: false } });
    await harness.work();
    const names = (await harness.list<Job>(jobs)).map((job) => job.metadata.name);
    assert.deepEqual(names, [`tick-${Date.UTC(2026, 0, 1, 2) / minute}`]);
    assert.ok(
      (await harness.events()).some((event) => event.startsWith('TooManyMissedTimes: too many missed start times.')),
    );
  });
});

test('a time that never comes is told of', async () => {
  await withCronJob({ schedule: '59 23 31 2 *' }, async (harness) => {
    assert.deepEqual(await harness.list<Job>(jobs), []);
    assert.deepEqual(await harness.events(), [
      'InvalidSchedule: invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second',
    ]);
  });
});
