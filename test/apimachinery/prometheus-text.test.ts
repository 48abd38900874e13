import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricHeader, metricLabelText } from '../../src/apimachinery/prometheus-text.ts';

const labels: readonly (readonly [value: string, written: string])[] = [
  ['web-1', 'pod="web-1"'],
  ['', 'pod=""'],
  ['a "b"', String.raw`pod="a \"b\""`],
  [String.raw`C:\n`, String.raw`pod="C:\\n"`],
  ['two\nlines', String.raw`pod="two\nlines"`],
];

for (const [value, written] of labels) {
  void test(`a label of metrics: ${written}`, () => assert.equal(metricLabelText('pod', value), written));
}

void test('what begins a family of metrics', () => {
  assert.deepEqual(metricHeader('pods', 'gauge', 'Pods.'), ['# HELP pods Pods.', '# TYPE pods gauge']);
  assert.deepEqual(metricHeader('pods_total', 'counter', 'Of "all",\nand \\.', 'BETA'), [
    String.raw`# HELP pods_total [BETA] Of "all",\nand \\.`,
    '# TYPE pods_total counter',
  ]);
});
