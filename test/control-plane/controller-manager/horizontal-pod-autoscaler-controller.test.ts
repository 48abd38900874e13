import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Deployment } from '../../../src/api/types/apps-v1.ts';
import type { HorizontalPodAutoscaler } from '../../../src/api/types/autoscaling-v2.ts';
import type { Client } from '../../../src/client/client.ts';
import { createClient } from '../../../src/client/rest-client.ts';
import { formatTime } from '../../../src/apimachinery/object-meta.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const autoscalersResource = { group: 'autoscaling', version: 'v2', resource: 'horizontalpodautoscalers' } as const;
const deploymentsResource = { group: 'apps', version: 'v1', resource: 'deployments' } as const;

/** Answers of the APIs that measure, by the beginning of the path. */
type Measures = Record<string, () => object>;

function withMeasures(measures: Measures): (client: Client) => Client {
  return ({ transport }) =>
    createClient({
      userAgent: 'test/1.0',
      transport: {
        ...transport,
        async send(request) {
          const path = decodeURIComponent(request.path);
          const found = Object.entries(measures).find(([beginning]) => path.startsWith(beginning));
          if (found === undefined) return transport.send(request);
          return {
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: Buffer.from(JSON.stringify(found[1]())),
          };
        },
        close: () => transport.close(),
      },
    });
}

interface Setting {
  readonly harness: ControllerHarness;
  /** Time passes until the next look, which it waits for. */
  look(): Promise<void>;
  replicas(): Promise<number>;
  autoscaler(): Promise<HorizontalPodAutoscaler>;
  conditions(): Promise<string[]>;
}

