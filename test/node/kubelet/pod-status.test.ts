import assert from 'node:assert/strict';
import test from 'node:test';
import type { Container, Pod, PodSpec, PodStatus } from '../../../src/api/types/core-v1.ts';
import type { ContainerStatus as RuntimeContainer, PodSandbox } from '../../../src/node/cri/runtime.ts';
import { shouldRestart } from '../../../src/node/kubelet/pod-phase.ts';
import { generatePodStatus } from '../../../src/node/kubelet/pod-status.ts';

const now = Date.UTC(2026, 0, 1);
const sandbox: PodSandbox = {
  id: 'box',
  metadata: { name: 'web', namespace: 'default', uid: 'u1', attempt: 0 },
  state: 'SANDBOX_READY',
  createdAt: now,
  ips: ['10.244.0.2'],
  portMappings: [],
  hostNetwork: false,
  labels: {},
};

/** `running`, `starting` (it runs, and has not started yet), or the code it ended with. */
type Run = 'running' | 'starting' | number;

function runtimeContainers(runs: Readonly<Record<string, Run>>): RuntimeContainer[] {
  return Object.entries(runs).map(([name, run]) => ({
    id: `${name}-0`,
    podSandboxId: 'box',
    metadata: { name, attempt: 0 },
    state: typeof run === 'number' ? 'CONTAINER_EXITED' : 'CONTAINER_RUNNING',
    createdAt: now,
    startedAt: now,
    finishedAt: typeof run === 'number' ? now : 0,
    exitCode: typeof run === 'number' ? run : 0,
    image: 'a:1',
    imageRef: 'a@sha256:1',
    imageId: 'sha256:1',
    reason: run === 0 ? 'Completed' : 'Error',
    message: '',
    labels: {},
    user: { uid: 0, gid: 0, supplementalGroups: [0] },
  }));
}

function container(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'a:1', ...more };
}

interface Situation {
  readonly spec: Partial<PodSpec>;
  readonly runs: Readonly<Record<string, Run>>;
  readonly waiting?: Readonly<Record<string, string>>;
  readonly unready?: readonly string[];
  readonly old?: PodStatus;
  readonly deleted?: boolean;
  readonly withoutSandbox?: boolean;
}

function statusIn({ spec, runs, waiting = {}, unready = [], old, deleted, withoutSandbox }: Situation): PodStatus {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'u1',
      generation: 1,
      ...(deleted === true ? { deletionTimestamp: '2026-01-01T00:00:30Z' } : {}),
    },
    spec: { containers: [container('main')], restartPolicy: 'Always', ...spec },
    ...(old === undefined ? {} : { status: old }),
  };
  const started = (name: string): boolean => runs[name] === 'running';
  return generatePodStatus(
    pod,
    {
      sandbox: withoutSandbox === true ? undefined : sandbox,
      containers: runtimeContainers(runs),
      waiting: new Map(Object.entries(waiting).map(([name, reason]) => [name, { reason, message: '' }])),
      isStarted: started,
      isReady: (name) => started(name) && !unready.includes(name),
    },
    { hostIP: '192.168.64.2' },
    now,
  );
}

const init = container('init');
const sidecar = container('proxy', { restartPolicy: 'Always' });
const two = [container('main'), container('second')];

