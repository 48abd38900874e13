import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { createTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

/** What is written as the status of an object that was just created, and what the real server says is wrong with it. */
type Case = readonly [status: object, problems: readonly string[]];

interface Suite {
  readonly path: string;
  readonly object: Unstructured;
  readonly cases: readonly Case[];
}

const container = { name: 'c', image: 'i' };
const ofPods = { spec: { containers: [container], restartPolicy: 'Never' } };
const at = '2020-01-01T00:00:00Z';
const done = (type: string): object => ({ type, status: 'True', lastProbeTime: at, lastTransitionTime: at });
const device = { request: 'r1', driver: 'd.io', pool: 'p', device: 'x' };
const at127 = { name: 'c', image: 'i', imageID: 'i', ready: true, restartCount: 0 };

const suites: readonly Suite[] = [
  {
    path: '/apis/batch/v1/namespaces/default/jobs',
    object: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', namespace: 'default' },
      spec: { completionMode: 'Indexed', completions: 4, backoffLimitPerIndex: 2, template: ofPods },
    },
    cases: [
      [{ active: 1, ready: 1, completedIndexes: '0-1', failedIndexes: '3' }, []],
      [
        { completionTime: at, completedIndexes: 'x' },
        [
          `status.completionTime: Invalid value: "${at}": cannot set completionTime when there is no Complete=True condition`,
          'status.completedIndexes: Invalid value: "x": error parsing completedIndexes: cannot convert string to integer for index: "x"',
        ],
      ],
      [
        { completedIndexes: '0-2', failedIndexes: '2,3' },
        ['status.failedIndexes: Invalid value: "2,3": failedIndexes and completedIndexes overlap at index: 2'],
      ],
      [
        { uncountedTerminatedPods: { succeeded: ['a'], failed: ['a', ''] } },
        [
          'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
          'status.uncountedTerminatedPods.failed[1]: Invalid value: "": must not be empty',
        ],
      ],
      [
        { conditions: [done('Complete')], completionTime: at, active: 1 },
        [
          'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
          'status.active: Invalid value: 1: active>0 is invalid for finished job',
          'status.startTime: Required value: startTime is required for finished job',
        ],
      ],
      [{ ready: 2, active: 1 }, ['status.ready: Invalid value: 2: cannot set more ready pods than active']],
    ],
  },
  {
    path: '/api/v1/namespaces/default/persistentvolumeclaims',
    object: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' },
    },
    cases: [
      [
        { allocatedResources: { k: '1' }, allocatedResourceStatuses: { k: '' }, capacity: { storage: '-1' } },
        [
          'status.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
          'status.allocatedResourceStatuses: Unsupported value: "k": supported values: "storage"',
          'status.allocatedResourceStatuses: Unsupported value: "k": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
          'status.allocatedResources: Unsupported value: "k": supported values: "storage"',
        ],
      ],
    ],
  },
  {
    path: '/api/v1/nodes',
    object: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } },
    cases: [
      [
        { capacity: { '': '-1' }, allocatable: { k: '-1' } },
        [
          'status.capacity[]: Invalid value: "-1": must be greater than or equal to 0',
          'status.allocatable.k: Invalid value: "-1": must be greater than or equal to 0',
        ],
      ],
    ],
  },
  {
    path: '/api/v1/namespaces/default/pods',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [container], os: { name: 'windows' } },
    },
    cases: [
      [
        {
          resourceClaimStatuses: [{ name: 'x' }],
          extendedResourceClaimStatus: { requestMappings: [], resourceClaimName: '' },
          containerStatuses: [{ ...at127, user: { linux: { uid: 1, gid: 1 } } }],
          ephemeralContainerStatuses: [{ ...at127, name: 'e', allocatedResourcesStatus: [{ name: 'x' }] }],
        },
        [
          'status.resourceClaimStatuses[0].name: Invalid value: "x": must match the name of an entry in `spec.resourceClaims`',
          'status.extendedResourceClaimStatus.requestMappings: Required value: at least one request mapping is required',
          'status.extendedResourceClaimStatus.resourceClaimName: Required value',
          'status.containerStatuses[0].user.linux: Forbidden: cannot be set for a windows pod',
          'status.ephemeralContainerStatuses[0].allocatedResourcesStatus: Forbidden: must not be specified in container status',
        ],
      ],
    ],
  },
  {
    path: '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims',
    object: {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'rc', namespace: 'default' },
      spec: { devices: { requests: [{ name: 'r1', exactly: { deviceClassName: 'dc' } }] } },
    },
    cases: [
      [{ allocation: { devices: { results: [device] } }, devices: [{ driver: 'd.io', pool: 'p', device: 'x' }] }, []],
      [
        { reservedFor: [{ name: '', resource: 'pods', uid: 'u' }] },
        [
          'status.reservedFor[0].name: Required value',
          'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
        ],
      ],
      [
        { allocation: { devices: { results: [{ ...device, adminAccess: true, request: 'r2', shareID: 'x' }] } } },
        [
          'status.allocation.devices.results[0].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace',
          'status.allocation.devices.results[0].request: Invalid value: "r2": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
          'status.allocation.devices.results[0].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1',
        ],
      ],
      [
        {
          allocation: {
            devices: {
              results: [{ ...device, bindingConditions: ['a'] }],
              config: [{ source: 'x', opaque: { driver: 'd.io', parameters: 1 } }],
            },
            nodeSelector: { nodeSelectorTerms: [] },
          },
        },
        [
          'status.allocation.devices.results[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
          'status.allocation.devices.config[0].source: Unsupported value: "x": supported values: "FromClaim", "FromClass"',
          'status.allocation.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
          'status.allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
        ],
      ],
      [
        {
          devices: [
            {
              driver: 'd.io',
              pool: 'p',
              device: 'y',
              conditions: [{ type: 'Ready', status: 'x', lastTransitionTime: at, reason: '-' }],
              networkData: { ips: ['10.0.0.1', '010.0.0.1/24'] },
            },
          ],
        },
        [
          'status.devices[0]: Invalid value: {"Driver":"d.io","Pool":"p","Device":"y","ShareID":""}: must be an allocated device in the claim',
          'status.devices[0].conditions[0].status: Unsupported value: "x": supported values: "False", "True", "Unknown"',
          "status.devices[0].conditions[0].reason: Invalid value: \"-\": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')",
          'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
          'status.devices[0].networkData.ips[1]: Invalid value: "010.0.0.1/24": must be in canonical form ("10.0.0.1/24")',
        ],
      ],
    ],
  },
  {
    path: '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
    object: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b', namespace: 'default' },
      spec: { minAvailable: 1 },
    },
    cases: [
      [
        { conditions: [{ type: 'a', status: '', reason: 'R' }], disruptionsAllowed: -1 },
        [
          'status.conditions[0].status: Unsupported value: "": supported values: "False", "True", "Unknown"',
          'status.conditions[0].lastTransitionTime: Required value',
          'status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0',
        ],
      ],
    ],
  },
];

interface Answer {
  readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] };
}

for (const { path, object, cases } of suites) {
  void describe(`the status of a ${object.kind}`, () => {
    let server: TestApiServer;
    let created: Unstructured;
    before(async () => {
      server = await createTestApiServer();
      created = await server.create(object);
    });
    after(() => server.close());

    cases.forEach(([status, problems], index) => {
      void it(`${index + 1}: ${problems[0] ?? 'lets pass'}`, async () => {
        const where = `${path}/${created.metadata.name}/status?dryRun=All`;
        const { body, text } = await server.request('PUT', where, { ...created, status });
        const { causes } = (body as Answer).details ?? {};
        if (problems.length > 0) assert.notEqual(causes, undefined, text);
        assert.deepEqual(
          (causes ?? []).map(({ field, message }) => `${field}: ${message}`),
          problems,
        );
      });
    });
  });
}
