import assert from 'node:assert/strict';
import test from 'node:test';
import type { PodFailurePolicyRule, SuccessPolicyRule } from '../../../src/api/types/batch-v1.ts';
import type { ContainerStatus, Pod, PodCondition } from '../../../src/api/types/core-v1.ts';
import { IndexSet } from '../../../src/control-plane/controller-manager/job-indexes.ts';
import { judgeFailure, matchSuccessPolicy } from '../../../src/control-plane/controller-manager/job-policies.ts';

function exited(name: string, exitCode: number): ContainerStatus {
  return { name, image: 'a:1', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode } } };
}

function failedPod(containers: ContainerStatus[], conditions: PodCondition[] = [], init: ContainerStatus[] = []): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sum-x', namespace: 'default' },
    status: { phase: 'Failed', containerStatuses: containers, initContainerStatuses: init, conditions },
  };
}

const disrupted: PodCondition = { type: 'DisruptionTarget', status: 'True' };
const onDisruption = [{ type: 'DisruptionTarget', status: 'True' }];

const failures: readonly {
  readonly name: string;
  readonly rules: PodFailurePolicyRule[];
  readonly pod: Pod;
  readonly action: string | undefined;
  readonly message?: string;
}[] = [
  { name: 'no rule', rules: [], pod: failedPod([exited('main', 1)]), action: undefined },
  {
    name: 'an exit code that is listed fails the job',
    rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [2, 42] } }],
    pod: failedPod([exited('main', 42)]),
    action: 'FailJob',
    message: 'Container main for pod default/sum-x failed with exit code 42 matching FailJob rule at index 0',
  },
  {
    name: 'an exit code of an init container',
    rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3] } }],
    pod: failedPod([exited('main', 0)], [], [exited('first', 3)]),
    action: 'FailJob',
    message: 'Container first for pod default/sum-x failed with exit code 3 matching FailJob rule at index 0',
  },
  {
    name: 'of another container than the one that is named',
    rules: [{ action: 'FailJob', onExitCodes: { containerName: 'other', operator: 'In', values: [42] } }],
    pod: failedPod([exited('main', 42)]),
    action: undefined,
  },
  {
    name: 'success is never among those that are not listed',
    rules: [{ action: 'Ignore', onExitCodes: { operator: 'NotIn', values: [1] } }],
    pod: failedPod([exited('main', 0)]),
    action: undefined,
  },
  {
    name: 'an exit code that is not listed',
    rules: [{ action: 'FailIndex', onExitCodes: { operator: 'NotIn', values: [1] } }],
    pod: failedPod([exited('main', 9)]),
    action: 'FailIndex',
  },
  {
    name: 'the first rule that matches wins',
    rules: [
      { action: 'Ignore', onPodConditions: onDisruption },
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
    ],
    pod: failedPod([exited('main', 1)], [disrupted]),
    action: 'Ignore',
  },
  {
    name: 'a condition, at the second place',
    rules: [
      { action: 'Count', onExitCodes: { operator: 'In', values: [1] } },
      { action: 'FailJob', onPodConditions: onDisruption },
    ],
    pod: failedPod([exited('main', 137)], [disrupted]),
    action: 'FailJob',
    message: 'Pod default/sum-x has condition DisruptionTarget matching FailJob rule at index 1',
  },
  {
    name: 'a condition with another status',
    rules: [{ action: 'Ignore', onPodConditions: onDisruption }],
    pod: failedPod([exited('main', 137)], [{ type: 'DisruptionTarget', status: 'False' }]),
    action: undefined,
  },
];

for (const { name, rules, pod, action, message } of failures) {
  test(`failure policy: ${name}`, () => {
    const verdict = judgeFailure({ rules }, pod);
    assert.equal(verdict.action, action);
    assert.equal(verdict.message, message);
  });
}

const successes: readonly {
  readonly rules: SuccessPolicyRule[];
  readonly done: string;
  readonly message: string | undefined;
}[] = [
  { rules: [{ succeededCount: 2 }], done: '0', message: undefined },
  { rules: [{ succeededCount: 2 }], done: '0,3', message: 'Matched rules at index 0' },
  { rules: [{ succeededIndexes: '0,2' }], done: '0', message: undefined },
  { rules: [{ succeededIndexes: '0,2' }], done: '0-2', message: 'Matched rules at index 0' },
  { rules: [{ succeededIndexes: '0-4', succeededCount: 2 }], done: '3,4', message: 'Matched rules at index 0' },
  { rules: [{ succeededIndexes: '5-7', succeededCount: 1 }], done: '0-4', message: undefined },
  { rules: [{ succeededIndexes: '0' }, { succeededCount: 1 }], done: '3', message: 'Matched rules at index 1' },
  { rules: [{ succeededCount: 0 }], done: '', message: undefined },
];

for (const { rules, done, message } of successes) {
  test(`success policy: ${JSON.stringify(rules)} with ${done || 'nothing'} done`, () => {
    const spec = { completions: 10, successPolicy: { rules }, template: {} };
    assert.equal(matchSuccessPolicy(spec, IndexSet.parse(done, 10)), message);
  });
}
