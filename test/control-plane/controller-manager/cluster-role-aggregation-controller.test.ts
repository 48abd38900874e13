import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole } from '../../../src/api/types/rbac-v1.ts';
import { createControllerHarness } from '../../support/controller-harness.ts';

const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

function role(name: string, label: string, resource: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels: { [label]: 'true' } },
    rules: [{ apiGroups: [''], resources: [resource], verbs: ['get'] }],
  };
}

test('a role has the rules of those its aggregation rule selects, as they come and go', async (context) => {
  const harness = await createControllerHarness('clusterrole-aggregation-controller');
  context.after(() => harness.close());
  const send = async (method: string, where: string, body?: object): Promise<void> => {
    const { status, text } = await harness.api.request(method, where, body);
    assert.ok(status < 300, text);
    await harness.work();
  };
  const resources = async (): Promise<(string | undefined)[]> => {
    const answer = await harness.api.request('GET', `${path}/all`);
    return ((answer.body as unknown as ClusterRole).rules ?? []).map((rule) => rule.resources?.[0]);
  };
  await send('POST', path, role('b', 'to-all', 'pods'));
  await send('POST', path, role('other', 'to-none', 'secrets'));
  await send('POST', path, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'all' },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'to-all': 'true' } }] },
  });
  assert.deepEqual(await resources(), ['pods']);
  await send('POST', path, role('a', 'to-all', 'nodes'));
  await send('POST', path, role('c', 'to-all', 'pods'));
  assert.deepEqual(await resources(), ['nodes', 'pods']);
  await send('DELETE', `${path}/a`);
  assert.deepEqual(await resources(), ['pods']);
});
