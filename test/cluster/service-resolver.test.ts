import assert from 'node:assert/strict';
import test from 'node:test';
import { createServiceResolver } from '../../src/cluster/service-resolver.ts';
import { seededRandom } from '../../src/system/random.ts';
import { createTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

async function withServices(api: TestApiServer): Promise<void> {
  const service = (name: string, spec: object): Promise<unknown> =>
    api.create({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
  const ports = [
    { name: 'web', port: 443 },
    { name: 'metrics', port: 9443 },
  ];
  await service('hook', { clusterIP: '10.0.0.7', ports });
  await service('idle', { clusterIP: '10.0.0.8', ports });
  await service('headless', { clusterIP: 'None', ports });
  await service('outside', { type: 'ExternalName', externalName: 'hook.example.com' });
  const slice = (name: string, more: object): Promise<unknown> =>
    api.create({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, labels: { 'kubernetes.io/service-name': name.replace(/-.*/, '') } },
      ...more,
    });
  const ready = (address: string, isReady: boolean): object => ({
    addresses: [address],
    conditions: { ready: isReady },
  });
  await slice('hook-1', {
    addressType: 'IPv4',
    ports: [{ name: 'metrics', port: 1 }],
    endpoints: [ready('10.1.0.1', true)],
  });
  await slice('hook-2', {
    addressType: 'IPv4',
    ports: [{ name: 'web', port: 8443 }],
    endpoints: [ready('10.1.0.2', false), ready('10.1.0.3', true)],
  });
  await slice('idle-1', {
    addressType: 'IPv4',
    ports: [{ name: 'web', port: 8443 }],
    endpoints: [ready('10.1.0.2', false)],
  });
}

test('services are found at an endpoint, or at their cluster IP', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  await withServices(api);
  const resolve = async (
    toEndpoints: boolean,
    name: string,
    port: number,
    toExternalNames = !toEndpoints,
  ): Promise<string> => {
    const resolver = createServiceResolver({
      client: api.client,
      random: seededRandom(1),
      serverAddress: () => '127.0.0.1:6443',
      toEndpoints,
      toExternalNames,
    });
    try {
      const found = await resolver('default', name, port);
      return `${found.host}:${found.port}`;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const cases: readonly (readonly [boolean, string, number, string])[] = [
    [true, 'kubernetes', 443, '127.0.0.1:6443'],
    [true, 'hook', 443, '10.1.0.3:8443'],
    [true, 'hook', 9443, '10.1.0.1:1'],
    [true, 'hook', 80, 'no service port 80 found for service "hook"'],
    [true, 'gone', 443, 'service "gone" not found'],
    [true, 'idle', 443, 'no endpoints available for service "idle"'],
    [true, 'headless', 443, 'no endpoints available for service "headless"'],
    [true, 'outside', 443, 'unsupported service type "ExternalName"'],
    [false, 'hook', 443, '10.0.0.7:443'],
    [false, 'hook', 80, 'no service port 80 found for service "hook"'],
    [false, 'headless', 443, 'cannot route to service with ClusterIP "None"'],
    [false, 'outside', 8443, 'hook.example.com:8443'],
  ];
  for (const [toEndpoints, name, port, expected] of cases) {
    assert.equal(await resolve(toEndpoints, name, port), expected, `${name}:${port}`);
  }
  // Without a word on routing, endpoints are gone to where there are any and names where there are names.
  assert.equal(await resolve(true, 'outside', 8443, true), 'hook.example.com:8443');
});
