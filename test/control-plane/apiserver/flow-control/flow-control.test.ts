import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultFlowSchemas, defaultPriorityLevels } from '../../../../src/api/flowcontrol/v1/default-flow-control.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from '../../../../src/api/types/flowcontrol-v1.ts';
import { createInformerFactory } from '../../../../src/client/informer-factory.ts';
import { type Classification, FlowControl } from '../../../../src/control-plane/apiserver/flow-control/flow-control.ts';
import { followFlowConfiguration } from '../../../../src/control-plane/apiserver/flow-control/flow-schema-status.ts';
import type { Admitted, RejectionReason } from '../../../../src/control-plane/apiserver/flow-control/priority-level.ts';
import { RetryAfter } from '../../../../src/control-plane/apiserver/flow-control/retry-after.ts';
import { parseRequestInfo } from '../../../../src/control-plane/apiserver/request-info.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';

function schema(name: string, spec: FlowSchemaSpec): FlowSchema {
  return { apiVersion, kind: 'FlowSchema', metadata: { name, uid: `fs-${name}` }, spec };
}

function level(name: string, spec: PriorityLevelConfigurationSpec): PriorityLevelConfiguration {
  return { apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name, uid: `pl-${name}` }, spec };
}

const defaults = {
  schemas: Object.entries(defaultFlowSchemas).map(([name, spec]) => schema(name, spec as unknown as FlowSchemaSpec)),
  levels: Object.entries(defaultPriorityLevels).map(([name, spec]) =>
    level(name, spec as unknown as PriorityLevelConfigurationSpec),
  ),
};

function user(
  username: string,
  ...groups: string[]
): { username: string; uid: string; groups: string[]; extra: object } {
  return { username, uid: '', groups: [...groups, 'system:authenticated'], extra: {} };
}

test('requests are put where the real server puts them', () => {
  const control = new FlowControl(new FakeClock());
  control.configure(defaults.schemas, defaults.levels);
  const cases: readonly (readonly [
    who: ReturnType<typeof user>,
    method: string,
    path: string,
    schema: string,
    flow: string,
  ])[] = [
    [user('admin', 'system:masters'), 'GET', '/api/v1/pods', 'exempt', ''],
    [user('ann'), 'GET', '/healthz', 'probes', ''],
    [user('ann'), 'GET', '/api/v1/pods', 'global-default', 'ann'],
    [user('system:kube-scheduler'), 'GET', '/api/v1/pods', 'kube-scheduler', ''],
    [user('system:node:n', 'system:nodes'), 'PUT', '/api/v1/nodes/n/status', 'system-node-high', 'system:node:n'],
    [user('system:node:n', 'system:nodes'), 'GET', '/api/v1/pods', 'system-nodes', 'system:node:n'],
    [
      user('system:serviceaccount:kube-system:x', 'system:serviceaccounts:kube-system', 'system:serviceaccounts'),
      ...(['GET', '/api/v1/pods', 'kube-system-service-accounts', ''] as const),
    ],
    [
      user('system:serviceaccount:a:x', 'system:serviceaccounts'),
      ...(['GET', '/api/v1/pods', 'service-accounts', 'system:serviceaccount:a:x'] as const),
    ],
    [
      user('system:kube-controller-manager'),
      ...([
        'PUT',
        '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x',
        'system-leader-election',
        '',
      ] as const),
    ],
  ];
  for (const [who, method, path, name, flow] of cases) {
    const info = parseRequestInfo(method, path, new URLSearchParams());
    const found = control.classify(info, { ...who, extra: {} });
    assert.equal(found.schema.name, name, `${who.username} ${path}`);
    assert.equal(found.schema.uid, `fs-${name}`);
    if (flow !== '') assert.equal(found.flow, flow);
  }
  // Without anything stored the two mandatory ones are there.
  const bare = new FlowControl(new FakeClock());
  const info = parseRequestInfo('GET', '/api/v1/pods', new URLSearchParams());
  const { schema: lastSchema, level: lastLevel, flow } = bare.classify(info, { ...user('ann'), extra: {} });
  assert.deepEqual(
    [lastSchema, lastLevel, flow],
    [{ name: 'catch-all', uid: '' }, { name: 'catch-all', uid: '' }, 'ann'],
  );
});

