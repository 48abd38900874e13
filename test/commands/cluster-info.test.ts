import assert from 'node:assert/strict';
import test from 'node:test';
import { createCommandCluster } from '../support/command-cluster.ts';

void test('cluster-info names the control plane and the services of the cluster, without colours', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: { 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] },
  });
  assert.deepEqual(await cluster.run('cluster-info'), {
    exitCode: 0,
    stdout:
      'Kubernetes control plane is running at https://in-process.invalid\n' +
      'CoreDNS is running at https://in-process.invalid/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy\n' +
      "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n",
    stderr: '',
  });
});
