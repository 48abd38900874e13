import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatFieldError } from '../../../../src/apimachinery/field-error.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { builtInResources } from '../../../../src/api/registry.ts';
import type { RequestContext } from '../../../../src/api/resource-definition.ts';

type Fields = Record<string, unknown>;

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'nginx' }] } };
const selector = { matchLabels: { app: 'web' } };
const request = { subresource: '', user: { name: 'test', groups: [] } } as unknown as RequestContext;

function objectOf(kind: string, fields: Fields): Unstructured {
  return { apiVersion: 'v1', kind, metadata: { name: 'web', namespace: 'default' }, ...structuredClone(fields) };
}

/** What the server says of an object of this kind, after its defaults; of a change to it when `old` is given. */
function problems(kind: string, fields: Fields, old?: Fields, subresource = ''): string[] {
  const resource = builtInResources.find((one) => one.kind === kind);
  assert.ok(resource?.strategy !== undefined);
  const [object, before] = [fields, old ?? {}].map((given) => objectOf(kind, given)) as [Unstructured, Unstructured];
  for (const one of [object, before]) resource.setDefaults?.(one);
  const context = { ...request, subresource };
  const errors =
    old === undefined
      ? resource.strategy.validateCreate?.(object, context)
      : resource.strategy.validateUpdate?.(object, before, context);
  return (errors ?? []).map(formatFieldError);
}

const cases: readonly [title: string, kind: string, spec: Fields, expected: readonly string[]][] = [
  ['a good deployment', 'Deployment', { selector, template }, []],
  [
    'a deployment without a selector',
    'Deployment',
    { template },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'a deployment that ends its pods',
    'Deployment',
    { selector, template: { ...template, spec: { ...template.spec, activeDeadlineSeconds: 5 } } },
    ['spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported'],
  ],
  [
    'a rollout that cannot begin',
    'Deployment',
    { selector, template, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
  ],
  [
    'more than all pods away',
    'Deployment',
    { selector, template, strategy: { rollingUpdate: { maxUnavailable: '101%' } } },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
  ],
  [
    'a deadline before a pod can be available',
    'Deployment',
    { selector, template, minReadySeconds: 600 },
    ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
  ],
  [
    'an empty selector of a replica set',
    'ReplicaSet',
    { selector: {}, template },
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  [
    'a daemon set that does both',
    'DaemonSet',
    { selector, template, updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } },
    ['spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero'],
  ],
  [
    'claims of a stateful set, which its pods may mount',
    'StatefulSet',
    {
      selector,
      template: {
        ...template,
        spec: { containers: [{ name: 'app', image: 'i', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
      },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    },
    [
      'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required',
      'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
    ],
  ],
  [
    'claims of one name are one volume',
    'StatefulSet',
    {
      selector,
      template: { ...template, spec: { containers: [{ name: 'app', image: 'i' }] } },
      volumeClaimTemplates: [1, 2].map(() => ({
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      })),
    },
    [],
  ],
  [
    'a replication controller without a template',
    'ReplicationController',
    { replicas: 1, selector: { app: 'web' } },
    ['spec.template: Required value'],
  ],
  [
    'a budget that is no percentage',
    'PodDisruptionBudget',
    { minAvailable: '50', selector },
    [
      "spec.minAvailable: Invalid value: \"50\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ],
  ],
  [
    'a budget of both kinds',
    'PodDisruptionBudget',
    { minAvailable: 1, maxUnavailable: 1 },
    [
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
  ],
  [
    'a claim of nothing',
    'PersistentVolumeClaim',
    { accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'], resources: { requests: { storage: '0' } } },
    [
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ],
  ],
];

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } };

void describe('validation of workloads and claims', () => {
  for (const [title, kind, spec, expected] of cases) {
    void it(title, () => {
      assert.deepEqual(problems(kind, { spec }), expected);
    });
  }

  void it('a selector never changes', () => {
    const other = { app: 'other' };
    const changed = { selector: { matchLabels: other }, template: { ...template, metadata: { labels: other } } };
    for (const kind of ['Deployment', 'ReplicaSet', 'DaemonSet']) {
      assert.deepEqual(problems(kind, { spec: changed }, { spec: { selector, template } }), [
        'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
      ]);
    }
  });

  void it('a stateful set whose template was wrong before may still be scaled', () => {
    const wrong = { ...template, spec: { containers: [{ name: 'Bad_Name', image: 'i' }] } };
    const scaled = (replicas: number): Fields => ({ spec: { selector, template: wrong, replicas } });
    assert.deepEqual(problems('StatefulSet', scaled(2), scaled(1)), []);
    assert.equal(problems('StatefulSet', scaled(1)).length, 1);
  });

  void it('a status counts no part larger than the whole', () => {
    const status = { replicas: 1, readyReplicas: 2, availableReplicas: -1 };
    assert.deepEqual(problems('Deployment', { spec: { selector, template }, status }, { status: {} }, 'status'), [
      'status.availableReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ]);
  });

  void it('a claim grows only while it is bound, and keeps its volume', () => {
    const larger = { ...claim, resources: { requests: { storage: '3Gi' } } };
    const message =
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    const kind = 'PersistentVolumeClaim';
    const difference = [
      '@@ -6,7 +6,7 @@',
      '  "Resources": {',
      '   "Limits": null,',
      '   "Requests": {',
      '-   "storage": "2Gi"',
      '+   "storage": "3Gi"',
      '   }',
      '  },',
      '  "VolumeName": "",',
      '',
    ];
    assert.deepEqual(problems(kind, { spec: larger }, { spec: claim }), [`${message}\n${difference.join('\n')}`]);
    const status = { phase: 'Bound', capacity: { storage: '2Gi' } };
    const bound = { spec: { ...claim, volumeName: 'pv' }, status };
    assert.deepEqual(problems(kind, { spec: { ...larger, volumeName: 'pv' }, status }, bound), []);
    const [moved = ''] = problems(kind, { spec: { ...claim, volumeName: 'other' }, status }, bound);
    assert.match(moved, /\n- "VolumeName": "pv",\n\+ "VolumeName": "other",\n/);
    const smaller = { ...claim, volumeName: 'pv', resources: { requests: { storage: '1Gi' } } };
    assert.deepEqual(problems(kind, { spec: smaller, status }, bound), [
      'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    ]);
  });

  void it('where a volume is filled from is kept in both fields', () => {
    const { strategy } = builtInResources.find((one) => one.kind === 'PersistentVolumeClaim') ?? {};
    const prepared = (spec: Fields): unknown => {
      const object = objectOf('PersistentVolumeClaim', { spec });
      strategy?.adjustForCreate?.(object);
      return object['spec'];
    };
    const source = { kind: 'PersistentVolumeClaim', name: 'other' };
    assert.deepEqual(prepared({ dataSource: source }), { dataSource: source, dataSourceRef: source });
    assert.deepEqual(prepared({ dataSource: { kind: 'Zork', name: 'x' } }), {});
    const reference = { apiGroup: 'example.com', kind: 'Zork', name: 'x' };
    assert.deepEqual(prepared({ dataSourceRef: reference }), { dataSource: reference, dataSourceRef: reference });
    assert.deepEqual(prepared({ dataSourceRef: { ...source, namespace: 'elsewhere' } }), {});
  });
});