/** One level with three seats, whose two queues take two requests each. */
function narrow(clock: FakeClock): FlowControl {
  const control = new FlowControl(clock, 3);
  const rules = [
    {
      subjects: [{ kind: 'Group', group: { name: '*' } }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    },
  ];
  const queuing = { queues: 2, handSize: 1, queueLengthLimit: 2 };
  control.configure(
    [schema('all', { matchingPrecedence: 2, priorityLevelConfiguration: { name: 'narrow' }, rules })],
    [
      level('narrow', {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 3, limitResponse: { type: 'Queue', queuing } },
      }),
      level('catch-all', {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } },
      }),
    ],
  );
  return control;
}

const never = new AbortController().signal;

/** The place of a request of ann's that reads pods. */
function placeOf(schemaName: string, levelName: string, flow = ''): Classification {
  return {
    schema: { name: schemaName, uid: '' },
    level: { name: levelName, uid: '' },
    flow,
    info: parseRequestInfo('GET', '/api/v1/namespaces/default/pods/x/log', new URLSearchParams()),
    user: { ...user('ann'), extra: {} },
  };
}

test('requests wait for seats, flows share them, and who waits too long or finds a full queue is turned away', async () => {
  const clock = new FakeClock();
  const control = narrow(clock);
  const enter = (flow: string, signal = never): Promise<Admitted | RejectionReason> => {
    const place = placeOf('all', 'narrow', flow);
    return control.enter(place, 1, 15_000, () => signal);
  };
  const first = await Promise.all([enter('a'), enter('a'), enter('a')]);
  const order: string[] = [];
  const follow = (name: string, outcome: Promise<Admitted | RejectionReason>): void =>
    void outcome.then((result) => order.push(typeof result === 'string' ? `${name} ${result}` : name));
  follow('a4', enter('a'));
  follow('a5', enter('a'));
  assert.equal(await enter('a'), 'queue-full');
  // A flow whose hand is the other queue.
  const other = ['b', 'c', 'd', 'e', 'f'].find((flow) => queueOf(flow) !== queueOf('a')) ?? assert.fail('one differs');
  follow('other', enter(other));
  await settle();
  assert.deepEqual(order, []);
  for (const outcome of first.slice(0, 2)) if (typeof outcome !== 'string') outcome.leave();
  await settle();
  assert.deepEqual(new Set(order), new Set(['a4', 'other']));
  await clock.advance(15_000);
  assert.equal(order.at(-1), 'a5 time-out');
  const gone = new AbortController();
  follow('gone', enter('a', gone.signal));
  gone.abort();
  await settle();
  assert.equal(order.at(-1), 'gone cancelled');

  function queueOf(flow: string): number {
    const probe = narrow(new FakeClock());
    const place = placeOf('all', 'narrow', flow);
    for (let index = 0; index < 5; index++) void probe.enter(place, 1, 1, () => never);
    return (
      probe
        .levels()
        .find(({ name }) => name === 'narrow')
        ?.queueLengths.findIndex((length) => length > 0) ?? -1
    );
  }
});

test('levels have their turns in step with their seats, however many wait in one, and however fast they are served', async () => {
  const control = new FlowControl(new FakeClock(), 2);
  const one: PriorityLevelConfigurationSpec = {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: 1,
      lendablePercent: 0,
      borrowingLimitPercent: 0,
      limitResponse: { type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit: 100 } },
    },
  };
  const none = { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } };
  control.configure(
    [],
    [level('elephant', one), level('mouse', one), level('catch-all', { type: 'Limited', limited: none })],
  );
  const served = { elephant: 0, mouse: 0 };
  const ask = async (name: 'elephant' | 'mouse', times: number): Promise<void> => {
    for (let index = 0; index < times; index++) {
      const outcome = await control.enter(placeOf(name, name), 1, 15_000, () => never);
      if (typeof outcome === 'string') assert.fail(outcome);
      served[name]++;
      outcome.leave();
    }
  };
  const elephants = Array.from({ length: 50 }, () => ask('elephant', 4));
  await Promise.all([ask('mouse', 10), ask('mouse', 10), ask('mouse', 10)]);
  assert.equal(served.mouse, 30);
  assert.ok(served.elephant >= 29 && served.elephant <= 31, String(served.elephant));
  await Promise.all(elephants);
});