async function start(context: TestContext, measures: Measures, spec: object, replicas = 2): Promise<Setting> {
  const controllers = 'horizontal-pod-autoscaler-controller,deployment-controller,replicaset-controller';
  const harness = await createControllerHarness(controllers, { wrapClient: withMeasures(measures) });
  context.after(() => harness.close());
  await harness.api.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'a', resources: { requests: { cpu: '100m' } } }] },
      },
    },
  });
  await harness.converge();
  await addAutoscaler(harness, 'web', spec);
  const autoscaler = (): Promise<HorizontalPodAutoscaler> =>
    harness.get<HorizontalPodAutoscaler>(autoscalersResource, 'web');
  return {
    harness,
    autoscaler,
    async look() {
      await harness.clock.advance(15_000);
      await harness.converge();
    },
    replicas: async () => (await harness.get<Deployment>(deploymentsResource, 'web')).spec?.replicas ?? 0,
    conditions: async () =>
      ((await autoscaler()).status?.conditions ?? []).map(
        ({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`,
      ),
  };
}

async function addAutoscaler(harness: ControllerHarness, name: string, spec: object): Promise<void> {
  await harness.api.create({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 10, ...spec },
  });
  await harness.work();
}

const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };
const podMetrics = '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods';

function usage(names: readonly string[], milliCores: number): object {
  return {
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetricsList',
    metadata: {},
    items: names.map((name) => ({
      metadata: { name },
      timestamp: formatTime(Date.UTC(2027, 0, 1)),
      window: '30s',
      containers: [{ name: 'main', usage: { cpu: `${milliCores}m` } }],
    })),
  };
}

interface RunningSetting extends Setting {
  /** Pods must have run for a while before what they use counts: those that there are now have. */
  readonly warmUp: () => Promise<void>;
}

async function running(context: TestContext, metrics: object[], value: () => number): Promise<RunningSetting> {
  const names = new Set<string>();
  const measures: Measures = { [podMetrics]: () => usage([...names], value()) };
  const setting = await start(context, measures, { minReplicas: 1, metrics });
  const { harness } = setting;
  const status = { startTime: '2025-12-31T00:00:00Z' };
  const warmUp = async (): Promise<void> => {
    for (const { metadata } of await harness.pods()) {
      names.add(metadata.name ?? '');
      await harness.api.client
        .resource({ group: '', version: 'v1', resource: 'pods' }, 'default')
        .patch(metadata.name ?? '', 'application/merge-patch+json', { status }, { subresource: 'status' });
    }
    await harness.work();
  };
  await warmUp();
  return { ...setting, warmUp };
}

test('more pods when they use more than their share, fewer after a while', async (context) => {
  let use = 90;
  const setting = await running(context, [cpu], () => use);
  assert.equal(await setting.replicas(), 2);
  await setting.look();
  assert.equal(await setting.replicas(), 4);
  const { status } = await setting.autoscaler();
  assert.equal(status?.currentReplicas, 2);
  assert.equal(status?.desiredReplicas, 4);
  assert.deepEqual(status?.currentMetrics, [
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 90, averageValue: '90m' } } },
  ]);
  assert.deepEqual(await setting.conditions(), [
    'AbleToScale True SucceededRescale',
    'ScalingActive True ValidMetricFound',
    'ScalingLimited False DesiredWithinRange',
  ]);
  const said = 'SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target';
  assert.ok((await setting.harness.events()).includes(said));
  use = 5;
  await setting.warmUp();
  for (let time = 0; time < 20; time++) await setting.look();
  assert.equal(await setting.replicas(), 4);
  assert.ok((await setting.conditions()).includes('AbleToScale True ScaleDownStabilized'));
  for (let time = 0; time < 4; time++) await setting.look();
  assert.ok((await setting.replicas()) < 4);
  const fewer = (await setting.harness.events()).filter((event) => event.endsWith('All metrics below target'));
  assert.ok(fewer.length > 0);
});

test('nobody measures: the conditions and events say so', async (context) => {
  const setting = await start(context, {}, { metrics: [cpu] });
  await setting.look();
  assert.equal(await setting.replicas(), 2);
  const inner =
    'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';
  const events = await setting.harness.events();
  assert.ok(events.includes(`FailedGetResourceMetric: ${inner}`));
  const whole = `invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${inner}`;
  assert.ok(events.includes(`FailedComputeMetricsReplicas: ${whole}`));
  const { status } = await setting.autoscaler();
  assert.deepEqual(await setting.conditions(), [
    'AbleToScale True SucceededGetScale',
    'ScalingActive False FailedGetResourceMetric',
  ]);
  assert.equal(status?.conditions?.[1]?.message, `the HPA was unable to compute the replica count: ${inner}`);
  assert.equal(status?.currentReplicas, 2);
});

test('outside of its bounds the size is put right without a look at metrics', async (context) => {
  const above = await start(context, {}, { maxReplicas: 1, metrics: [cpu] });
  await above.look();
  assert.equal(await above.replicas(), 1);
  const said = 'SuccessfulRescale: New size: 1; reason: Current number of replicas above Spec.MaxReplicas';
  assert.ok((await above.harness.events()).includes(said));
  const below = await start(context, {}, { minReplicas: 3, metrics: [cpu] });
  await below.look();
  assert.equal(await below.replicas(), 3);
});

test('a workload that was scaled to nothing is left alone', async (context) => {
  const setting = await start(context, {}, { metrics: [cpu] }, 0);
  await setting.look();
  assert.equal(await setting.replicas(), 0);
  assert.ok((await setting.conditions()).includes('ScalingActive False ScalingDisabled'));
});

const missing = [
  [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' }, 'deployments.apps "none" not found'],
  [{ apiVersion: 'example.com/v1', kind: 'Thing', name: 'x' }, 'no matches for kind "Thing" in group "example.com"'],
] as const;

for (const [scaleTargetRef, problem] of missing) {
  test(`a target that is not there: ${scaleTargetRef.kind}`, async (context) => {
    const setting = await start(context, {}, { scaleTargetRef, metrics: [cpu] });
    await setting.look();
    assert.deepEqual(await setting.conditions(), ['AbleToScale False FailedGetScale']);
    assert.ok((await setting.harness.events()).includes(`FailedGetScale: ${problem}`));
  });
}

test('two autoscalers of the same pods', async (context) => {
  const setting = await running(context, [cpu], () => 50);
  await addAutoscaler(setting.harness, 'rival', { metrics: [cpu] });
  await setting.look();
  await setting.look();
  const said =
    'AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [{rival default} {web default}]';
  assert.ok((await setting.harness.events()).includes(said));
  assert.ok((await setting.conditions()).includes('ScalingActive False AmbiguousSelector'));
});

test('metrics of objects, of pods and from outside; the highest number counts', async (context) => {
  const items = (value: string) => ({ items: [{ describedObject: { name: 'main' }, value }] });
  const selector = { matchLabels: { queue: 'mail' } };
  const service = { apiVersion: 'v1', kind: 'Service', name: 'main' };
  const metrics = [
    {
      type: 'External',
      external: { metric: { name: 'backlog', selector }, target: { type: 'AverageValue', averageValue: '10' } },
    },
    {
      type: 'Object',
      object: { metric: { name: 'qps' }, describedObject: service, target: { type: 'Value', value: '100' } },
    },
  ];
  const measures = {
    '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/backlog': () => items('70'),
    '/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/services/main/qps': () => items('150'),
  };
  const setting = await start(context, measures, { metrics });
  await setting.look();
  assert.equal(await setting.replicas(), 4);
  assert.deepEqual(await setting.conditions(), [
    'AbleToScale True SucceededRescale',
    'ScalingActive True ValidMetricFound',
    'ScalingLimited True ScaleUpLimit',
  ]);
  const { status } = await setting.autoscaler();
  assert.deepEqual(status?.currentMetrics, [
    { type: 'External', external: { metric: { name: 'backlog', selector }, current: { averageValue: '35' } } },
    { type: 'Object', object: { describedObject: service, metric: { name: 'qps' }, current: { value: '150' } } },
  ]);
});
