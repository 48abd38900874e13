import assert from 'node:assert/strict';
import test from 'node:test';
import { createCommandCluster } from '../support/command-cluster.ts';
import { testRecordedSession } from '../support/recorded-session.ts';
import { createRolloutRevisions } from '../support/rollout-revisions.ts';

testRecordedSession('about-cluster');
testRecordedSession('rollout');
testRecordedSession('rollout-revisions', createRolloutRevisions);
testRecordedSession('wait');
testRecordedSession('list-kinds');
testRecordedSession('without-kyaml');
testRecordedSession('extraction');

test('wait has one time for all objects: those behind one that took it are not asked about', async (context) => {
  const cluster = await createCommandCluster(context);
  for (const name of ['a', 'b']) await cluster.run('create', 'cm', name, `--from-literal=is=${name}`);
  const waits = [
    { condition: 'delete', behind: 'client rate limiter Wait returned an error: context deadline exceeded' },
    { condition: 'jsonpath={.data.is}=b', behind: 'timed out waiting for the condition on configmaps/b' },
  ];
  for (const { condition, behind } of waits) {
    const state = { isOver: false };
    const waiting = cluster.run('wait', 'cm/a', 'cm/b', `--for=${condition}`, '--timeout=1s').finally(() => {
      state.isOver = true;
    });
    while (!state.isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      await cluster.clock.advance(100);
    }
    const { exitCode, stdout, stderr } = await waiting;
    assert.deepEqual(
      { exitCode, stdout, stderr },
      { exitCode: 1, stdout: '', stderr: `timed out waiting for the condition on configmaps/a\n${behind}\n` },
    );
  }
});
