import assert from 'node:assert/strict';
import test from 'node:test';
import { readResourceMetrics } from '../../../src/cluster/metrics-server/read-resource-metrics.ts';

const labels = (container: string, pod: string): string =>
  `{container="${container}",namespace="default",pod="${pod}"}`;

void test('what a kubelet tells is read, with its times', () => {
  const text = [
    '# HELP node_cpu_usage_seconds_total [STABLE] Something.',
    '# TYPE node_cpu_usage_seconds_total counter',
    'node_cpu_usage_seconds_total 12.5 60000',
    'node_memory_working_set_bytes 3.097152e+06 60000',
    `container_cpu_usage_seconds_total${labels('app', 'web')} 0.25 59000`,
    `container_memory_working_set_bytes${labels('app', 'web')} 1024 59000`,
    `container_start_time_seconds${labels('app', 'web')} 1.5`,
    'something_else{le="+Inf"} 1',
    '',
  ].join('\n');
  const { node, pods } = readResourceMetrics(text, 99);
  assert.deepEqual(node, { startedAt: 0, at: 60_000, cpuNanoSeconds: 12_500_000_000, memoryBytes: 3_097_152 });
  assert.deepEqual(
    [...pods].map(([pod, containers]) => [pod, [...containers]]),
    [['default/web', [['app', { startedAt: 1500, at: 59_000, cpuNanoSeconds: 250_000_000, memoryBytes: 1024 }]]]],
  );
});

void test('values without a time are of now', () => {
  const text = 'node_cpu_usage_seconds_total 1\nnode_memory_working_set_bytes 2\n';
  assert.equal(readResourceMetrics(text, 99).node?.at, 99);
});

void test('what is not whole is left out: a node without memory, a pod with a container that has used nothing', () => {
  const text = [
    'node_cpu_usage_seconds_total 12.5 60000',
    ...['app', 'idle'].map((name) => `container_memory_working_set_bytes${labels(name, 'web')} 1024 59000`),
    `container_cpu_usage_seconds_total${labels('app', 'web')} 0.25 59000`,
    `container_cpu_usage_seconds_total${labels('idle', 'web')} 0 59000`,
  ].join('\n');
  const { node, pods } = readResourceMetrics(text, 99);
  assert.deepEqual([node, pods.size], [undefined, 0]);
});

void test('other text is an error', () => {
  assert.throws(() => readResourceMetrics('<html>\n', 0), /^Error: failed parsing metrics: "<html>"$/);
});