const phases: readonly (Situation & { readonly name: string; readonly phase: string })[] = [
  { name: 'nothing has begun', spec: {}, runs: {}, phase: 'Pending' },
  { name: 'it runs', spec: {}, runs: { main: 'running' }, phase: 'Running' },
  { name: 'one of two runs, one waits', spec: { containers: two }, runs: { main: 'running' }, phase: 'Pending' },
  { name: 'ended, Always', spec: {}, runs: { main: 0 }, phase: 'Running' },
  { name: 'ended well, OnFailure', spec: { restartPolicy: 'OnFailure' }, runs: { main: 0 }, phase: 'Succeeded' },
  { name: 'failed, OnFailure', spec: { restartPolicy: 'OnFailure' }, runs: { main: 1 }, phase: 'Running' },
  { name: 'ended well, Never', spec: { restartPolicy: 'Never' }, runs: { main: 0 }, phase: 'Succeeded' },
  { name: 'failed, Never', spec: { restartPolicy: 'Never' }, runs: { main: 1 }, phase: 'Failed' },
  {
    name: 'one failed, one runs, Never',
    spec: { restartPolicy: 'Never', containers: two },
    runs: { main: 1, second: 'running' },
    phase: 'Running',
  },
  {
    name: 'one failed, one ended well, Never',
    spec: { restartPolicy: 'Never', containers: two },
    runs: { main: 1, second: 0 },
    phase: 'Failed',
  },
  {
    name: 'a container that is never started again, in a pod whose containers are',
    spec: { containers: [container('main', { restartPolicy: 'Never' })] },
    runs: { main: 1 },
    phase: 'Failed',
  },
  {
    name: 'crash loop',
    spec: {},
    runs: { main: 1 },
    waiting: { main: 'CrashLoopBackOff' },
    phase: 'Running',
  },
  { name: 'init runs', spec: { initContainers: [init] }, runs: { init: 'running' }, phase: 'Pending' },
  { name: 'init is done, main waits', spec: { initContainers: [init] }, runs: { init: 0 }, phase: 'Pending' },
  {
    name: 'init is done, main runs',
    spec: { initContainers: [init] },
    runs: { init: 0, main: 'running' },
    phase: 'Running',
  },
  {
    name: 'init failed, Never',
    spec: { initContainers: [init], restartPolicy: 'Never' },
    runs: { init: 1 },
    phase: 'Failed',
  },
  { name: 'init failed, Always', spec: { initContainers: [init] }, runs: { init: 1 }, phase: 'Pending' },
  { name: 'sidecar starts', spec: { initContainers: [sidecar] }, runs: { proxy: 'starting' }, phase: 'Pending' },
  {
    name: 'sidecar and main run',
    spec: { initContainers: [sidecar] },
    runs: { proxy: 'running', main: 'running' },
    phase: 'Running',
  },
  {
    name: 'main is done, the sidecar runs on',
    spec: { initContainers: [sidecar], restartPolicy: 'Never' },
    runs: { proxy: 'running', main: 0 },
    phase: 'Running',
  },
  {
    name: 'main is done, the sidecar has stopped',
    spec: { initContainers: [sidecar], restartPolicy: 'Never' },
    runs: { proxy: 0, main: 0 },
    phase: 'Succeeded',
  },
  { name: 'deleted and ended well, Always', spec: {}, runs: { main: 0 }, deleted: true, phase: 'Succeeded' },
  { name: 'deleted and killed, Always', spec: {}, runs: { main: 137 }, deleted: true, phase: 'Failed' },
  {
    name: 'over is over',
    spec: {},
    runs: { main: 'running' },
    old: { phase: 'Failed' },
    phase: 'Failed',
  },
];

for (const { name, phase, ...situation } of phases) {
  test(`phase: ${name}: ${phase}`, () => assert.equal(statusIn(situation).phase, phase));
}

const unready = 'containers with unready status:';
const conditions: readonly (Situation & { readonly name: string; readonly told: readonly string[] })[] = [
  {
    name: 'before the sandbox',
    spec: {},
    runs: {},
    withoutSandbox: true,
    told: [
      'PodReadyToStartContainers False',
      'Initialized True',
      `Ready False ContainersNotReady ${unready} [main]`,
      `ContainersReady False ContainersNotReady ${unready} [main]`,
      'PodScheduled True',
    ],
  },
  {
    name: 'ready',
    spec: {},
    runs: { main: 'running' },
    told: [
      'PodReadyToStartContainers True',
      'Initialized True',
      'Ready True',
      'ContainersReady True',
      'PodScheduled True',
    ],
  },
  {
    name: 'init runs',
    spec: { initContainers: [init, sidecar] },
    runs: { init: 'running' },
    told: [
      'PodReadyToStartContainers True',
      'Initialized False ContainersNotInitialized containers with incomplete status: [init proxy]',
      `Ready False ContainersNotReady ${unready} [proxy main]`,
      `ContainersReady False ContainersNotReady ${unready} [proxy main]`,
      'PodScheduled True',
    ],
  },
  {
    name: 'one of two is not ready',
    spec: { containers: two },
    runs: { main: 'running', second: 'running' },
    unready: ['second'],
    told: [
      'PodReadyToStartContainers True',
      'Initialized True',
      `Ready False ContainersNotReady ${unready} [second]`,
      `ContainersReady False ContainersNotReady ${unready} [second]`,
      'PodScheduled True',
    ],
  },
  {
    name: 'succeeded',
    spec: { restartPolicy: 'Never', initContainers: [init] },
    runs: { init: 0, main: 0 },
    told: [
      'PodReadyToStartContainers True',
      'Initialized True PodCompleted',
      'Ready False PodCompleted',
      'ContainersReady False PodCompleted',
      'PodScheduled True',
    ],
  },
  {
    name: 'failed',
    spec: { restartPolicy: 'Never' },
    runs: { main: 2 },
    told: [
      'PodReadyToStartContainers True',
      'Initialized True',
      'Ready False PodFailed',
      'ContainersReady False PodFailed',
      'PodScheduled True',
    ],
  },
  {
    name: 'a gate that nobody opened, and what others told',
    spec: { readinessGates: [{ conditionType: 'example.com/up' }, { conditionType: 'example.com/in' }] },
    runs: { main: 'running' },
    old: { conditions: [{ type: 'example.com/in', status: 'False' }] },
    told: [
      'example.com/in False',
      'PodReadyToStartContainers True',
      'Initialized True',
      'Ready False ReadinessGatesNotReady corresponding condition of pod readiness gate "example.com/up" does not exist., the status of pod readiness gate "example.com/in" is not "True", but False',
      'ContainersReady True',
      'PodScheduled True',
    ],
  },
];

