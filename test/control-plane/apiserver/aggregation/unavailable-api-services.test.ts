import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countUnavailableApiServices } from '../../../../src/control-plane/apiserver/aggregation/unavailable-api-services.ts';
import { MetricRegistry } from '../../../../src/control-plane/apiserver/metrics/metric-registry.ts';

test('APIServices that cannot be used are told by their names, as they are when somebody looks', async () => {
  const registry = new MetricRegistry();
  const service = (name: string, status?: string): object => ({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name },
    ...(status === undefined ? {} : { status: { conditions: [{ type: 'Available', status }] } }),
  });
  let services = [service('v1.', 'True'), service('v1.metrics.example.com', 'False'), service('v2.new.example.com')];
  countUnavailableApiServices(registry, () => services as never);
  const shown = async (): Promise<string[]> =>
    (await registry.show()).split('\n').filter((line) => line.startsWith('aggregator'));
  assert.deepEqual(await shown(), [
    'aggregator_unavailable_apiservice{name="v1."} 0',
    'aggregator_unavailable_apiservice{name="v1.metrics.example.com"} 1',
    'aggregator_unavailable_apiservice{name="v2.new.example.com"} 1',
  ]);
  services = services.slice(0, 1);
  assert.deepEqual(await shown(), ['aggregator_unavailable_apiservice{name="v1."} 0']);
});
