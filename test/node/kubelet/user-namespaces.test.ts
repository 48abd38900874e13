import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import { UserNamespaces } from '../../../src/node/kubelet/user-namespaces.ts';
import { createKubeletHarness } from '../../support/kubelet-harness.ts';

function podWith(uid: string, hostUsers?: boolean): Pod {
  const spec = { containers: [], ...(hostUsers === undefined ? {} : { hostUsers }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, uid }, spec };
}

test('each pod that asks for it has a range of users, which others get when it is gone', () => {
  const namespaces = new UserNamespaces();
  const [first, second, third] = [podWith('a', false), podWith('b', false), podWith('c', false)];
  assert.equal(namespaces.of(podWith('x')), undefined);
  assert.equal(namespaces.of(podWith('y', true)), undefined);
  const rangeOf = (pod: Pod): number => (namespaces.of(pod)?.hostId ?? 0) / 65_536;
  assert.deepEqual([first, second, first].map(rangeOf), [98, 99, 98]);
  // These two lead to the same place.
  const [left, right] = [podWith('Aa', false), podWith('BB', false)];
  assert.deepEqual([left, right].map(rangeOf), [2113, 2114]);
  namespaces.release(left);
  assert.equal(rangeOf(third), 100);
  assert.equal(rangeOf(podWith('AB', false)), 2082);
  namespaces.release(right);
  assert.equal(rangeOf(right), 2113);
});

/** What a pod's processes see of their users. */
async function mapOf(context: TestContext, hostUsers: boolean): Promise<string> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  const main = { name: 'main', image: 'busybox', command: ['cat', '/proc/self/uid_map', '/proc/1/gid_map'] };
  await harness.create('web', { spec: { hostUsers, restartPolicy: 'Never', containers: [main] } });
  const { uid = '' } = (await harness.pod('web')).metadata;
  const [sandbox] = await harness.runtime.listPodSandbox({ podUid: uid });
  const containers = await harness.runtime.listContainers({ podSandboxId: sandbox?.id ?? '' });
  const log = await harness.runtime.containerLog(containers[0]?.id ?? '');
  return Buffer.concat(log.read(0).map(({ content }) => content)).toString('utf8');
}

test('the users of a pod with a range of its own', async (context) => {
  assert.match(await mapOf(context, false), /^( {9}0 +[1-9]\d* {6}65536\n)\1$/);
});

test('the users of a pod that has those of the node', async (context) => {
  assert.equal(await mapOf(context, true), '         0          0 4294967295\n'.repeat(2));
});
