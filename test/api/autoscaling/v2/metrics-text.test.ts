import assert from 'node:assert/strict';
import test from 'node:test';
import { metricsText } from '../../../../src/api/autoscaling/v2/metrics-text.ts';

test('a quantity that a status leaves out is shown as Go prints none', () => {
  const averageValue = '1Gi';
  const text = metricsText(
    [
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue } } },
      { type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: '3' } } },
      { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue } } },
    ],
    [
      { type: 'Resource', resource: { name: 'memory', current: { averageUtilization: 1 } } },
      { type: 'External', external: { metric: { name: 'm' }, current: {} } },
    ],
  );
  assert.equal(text, 'memory: <nil>/1Gi, <nil>/3 + 1 more...');
});
