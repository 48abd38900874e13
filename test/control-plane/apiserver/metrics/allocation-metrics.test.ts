import assert from 'node:assert/strict';
import test from 'node:test';
import { AllocationMetrics } from '../../../../src/control-plane/apiserver/metrics/allocation-metrics.ts';
import { MetricRegistry } from '../../../../src/control-plane/apiserver/metrics/metric-registry.ts';
import { serviceAddressHooks } from '../../../../src/control-plane/apiserver/registry/service-addresses.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

test('addresses and node ports that services are given are counted', async () => {
  const observer = new AllocationMetrics();
  const clock = new FakeClock();
  const hooks = serviceAddressHooks({
    serviceRanges: ['10.0.0.0/24'],
    random: seededRandom(1),
    clock,
    observer,
    existing: () => Promise.resolve([]),
  });
  const api = await createTestApiServer({
    clock,
    storeHooks: ({ definition }) => (definition.resource === 'services' ? hooks : undefined),
  });
  const registry = new MetricRegistry();
  observer.bind(registry, () => hooks.use());
  const create = async (name: string, spec: object): Promise<number> => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } };
    return (await api.request('POST', '/api/v1/namespaces/default/services', service)).status;
  };
  assert.equal(await create('a', { clusterIP: '10.0.0.9' }), 201);
  assert.equal(await create('b', { type: 'NodePort' }), 201);
  assert.equal(await create('c', { clusterIP: '10.0.0.9' }), 422);
  assert.equal(await create('d', { clusterIP: '192.0.2.1' }), 422);
  assert.equal(await create('e', { type: 'NodePort', ports: [{ port: 80, nodePort: 1 }] }), 422);
  assert.equal(await create('f', { clusterIP: 'None' }), 201);
  await api.request('DELETE', '/api/v1/namespaces/default/services/a');
  const shown = (await registry.show()).split('\n').filter((line) => !/^#|_bucket|_sum|^$/.test(line));
  assert.deepEqual(shown, [
    'kube_apiserver_clusterip_allocator_allocated_ips{cidr="10.0.0.0/24"} 1',
    'kube_apiserver_clusterip_allocator_allocation_duration_seconds_count{cidr="10.0.0.0/24"} 2',
    'kube_apiserver_clusterip_allocator_allocation_errors_total{cidr="10.0.0.0/24",scope="static"} 1',
    'kube_apiserver_clusterip_allocator_allocation_total{cidr="10.0.0.0/24",scope="dynamic"} 1',
    'kube_apiserver_clusterip_allocator_allocation_total{cidr="10.0.0.0/24",scope="static"} 1',
    'kube_apiserver_clusterip_allocator_available_ips{cidr="10.0.0.0/24"} 253',
    'kube_apiserver_nodeport_allocator_allocated_ports 1',
    'kube_apiserver_nodeport_allocator_allocation_errors_total{scope="static"} 1',
    'kube_apiserver_nodeport_allocator_allocation_total{scope="dynamic"} 1',
    'kube_apiserver_nodeport_allocator_available_ports 2767',
  ]);
  await api.close();
});
