import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricRegistry } from '../../../../src/control-plane/apiserver/metrics/metric-registry.ts';
import { TimingHistogram } from '../../../../src/control-plane/apiserver/metrics/timing-histogram.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';

test('nanoseconds are counted by what the value was meanwhile, until now', async () => {
  const clock = new FakeClock();
  const registry = new MetricRegistry();
  const timing = new TimingHistogram(registry, clock, { name: 'part', help: 'x', labels: ['of'], buckets: [0, 0.5] });
  timing.set(['a'], 0);
  await clock.advance(3);
  timing.set(['a'], 0.25);
  timing.set(['a'], 0.5);
  await clock.advance(2);
  timing.set(['a'], 4);
  await clock.advance(1);
  const lines = (await registry.show()).split('\n').filter((line) => !line.startsWith('#') && line !== '');
  assert.deepEqual(lines, [
    'part_bucket{of="a",le="0"} 3e+06',
    'part_bucket{of="a",le="0.5"} 5e+06',
    'part_bucket{of="a",le="+Inf"} 6e+06',
    'part_sum{of="a"} 5e+06',
    'part_count{of="a"} 6e+06',
  ]);
  await clock.advance(1);
  assert.match(await registry.show(), /part_count\{of="a"\} 7e\+06/);
  timing.end(['a']);
  timing.end(['never there']);
  await clock.advance(5);
  assert.match(await registry.show(), /part_count\{of="a"\} 7e\+06/);
});
