import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, Probe } from '../../../src/api/types/core-v1.ts';
import { createNodeCluster } from '../../support/node-cluster.ts';

test('probes ask what really runs', async (context) => {
  const { api, clock, work } = await createNodeCluster(context);
  const readiness = async (
    name: string,
    container: Omit<Container, 'name'>,
    readinessProbe: Probe,
  ): Promise<boolean> => {
    await api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        nodeName: 'node',
        containers: [{ name: 'main', ...container, readinessProbe: { ...readinessProbe, periodSeconds: 1 } }],
      },
    });
    for (let second = 0; second < 3; second++) {
      await work();
      await clock.advance(1000);
      // Answers over a connection take turns of their own.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      await work();
    }
    const pod = await api.client.resource<Pod>({ group: '', version: 'v1', resource: 'pods' }, 'default').get(name);
    return pod.status?.containerStatuses?.[0]?.ready === true;
  };
  const server = { image: 'registry.k8s.io/e2e-test-images/agnhost:2', args: ['netexec'] };
  const shell = { image: 'busybox', command: ['sh', '-c', 'touch /tmp/ok; sleep 1000'] };
  assert.equal(await readiness('a', server, { httpGet: { path: '/healthz', port: 8080 } }), true);
  assert.equal(await readiness('b', server, { httpGet: { path: '/echo?code=500', port: 8080 } }), false);
  assert.equal(await readiness('c', server, { tcpSocket: { port: 8080 } }), true);
  assert.equal(await readiness('d', server, { tcpSocket: { port: 81 } }), false);
  assert.equal(await readiness('e', shell, { exec: { command: ['cat', '/tmp/ok'] } }), true);
  assert.equal(await readiness('f', shell, { exec: { command: ['cat', '/tmp/none'] } }), false);
  // What the simulated runtime does not have it cannot ask.
  assert.equal(await readiness('g', { image: 'postgres' }, { exec: { command: ['pg_isready'] } }), true);
  assert.equal(await readiness('h', { image: 'nginx' }, { httpGet: { path: '/', port: 80 } }), true);
});