for (const { name, told, ...situation } of conditions) {
  test(`conditions: ${name}`, () => {
    const found = (statusIn(situation).conditions ?? []).map(({ type, status, reason, message }) =>
      [type, status, reason, message].filter((part) => part !== undefined).join(' '),
    );
    assert.deepEqual(found, told);
  });
}

const states: readonly (Situation & { readonly name: string; readonly state: unknown; readonly last?: unknown })[] = [
  { name: 'not begun', spec: {}, runs: {}, state: { waiting: { reason: 'ContainerCreating' } } },
  {
    name: 'behind init containers',
    spec: { initContainers: [init] },
    runs: {},
    state: { waiting: { reason: 'PodInitializing' } },
  },
  {
    name: 'an image that cannot be had',
    spec: {},
    runs: {},
    waiting: { main: 'ErrImagePull' },
    state: { waiting: { reason: 'ErrImagePull' } },
  },
  { name: 'running', spec: {}, runs: { main: 'running' }, state: { running: { startedAt: '2026-01-01T00:00:00Z' } } },
  {
    name: 'crash loop',
    spec: {},
    runs: { main: 3 },
    waiting: { main: 'CrashLoopBackOff' },
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    last: {
      terminated: {
        exitCode: 3,
        reason: 'Error',
        startedAt: '2026-01-01T00:00:00Z',
        finishedAt: '2026-01-01T00:00:00Z',
        containerID: 'simulated://main-0',
      },
    },
  },
];

for (const { name, state, last = {}, ...situation } of states) {
  test(`state of a container: ${name}`, () => {
    const [first] = statusIn(situation).containerStatuses ?? [];
    assert.deepEqual(first?.state, state);
    assert.deepEqual(first?.lastState, last);
  });
}

const restarts: readonly (readonly [
  policy: string,
  own: Partial<Container>,
  exitCode: number,
  isStartedAgain: boolean,
])[] = [
  ['Always', {}, 0, true],
  ['OnFailure', {}, 0, false],
  ['OnFailure', {}, 1, true],
  ['Never', {}, 1, false],
  ['Never', { restartPolicy: 'Always' }, 0, true],
  ['Always', { restartPolicy: 'Never' }, 1, false],
  ['Always', { restartPolicy: 'OnFailure' }, 0, false],
  [
    'Never',
    {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    },
    42,
    true,
  ],
  [
    'Never',
    {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'NotIn', values: [42] } }],
    },
    42,
    false,
  ],
];

for (const [restartPolicy, own, exitCode, isStartedAgain] of restarts) {
  test(`${restartPolicy}, ${JSON.stringify(own)}: ended with ${exitCode}`, () => {
    const main = container('main', own);
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { restartPolicy, containers: [main] } };
    assert.equal(shouldRestart(pod, main, exitCode), isStartedAgain);
  });
}

test('addresses, generation and times', () => {
  const status = statusIn({ spec: {}, runs: { main: 'running' }, old: { startTime: '2025-12-31T00:00:00Z' } });
  assert.equal(status.startTime, '2025-12-31T00:00:00Z');
  assert.equal(status.observedGeneration, 1);
  assert.equal(status.hostIP, '192.168.64.2');
  assert.deepEqual(status.podIPs, [{ ip: '10.244.0.2' }]);
  const onHost = statusIn({ spec: { hostNetwork: true }, runs: { main: 'running' } });
  assert.equal(onHost.podIP, '192.168.64.2');
});

test('a condition keeps its time while it holds', () => {
  const since = '2025-12-31T00:00:00Z';
  const old = {
    conditions: ['Ready', 'Initialized'].map((type) => ({ type, status: 'True', lastTransitionTime: since })),
  };
  const { conditions: told = [] } = statusIn({ spec: {}, runs: { main: 1 }, old });
  const timeOf = (type: string): unknown => told.find((entry) => entry.type === type)?.lastTransitionTime;
  assert.equal(timeOf('Initialized'), since);
  assert.equal(timeOf('Ready'), '2026-01-01T00:00:00Z');
});
