import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatFieldError } from '../../../../src/apimachinery/field-error.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { countIndexes } from '../../../../src/api/batch/v1/index-ranges.ts';
import { builtInResources } from '../../../../src/api/registry.ts';
import type { RequestContext } from '../../../../src/api/resource-definition.ts';

type Fields = Record<string, unknown>;

const podSpec = { containers: [{ name: 'app', image: 'i' }], restartPolicy: 'Never' };
const template = { spec: podSpec };
const request = { subresource: '' } as unknown as RequestContext;

/** An object as the registry has it when it validates it. */
function prepared(kind: string, spec: Fields, name = 'work'): Unstructured {
  const resource = resourceOf(kind);
  const object: Unstructured = {
    apiVersion: 'batch/v1',
    kind,
    metadata: { name, namespace: 'default', uid: 'u1' },
    spec: structuredClone(spec),
  };
  resource.setDefaults?.(object);
  resource.strategy?.adjustForCreate?.(object);
  resource.setDefaults?.(object);
  return object;
}

function resourceOf(kind: string): (typeof builtInResources)[number] {
  const resource = builtInResources.find((one) => one.kind === kind);
  assert.ok(resource);
  return resource;
}

function problems(object: Unstructured): string[] {
  return (resourceOf(object.kind).strategy?.validateCreate?.(object, request) ?? []).map(formatFieldError);
}

function changeProblems(object: Unstructured, old: Unstructured): string[] {
  return (resourceOf(object.kind).strategy?.validateUpdate?.(object, old, request) ?? []).map(formatFieldError);
}

const cases: readonly [title: string, spec: Fields, expected: readonly string[]][] = [
  ['a good job', { template }, []],
  [
    'pods that would run for ever',
    { template: { spec: { ...podSpec, restartPolicy: 'Always' } } },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    'a selector of its own without saying so',
    { selector: { matchLabels: { zork: 'x' } }, template },
    [
      'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"u1","zork":"x"}}: `selector` not auto-generated',
      'spec.template.metadata.labels: Invalid value: {"batch.kubernetes.io/controller-uid":"u1","batch.kubernetes.io/job-name":"work","controller-uid":"u1","job-name":"work"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'a limit per index of a job without indexes',
    { backoffLimitPerIndex: 1, template },
    ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
  ],
  [
    'indexes without a number',
    { completionMode: 'Indexed', parallelism: 2, template },
    ['spec.completions: Required value: when completion mode is Indexed'],
  ],
  [
    'exit codes out of order, and one that is success',
    { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [2, 0] } }] }, template },
    [
      'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0]: must be ordered',
    ],
  ],
  [
    'a rule about nothing',
    { podFailurePolicy: { rules: [{ action: 'Ignore' }] }, template },
    ['spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required'],
  ],
  [
    'more successes than indexes',
    {
      completionMode: 'Indexed',
      completions: 3,
      successPolicy: { rules: [{ succeededIndexes: '0-1', succeededCount: 3 }] },
      template,
    },
    [
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
    ],
  ],
  [
    'a manager without a host',
    { managedBy: 'me', template },
    ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
];

void describe('validation of jobs', () => {
  for (const [title, spec, expected] of cases) {
    void it(title, () => {
      assert.deepEqual(problems(prepared('Job', { ...spec })), expected);
    });
  }

  void it('labels its pods with its name and uid, in old and new names', () => {
    const job = prepared('Job', { template });
    const labels = {
      'batch.kubernetes.io/controller-uid': 'u1',
      'batch.kubernetes.io/job-name': 'work',
      'controller-uid': 'u1',
      'job-name': 'work',
    };
    const spec = job['spec'] as { selector: unknown; template: { metadata: { labels: unknown } } };
    assert.deepEqual(spec.template.metadata.labels, labels);
    assert.deepEqual(spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } });
    assert.deepEqual(job.metadata.labels, labels);
  });

  void it('while it is suspended its pods may get other nodes and resources, and nothing else', () => {
    const withPod = (fields: Fields, suspend = true): Unstructured =>
      prepared('Job', { suspend, template: { spec: { ...podSpec, ...fields } } });
    const resources = { requests: { cpu: '1' } };
    const moved = withPod({ nodeSelector: { zone: 'a' }, containers: [{ ...podSpec.containers[0], resources }] });
    assert.deepEqual(changeProblems(moved, withPod({})), []);
    const running = changeProblems(withPod({ nodeSelector: { zone: 'a' } }, false), withPod({}, false));
    assert.match(running.join(), /^spec\.template: Invalid value: .*: field is immutable$/);
    const renamed = changeProblems(withPod({ containers: [{ name: 'app', image: 'other' }] }), withPod({}));
    assert.match(renamed.join(), /^spec\.template\.spec: Invalid value: .*: field is immutable$/);
  });

  void it('completions of indexed jobs change with the parallelism only', () => {
    const indexed = (completions: number, parallelism: number): Unstructured =>
      prepared('Job', { completionMode: 'Indexed', completions, parallelism, template });
    assert.deepEqual(changeProblems(indexed(3, 3), indexed(2, 2)), []);
    assert.deepEqual(changeProblems(indexed(3, 2), indexed(2, 2)), [
      'spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism',
    ]);
  });

  void it('lists of indexes rise and stay below the completions', () => {
    assert.equal(countIndexes('', 3), 0);
    assert.equal(countIndexes('0,2-4,7', 8), 5);
    const wrong: readonly [string, string][] = [
      ['1,1', 'non-increasing order, previous: 1, current: 1'],
      ['3-3', 'non-increasing order, previous: 3, current: 3'],
      ['8', 'too large index: "8"'],
      ['a', 'cannot convert string to integer for index: "a"'],
      [
        '1-2-3',
        'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\'',
      ],
    ];
    for (const [text, message] of wrong) assert.throws(() => countIndexes(text, 8), { message });
  });
});

const cronCases: readonly [title: string, spec: Fields, expected: readonly string[]][] = [
  ['a good cron job', {}, []],
  [
    'a zone in the schedule',
    { schedule: 'CRON_TZ=UTC 0 * * * *' },
    [
      'spec.schedule: Invalid value: "CRON_TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
  ],
  [
    'a zone that is nowhere',
    { timeZone: 'Nope/Zone' },
    ['spec.timeZone: Invalid value: "Nope/Zone": unknown time zone Nope/Zone'],
  ],
  [
    'the zone of the server',
    { timeZone: 'Local' },
    [
      'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    ],
  ],
  [
    'a selector for all of its jobs',
    { jobTemplate: { spec: { manualSelector: true, template } } },
    ['spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"'],
  ],
];

void describe('validation of cron jobs', () => {
  const good = { schedule: '0 * * * *', jobTemplate: { spec: { template } } };
  for (const [title, spec, expected] of cronCases) {
    void it(title, () => {
      assert.deepEqual(problems(prepared('CronJob', { ...good, ...spec })), expected);
    });
  }

  void it('leaves room in its name for the time of a job', () => {
    assert.deepEqual(problems(prepared('CronJob', good, 'x'.repeat(53))), [
      `metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`,
    ]);
  });

  void it('keeps a zone in the schedule that was there before', () => {
    const zoned = prepared('CronJob', { ...good, schedule: 'TZ=UTC 0 * * * *' });
    assert.deepEqual(changeProblems(zoned, zoned), []);
  });
});
