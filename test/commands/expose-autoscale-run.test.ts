import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInResources } from '../../src/api/registry.ts';
import { createCommandCluster } from '../support/command-cluster.ts';
import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('expose');
testRecordedSession('autoscale');
testRecordedSession('run');
testRecordedSession('overrides');

void test('autoscale makes an old autoscaler where the server does not take a new one', async (context) => {
  const cluster = await createCommandCluster(context, {
    api: { resources: builtInResources.filter(({ group, version }) => group !== 'autoscaling' || version !== 'v2') },
  });
  await cluster.run('create', 'deployment', 'web', '--image=nginx');
  assert.deepEqual(await cluster.run('autoscale', 'deployment', 'web', '--max=3', '--cpu=70%'), {
    exitCode: 0,
    stdout: 'horizontalpodautoscaler.autoscaling/web autoscaled\n',
    stderr: '',
  });
  assert.deepEqual(
    cluster.requests.filter((request) => request.includes('horizontalpodautoscalers')),
    [
      'POST /apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers?fieldManager=kubectl-autoscale',
      'POST /apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers?fieldManager=kubectl-autoscale',
    ],
  );
});
