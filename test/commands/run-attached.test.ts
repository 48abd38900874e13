import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandContext, PlainError } from '../../src/cli/command.ts';
import type { PodTerminal } from '../../src/cli/pod-attacher.ts';
import { followPod } from '../../src/commands/run/attached-pod.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { createNodeCluster, testNode } from '../support/node-cluster.ts';
import { createTestApiServer } from '../support/test-api-server.ts';

const terminal: PodTerminal = { stdin: true, tty: false, quiet: false, detachKeys: '' };
const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const ended = (exitCode: number): object => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  containerStatuses: [
    {
      name: 'x',
      image: 'i',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' } },
    },
  ],
});

/** Follows a pod whose status is set by hand: first once, then again when it is attached to. */
async function follow(first: object, then: object | undefined, restartPolicy: string): Promise<unknown[]> {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const pod = await api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x', namespace: 'default' },
    spec: { restartPolicy, containers: [{ name: 'x', image: 'i' }] },
  });
  const pods = api.client.resource({ group: '', version: 'v1', resource: 'pods' }, 'default');
  const setStatus = async (status: object): Promise<void> => {
    await pods.patch('x', 'application/merge-patch+json', { status }, { subresource: 'status' });
  };
  const cluster = { client: () => Promise.resolve(api.client) };
  const context = { cluster, clock, signal: new AbortController().signal } as unknown as CommandContext;
  const attached: string[] = [];
  const following = followPod(
    pod,
    async (seen) => {
      attached.push((seen['status'] as { phase: string }).phase);
      if (then !== undefined) await setStatus(then);
    },
    { terminal, timeoutMillis: 60_000, restartPolicy, leaveStdinOpen: false },
    context,
  );
  await setStatus(first);
  const outcome = await following.then(
    () => 0,
    (error: unknown) => (error instanceof PlainError ? [error.exitCode, error.message] : error),
  );
  await api.close();
  return [...attached, outcome];
}

void test('run attaches to the pod when it runs, or has ended, and ends as it does', async () => {
  assert.deepEqual(await follow(running, ended(0), 'Never'), ['Running', 0]);
  assert.deepEqual(await follow(running, ended(3), 'Never'), ['Running', [3, 'pod default/x terminated (Error)\n']]);
  assert.deepEqual(await follow(ended(4), undefined, 'Never'), ['Failed', [4, 'pod default/x terminated (Error)\n']]);
  assert.deepEqual(await follow(running, undefined, 'Always'), ['Running', 0]);
});

void test('run -i --rm attaches, passes its input, ends with the exit code and removes the pod', async (context) => {
  const cluster = await createNodeCluster(context);
  const bound = `--overrides=${JSON.stringify({ spec: { nodeName: testNode } })}`;
  const argv = ['run', 'x', '--image=busybox', '--restart=Never', '-i', '--rm', '--quiet', bound, '--'];
  const running = cluster.runWith({ input: 'fed\n' }, ...argv, 'sh', '-c', 'cat; exit 6');
  await cluster.work();
  const { exitCode, stdout } = await running;
  assert.deepEqual([exitCode, stdout], [6, 'fed\n']);
  await cluster.work();
  assert.equal((await cluster.run('get', 'pods', '-o', 'name')).stdout, '');
});
