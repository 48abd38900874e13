import assert from 'node:assert/strict';
import test from 'node:test';
import { createWorkqueue } from '../../../../src/client/workqueue.ts';
import { MetricRegistry } from '../../../../src/control-plane/apiserver/metrics/metric-registry.ts';
import { WorkqueueMetrics } from '../../../../src/control-plane/apiserver/metrics/workqueue-metrics.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';

test('queues are measured: what is added, waits, is worked on and comes again', async () => {
  const clock = new FakeClock();
  const metrics = new WorkqueueMetrics();
  const queue = createWorkqueue<string>({ clock, observer: metrics.observer('things') });
  const registry = new MetricRegistry();
  metrics.bind(registry);
  const shown = async (): Promise<string[]> =>
    (await registry.show()).split('\n').filter((line) => !/^#|_bucket|^$/.test(line));
  assert.deepEqual(await shown(), [
    'workqueue_adds_total{name="things"} 0',
    'workqueue_depth{name="things"} 0',
    'workqueue_longest_running_processor_seconds{name="things"} 0',
    'workqueue_retries_total{name="things"} 0',
    'workqueue_unfinished_work_seconds{name="things"} 0',
  ]);
  for (const item of ['a', 'b', 'a', 'c']) queue.add(item);
  await clock.advance(2000);
  await queue.get();
  await clock.advance(1000);
  await queue.get();
  await clock.advance(500);
  queue.addRateLimited('a');
  assert.deepEqual(await shown(), [
    'workqueue_adds_total{name="things"} 3',
    'workqueue_depth{name="things"} 1',
    'workqueue_longest_running_processor_seconds{name="things"} 1.5',
    'workqueue_queue_duration_seconds_sum{name="things"} 5',
    'workqueue_queue_duration_seconds_count{name="things"} 2',
    'workqueue_retries_total{name="things"} 1',
    'workqueue_unfinished_work_seconds{name="things"} 2',
  ]);
  queue.done('a');
  await clock.advance(5);
  const after = await shown();
  assert.ok(after.includes('workqueue_adds_total{name="things"} 4'), 'it came again');
  assert.ok(after.includes('workqueue_work_duration_seconds_sum{name="things"} 1.5'));
  queue.shutDown();

  // One that takes its place, as when a control loop begins anew.
  const next = createWorkqueue<string>({ clock, observer: metrics.observer('things') });
  next.add('z');
  const again = await shown();
  assert.ok(again.includes('workqueue_adds_total{name="things"} 5'), 'counts go on');
  assert.ok(again.includes('workqueue_depth{name="things"} 1'), 'what waited in the old one is gone');
  next.shutDown();
});