test('a level lends seats that it does not need, and keeps those that it need not lend', async () => {
  const clock = new FakeClock();
  const control = new FlowControl(clock, 10);
  const limited = (lendablePercent: number, borrowingLimitPercent: number): PriorityLevelConfigurationSpec => ({
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, lendablePercent, borrowingLimitPercent, limitResponse: { type: 'Reject' } },
  });
  const none = { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } };
  const catchAll = level('catch-all', { type: 'Limited', limited: none });
  control.configure([], [level('lender', limited(60, 0)), level('borrower', limited(0, 60)), catchAll]);
  const enter = (name: string): Promise<Admitted | RejectionReason> =>
    control.enter(placeOf(name, name), 1, 1, () => never);
  const outcomes = [];
  for (let index = 0; index < 9; index++) outcomes.push(await enter('borrower'));
  assert.equal(outcomes.filter((outcome) => typeof outcome !== 'string').length, 8);
  assert.equal(outcomes.at(-1), 'concurrency-limit');
  const lender = [await enter('lender'), await enter('lender'), await enter('lender')];
  assert.deepEqual(
    lender.map((outcome) => typeof outcome),
    ['object', 'object', 'string'],
  );
});

test('clients are told to stay away for longer while rejections go on', async () => {
  const clock = new FakeClock();
  const retryAfter = new RetryAfter(clock);
  const told: number[] = [];
  for (let second = 0; second < 8; second++) {
    for (let index = 0; index < 4; index++) retryAfter.afterRejection('a');
    told.push(retryAfter.afterRejection('a'));
    await clock.advance(1000);
  }
  assert.deepEqual(told, [1, 2, 2, 4, 4, 4, 4, 8]);
  await clock.advance(60_000);
  assert.equal(retryAfter.afterRejection('a'), 7);
  assert.equal(retryAfter.afterRejection('b'), 1);
});

test('answers say which schema and level they were under, and 429 comes as text', async () => {
  const clock = new FakeClock();
  const control = new FlowControl(clock, 4);
  const api = await createTestApiServer({
    clock,
    flowControl: control,
    authenticator: { authenticate: () => Promise.resolve({ ...user('ann'), extra: {} }) },
  });
  control.configure(defaults.schemas, [
    ...defaults.levels.filter(({ metadata }) => metadata.name !== 'global-default'),
    level('global-default', {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 1,
        lendablePercent: 0,
        borrowingLimitPercent: 0,
        limitResponse: { type: 'Reject' },
      },
    }),
  ]);
  const missing = await api.request('GET', '/api/v1/namespaces/none');
  assert.equal(missing.status, 404);
  assert.equal(missing.headers['x-kubernetes-pf-flowschema-uid'], 'fs-global-default');
  assert.equal(missing.headers['x-kubernetes-pf-prioritylevel-uid'], 'pl-global-default');
  await settle();
  const held = await control.enter(placeOf('global-default', 'global-default'), 1, 1, () => never);
  const refused = await api.request('GET', '/api/v1/namespaces');
  assert.deepEqual([refused.status, refused.text], [429, 'Too many requests, please try again later.\n']);
  assert.equal(refused.headers['retry-after'], '1');
  assert.equal(refused.headers['x-kubernetes-pf-flowschema-uid'], 'fs-global-default');
  if (typeof held === 'string') assert.fail(held);
  held.leave();
  await settle();
  assert.equal((await api.request('GET', '/api/v1/namespaces')).status, 200);
  await settle();
  const { text } = await api.request('GET', '/metrics');
  const rejected =
    'apiserver_flowcontrol_rejected_requests_total{flow_schema="global-default",priority_level="global-default"';
  assert.ok(text.includes(`${rejected},reason="concurrency-limit"} 1\n`), text);
  await api.close();
});

