import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { electionIdentity, leaderElectionSettings } from '../../src/cluster/elected-component.ts';

test('the flags of leader election have the defaults and limits of the real components', () => {
  assert.deepEqual(leaderElectionSettings('kube-scheduler', new Map()), {
    elects: true,
    namespace: 'kube-system',
    name: 'kube-scheduler',
    leaseDurationMillis: 15_000,
    renewDeadlineMillis: 10_000,
    retryPeriodMillis: 2000,
  });
  const cases = [
    [
      'leader-elect',
      'maybe',
      'invalid argument "maybe" for "--leader-elect" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      'leader-elect-lease-duration',
      '5s',
      "kube-scheduler: couldn't create leader elector: leaseDuration must be greater than renewDeadline",
    ],
    [
      'leader-elect-lease-duration',
      '5',
      'invalid argument "5" for "--leader-elect-lease-duration" flag: time: missing unit in duration "5"',
    ],
    ['leader-elect-resource-lock', 'endpoints', 'kube-scheduler: resourceLock value must be "leases"'],
    ['leader-elect-resource-name', '', 'kube-scheduler: the lease of leader election needs a name and a namespace'],
  ] as const;
  for (const [flag, value, message] of cases) {
    assert.throws(
      () => leaderElectionSettings('kube-scheduler', new Map([[flag, value]])),
      (error) => {
        assert.ok(error instanceof ComponentArgumentError);
        assert.equal(error.message, message);
        return true;
      },
    );
  }
  const off = new Map([
    ['leader-elect', 'false'],
    ['leader-elect-lease-duration', '1s'],
  ]);
  assert.equal(leaderElectionSettings('kube-scheduler', off).elects, false, 'nothing is checked without election');
});

test('a component of a cluster has the same identity at every start, and no other has it', () => {
  const identity = electionIdentity('kube-scheduler', 'certificate');
  assert.match(identity, /_[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(electionIdentity('kube-scheduler', 'certificate'), identity);
  assert.notEqual(electionIdentity('kube-controller-manager', 'certificate'), identity);
  assert.notEqual(electionIdentity('kube-scheduler', 'another'), identity);
});
