import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts';

const container = { name: 'c', image: 'i' };
const pods = '/api/v1/namespaces/default/pods';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const jobs = '/apis/batch/v1/namespaces/default/jobs';

function pod(spec: object): object {
  return { metadata: { name: 'p' }, spec: { containers: [container], ...spec } };
}

function deployment(spec: object): object {
  const labels = { a: 'b' };
  const template = { metadata: { labels }, spec: { containers: [container], ...spec } };
  return { metadata: { name: 'd' }, spec: { selector: { matchLabels: labels }, template } };
}

const limited = { ...container, resources: { limits: { cpu: '1' } } };
const open = { ...container, ports: [{ containerPort: 80 }] };

/** What the real server made of it, at a JSON pointer. */
const cases: readonly (readonly [title: string, path: string, object: object, at: string, expected: unknown])[] = [
  [
    'a pod asks for what it may have at most',
    pods,
    pod({ containers: [limited] }),
    '/spec/containers/0/resources',
    { limits: { cpu: '1' }, requests: { cpu: '1' } },
  ],
  [
    'a template does not',
    deployments,
    deployment({ containers: [limited] }),
    '/spec/template/spec/containers/0/resources',
    { limits: { cpu: '1' } },
  ],
  [
    "ports on the host's network are the host's",
    pods,
    pod({ containers: [open], hostNetwork: true }),
    '/spec/containers/0/ports/0/hostPort',
    80,
  ],
  [
    'not so in a template',
    deployments,
    deployment({ containers: [open], hostNetwork: true }),
    '/spec/template/spec/containers/0/ports/0/hostPort',
    undefined,
  ],
  [
    'no pod has less than a second to end',
    pods,
    pod({ terminationGracePeriodSeconds: -1 }),
    '/spec/terminationGracePeriodSeconds',
    1,
  ],
  [
    'a template may say less',
    deployments,
    deployment({ terminationGracePeriodSeconds: -1 }),
    '/spec/template/spec/terminationGracePeriodSeconds',
    -1,
  ],
  [
    'a pod as a whole asks for what its containers do',
    pods,
    pod({ containers: [limited], resources: { limits: { cpu: '2' }, requests: { memory: '1Gi' } } }),
    '/spec/resources',
    { limits: { cpu: '2' }, requests: { cpu: '1', memory: '1Gi' } },
  ],
  [
    'amounts in files are undivided',
    pods,
    pod({
      volumes: [
        {
          name: 'v',
          downwardAPI: { items: [{ path: 'q', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } }] },
        },
      ],
    }),
    '/spec/volumes/0/downwardAPI/items/0/resourceFieldRef',
    { containerName: 'c', resource: 'limits.cpu', divisor: '0' },
  ],
  [
    'a gated pod says so from the start',
    pods,
    pod({ schedulingGates: [{ name: 'a.b/c' }] }),
    '/status/conditions/0/reason',
    'SchedulingGated',
  ],
  [
    'stop signals are behind a gate that is off',
    pods,
    pod({ os: { name: 'linux' }, containers: [{ ...container, lifecycle: { stopSignal: 'SIGTERM' } }] }),
    '/spec/containers/0/lifecycle',
    undefined,
  ],
  [
    'groups of pods, too, in templates as well',
    deployments,
    deployment({ schedulingGroup: { podGroupName: 'x' } }),
    '/spec/template/spec/schedulingGroup',
    undefined,
  ],
  [
    'what is left of a dropped projection is an empty source',
    pods,
    pod({ volumes: [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { name: 'x', path: 'y' } }] } }] }),
    '/spec/volumes/0/projected/sources',
    [{}],
  ],
  [
    'a condition of a failure policy is met when it is true',
    jobs,
    {
      metadata: { name: 'j' },
      spec: {
        podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
        template: { spec: { containers: [container], restartPolicy: 'Never' } },
      },
    },
    '/spec/podFailurePolicy/rules/0/onPodConditions/0/status',
    'True',
  ],
  [
    'a job that has the labels of its pods has those that are added to them',
    jobs,
    {
      metadata: { name: 'j' },
      spec: {
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container], restartPolicy: 'Never' } },
      },
    },
    '/metadata/labels/job-name',
    'j',
  ],
];

void describe('what is made of new pods and templates', () => {
  let server: TestApiServer;
  before(async () => {
    server = await createTestApiServer();
  });
  after(() => server.close());

  for (const [title, path, object, at, expected] of cases) {
    void it(title, async () => {
      const { status, body, text } = await server.request('POST', `${path}?dryRun=All`, object);
      assert.equal(status, 201, text);
      const steps = at.slice(1).split('/');
      const found = steps.reduce<unknown>((value, step) => Reflect.get(value ?? {}, step) as unknown, body);
      assert.deepEqual(found, expected);
    });
  }
});