test('what flow control has at the moment can be looked at, in the columns of the real server', async () => {
  const clock = new FakeClock(Date.parse('2026-01-02T03:04:05.120Z'));
  const control = narrow(clock);
  const api = await createTestApiServer({ clock, flowControl: control });
  const at = '/debug/api_priority_and_fairness';
  const held = await control.enter(placeOf('all', 'narrow', 'ann'), 3, 15_000, () => never);
  void control.enter(placeOf('all', 'narrow', 'ann'), 1, 15_000, () => never);
  for (let index = 0; index < 3; index++) await control.enter(placeOf('all', 'catch-all'), 1, 1, () => never);
  const levels = await api.request('GET', `${at}/dump_priority_levels`);
  assert.equal(levels.headers['content-type'], 'text/plain; charset=utf-8');
  assert.deepEqual(levels.text.split('\n').slice(0, 3), [
    'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests',
    'catch-all,         0,            false,  false,       0,               1,                 1,                  2,                0,                0',
    'exempt,            0,            false,  false,       0,               1,                 3,                  0,                0,                0',
  ]);
  assert.match(levels.text, /^narrow, +1, +false, +false, +1, +1, +1, +0, +0, +0$/m);
  const queues = await api.request('POST', `${at}/dump_queues`);
  assert.match(queues.text, /^narrow, +\d, +1, +1, +3, +0.00000000ss, +1, +1, +0.00300000ss$/m);
  const requests = await api.request('GET', `${at}/dump_requests?includeRequestDetails=1`);
  const [head, ...rows] = requests.text.split('\n');
  assert.match(head ?? '', /^PriorityLevelName, FlowSchemaName, QueueIndex, .* Resource, SubResource$/);
  assert.deepEqual(
    rows
      .filter((row) => row.startsWith('narrow'))
      .map((row) => row.replace(/ +/g, ' ').replace(/[01], (-1|0)/, 'Q, $1')),
    [
      'narrow, all, Q, 0, ann, 2026-01-02T03:04:05.12Z, 1, 0, 0s, 0001-01-01T00:00:00Z, ann, get, /api/v1/namespaces/default/pods/x/log, default, x, v1, pods, log',
      'narrow, all, Q, -1, ann, 2026-01-02T03:04:05.12Z, 3, 0, 0s, 2026-01-02T03:04:05.12Z, ann, get, /api/v1/namespaces/default/pods/x/log, default, x, v1, pods, log',
    ],
  );
  assert.match(requests.text, /^exempt, .* admin, +get, +\/debug\/api_priority_and_fairness\/dump_requests, /m);
  assert.doesNotMatch((await api.request('GET', `${at}/dump_requests`)).text, /UserName|admin/);
  assert.equal((await api.request('GET', `${at}/zork`)).status, 404);
  if (typeof held !== 'string') held.leave();
  await api.close();
});

test('flow schemas say whether their level is there', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const informers = createInformerFactory({ client: api.client, clock, random: seededRandom(1), log: silentLogger });
  const gvr = (resource: string): { group: string; version: string; resource: string } => ({
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    resource,
  });
  const following = followFlowConfiguration({
    control: new FlowControl(clock),
    client: api.client,
    schemas: informers.informer<FlowSchema>(gvr('flowschemas')),
    levels: informers.informer<PriorityLevelConfiguration>(gvr('prioritylevelconfigurations')),
    clock,
    random: seededRandom(1),
    log: silentLogger,
  });
  informers.start();
  await informers.waitForSync();
  following.start();
  const path = `/apis/${apiVersion}`;
  const { metadata: _left, ...bare } = schema('mine', {
    priorityLevelConfiguration: { name: 'mine' },
    matchingPrecedence: 500,
  });
  await api.request('POST', `${path}/flowschemas`, { ...bare, metadata: { name: 'mine' } });
  await settle(50);
  const condition = async (): Promise<unknown> =>
    ((await api.request('GET', `${path}/flowschemas/mine`)).body['status'] as FlowSchema['status'])?.conditions;
  const base = { type: 'Dangling', lastTransitionTime: '2026-01-01T00:00:00Z' };
  const reference = 'This FlowSchema references the PriorityLevelConfiguration object named "mine"';
  assert.deepEqual(await condition(), [
    { ...base, status: 'True', reason: 'NotFound', message: `${reference} but there is no such object` },
  ]);
  const spec = { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } };
  await api.request('POST', `${path}/prioritylevelconfigurations`, {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'mine' },
    spec,
  });
  await settle(50);
  assert.deepEqual(await condition(), [
    { ...base, status: 'False', reason: 'Found', message: `${reference} and it exists` },
  ]);
  // Where somebody else says something else again and again, neither writes without end.
  const disturb = async (): Promise<string | undefined> => {
    const { body } = await api.request('GET', `${path}/flowschemas/mine`);
    const status = { conditions: [{ ...base, status: 'True', reason: 'Mine', message: 'not theirs' }] };
    const disturbed = await api.request('PUT', `${path}/flowschemas/mine/status`, { ...body, status });
    assert.equal(disturbed.status, 200);
    await settle(50);
    return ((await condition()) as { reason: string }[])[0]?.reason;
  };
  const told: (string | undefined)[] = [];
  for (let time = 0; time < 6; time++) told.push(await disturb());
  assert.deepEqual(told, ['Found', 'Found', 'Found', 'Found', 'Mine', 'Mine']);
  await clock.advance(150_000);
  await settle(50);
  assert.equal(((await condition()) as { reason: string }[])[0]?.reason, 'Found');
  await following.stop();
  await informers.stop();
  await api.close();
});
