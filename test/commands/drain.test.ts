import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';
import { testRecordedSession } from '../support/recorded-session.ts';
import type { CommandOutcome } from '../support/run-command.ts';

testRecordedSession('taint');

const controller = { uid: 'u', controller: true };
const ofReplicaSet = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', ...controller }];
const ofDaemonSet = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', ...controller }];

function pod(name: string, metadata: object = {}, spec: object = {}): Unstructured {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { nodeName: 'n1', terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'i' }], ...spec },
  };
}

async function cluster(context: TestContext, pods: readonly Unstructured[]): Promise<CommandCluster> {
  const made = await createCommandCluster(context);
  await made.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  for (const one of pods) await made.api.create(one);
  return made;
}

async function podsLeft({ run }: CommandCluster): Promise<string> {
  return (await run('get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}')).stdout;
}

const ok = (stdout: string, stderr = ''): CommandOutcome => ({ exitCode: 0, stdout, stderr });

void test('drain evicts what something would replace', async (context) => {
  const made = await cluster(context, [pod('web-1', { ownerReferences: ofReplicaSet })]);
  assert.deepEqual(
    await made.run('drain', 'n1', '--dry-run=client'),
    ok('node/n1 cordoned (dry run)\nevicting pod default/web-1 (dry run)\nnode/n1 drained (dry run)\n'),
  );
  assert.deepEqual(
    await made.run('drain', 'n1', '--dry-run=server'),
    ok(
      'node/n1 cordoned (server dry run)\nevicting pod default/web-1 (server dry run)\nnode/n1 drained (server dry run)\n',
    ),
  );
  assert.equal(await podsLeft(made), 'web-1');
  assert.deepEqual(
    (await made.run('drain', 'n1', '-v=2')).stdout,
    'node/n1 cordoned\npod/web-1 eviction started\nevicting pod default/web-1\npod/web-1 evicted\nnode/n1 drained\n',
  );
  assert.ok(made.requests.includes('POST /api/v1/namespaces/default/pods/web-1/eviction'));
  assert.deepEqual(await made.run('drain', 'n1'), ok('node/n1 already cordoned\nnode/n1 drained\n'));
});

void test('drain does not lose what nobody would replace unless it is told to', async (context) => {
  const made = await cluster(context, [
    pod('plain', { labels: { a: 'b' } }),
    pod('empty', { ownerReferences: ofReplicaSet }, { volumes: [{ name: 'v', emptyDir: {} }] }),
    pod('mirror', { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    pod('orphan', { ownerReferences: ofDaemonSet }),
  ]);
  const reasons = [
    'cannot delete Pods with local storage (use --delete-emptydir-data to override): default/empty',
    'cannot delete daemonsets.apps "agent" not found: default/orphan',
    'cannot delete Pods that declare no controller (use --force to override): default/plain',
  ];
  const refused = (list: readonly string[], operation: string): CommandOutcome => ({
    exitCode: 1,
    stdout: `node/n1 ${operation}\n`,
    stderr:
      `error: unable to drain node "n1" due to error: ${list.length > 1 ? `[${list.join(', ')}]` : list.join()}, continuing command...\n` +
      `There are pending nodes to be drained:\n n1\n${list.map((reason) => `${reason}\n`).join('')}`,
  });
  assert.deepEqual(await made.run('drain', 'n1'), refused(reasons, 'cordoned'));
  assert.deepEqual(await made.run('drain', 'n1', '--force'), refused(reasons.slice(0, 1), 'already cordoned'));
  const selected = await made.run('drain', 'n1', '--force', '--pod-selector=a=b', '--disable-eviction');
  assert.deepEqual(
    selected,
    ok(
      'node/n1 already cordoned\npod/plain deleted\nnode/n1 drained\n',
      'Warning: deleting Pods that declare no controller: default/plain\n',
    ),
  );
  assert.ok(made.requests.includes('DELETE /api/v1/namespaces/default/pods/plain'));
  const forced = await made.run('drain', 'n1', '--force', '--delete-emptydir-data');
  assert.equal(forced.exitCode, 0);
  assert.equal(await podsLeft(made), 'mirror');
});

void test('drain leaves daemon sets alone, and says so', async (context) => {
  const made = await cluster(context, [pod('agent-1', { ownerReferences: ofDaemonSet })]);
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await made.api.create({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  });
  const { exitCode, stderr } = await made.run('drain', 'n1');
  assert.equal(exitCode, 1);
  assert.match(stderr, /cannot delete DaemonSet-managed Pods \(use --ignore-daemonsets to ignore\): default\/agent-1/);
  assert.deepEqual(
    await made.run('drain', 'n1', '--ignore-daemonsets'),
    ok('node/n1 already cordoned\nnode/n1 drained\n', 'Warning: ignoring DaemonSet-managed Pods: default/agent-1\n'),
  );
  assert.equal(await podsLeft(made), 'agent-1');
});

void test('drain tries again where a disruption budget forbids it, until its time is over', async (context) => {
  const made = await cluster(context, [pod('web-1', { ownerReferences: ofReplicaSet, labels: { app: 'web' } })]);
  const budgets = made.api.client.resource(
    { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' },
    'default',
  );
  await budgets.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'keep' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  const status = {
    observedGeneration: 1,
    disruptionsAllowed: 0,
    currentHealthy: 1,
    desiredHealthy: 1,
    expectedPods: 1,
  };
  await budgets.patch('keep', 'application/merge-patch+json', { status }, { subresource: 'status' });
  const pods = made.api.client.resource({ group: '', version: 'v1', resource: 'pods' }, 'default');
  const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await pods.patch('web-1', 'application/merge-patch+json', { status: running }, { subresource: 'status' });
  const draining = made.run('drain', 'n1', '--timeout=4s');
  const { exitCode, stdout, stderr } = await passTimeUntil(draining, made);
  assert.equal(exitCode, 1);
  assert.equal(stdout, 'node/n1 cordoned\nevicting pod default/web-1\nevicting pod default/web-1\n');
  const what = 'error when evicting pods/"web-1" -n "default"';
  const over = `${what}: global timeout reached: 4s`;
  assert.equal(
    stderr,
    `${what} (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.\n` +
      `There are pending pods in node "n1" when an error occurred: ${over}\npod/web-1\n` +
      `error: unable to drain node "n1" due to error: ${over}, continuing command...\n` +
      `There are pending nodes to be drained:\n n1\n${over}\n`,
  );
});

/** Lets the clock go on, and everything run in between, until something has come about. */
async function passTimeUntil<T>(promise: Promise<T>, { clock }: CommandCluster): Promise<T> {
  const state = { isOver: false };
  const over = promise.finally(() => {
    state.isOver = true;
  });
  while (!state.isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(100);
  }
  return over;
}
