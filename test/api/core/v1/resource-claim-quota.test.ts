import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quotaEvaluatorFor } from '../../../../src/api/core/v1/quota-evaluation.ts';

test('claims of devices count by the class of each', () => {
  const evaluator = quotaEvaluatorFor('resource.k8s.io', 'resourceclaims');
  const count = 'count/resourceclaims.resource.k8s.io';
  const [gold, silver] = ['gold', 'silver'].map((name) => `${name}.deviceclass.resource.k8s.io/devices`);
  assert.deepEqual(evaluator.matchingResources([count, gold ?? '', 'pods', 'requests.example.com/dongle']), [
    count,
    gold,
  ]);
  const usage = (requests: object[]): Record<string, string> => {
    const claim = {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests } },
    };
    return Object.fromEntries([...evaluator.usage(claim, 0)].map(([name, quantity]) => [name, quantity.toString()]));
  };
  const exact = (deviceClassName: string, wanted: object): object => ({ deviceClassName, ...wanted });
  assert.deepEqual(usage([]), { [count]: '1' });
  assert.deepEqual(
    usage([
      { exactly: exact('gold', { allocationMode: 'ExactCount', count: 2 }) },
      { exactly: exact('gold', {}) },
      { exactly: exact('silver', { allocationMode: 'All' }) },
      // As older versions say it.
      exact('gold', { allocationMode: 'ExactCount', count: 1 }),
      { exactly: exact('gold', { allocationMode: 'Later' }) },
    ]),
    { [count]: '1', [gold ?? '']: '4', [silver ?? '']: '32' },
  );
  const firstAvailable = [exact('gold', { count: 3 }), exact('gold', { count: 1 }), exact('silver', { count: 2 })];
  assert.deepEqual(usage([{ firstAvailable }]), { [count]: '1', [gold ?? '']: '3', [silver ?? '']: '2' });
});
