import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  AllocationResult,
  Device,
  DeviceClaim,
  DeviceClass,
  DeviceRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../../src/api/types/resource-v1.ts';
import { allocateDevices, DeviceAllocationError } from '../../../src/control-plane/scheduler/device-allocator.ts';
import { testNode } from '../../support/scheduling-cluster.ts';

const driver = 'gpu.example.com';

function slice(name: string, devices: Device[], more: Partial<ResourceSliceSpec> = {}): ResourceSlice {
  const pool = { name: 'pool', generation: 1, resourceSliceCount: 1 };
  const place = more.allNodes === true || more.nodeSelector !== undefined ? {} : { nodeName: 'a' };
  const metadata = { name };
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata,
    spec: { driver, pool, devices, ...place, ...more },
  };
}

function deviceClass(name: string, expression?: string): DeviceClass {
  const selectors = expression === undefined ? {} : { selectors: [{ cel: { expression } }] };
  return { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name }, spec: selectors };
}

function claim(requests: DeviceRequest[], more: Partial<DeviceClaim> = {}, name = 'claim'): ResourceClaim {
  const metadata = { name, namespace: 'default', uid: `uid-${name}` };
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata,
    spec: { devices: { requests, ...more } },
  };
}

const exactly = (name: string, more: Partial<ExactDeviceRequest> = {}): DeviceRequest => ({
  name,
  exactly: { deviceClassName: 'gpu', ...more },
});

const selected = (expression: string) => ({ selectors: [{ cel: { expression } }] });

const gpus: Device[] = [
  { name: 'small', attributes: { model: { string: 'a' }, numa: { int: 0 } }, capacity: { memory: { value: '8Gi' } } },
  { name: 'large', attributes: { model: { string: 'b' }, numa: { int: 1 } }, capacity: { memory: { value: '40Gi' } } },
  {
    name: 'twin',
    attributes: { model: { string: 'b' }, numa: { int: 1 }, 'other.example.com/link': { bool: true } },
    capacity: { memory: { value: '40Gi' } },
  },
];

interface Facts {
  readonly claims: readonly ResourceClaim[];
  readonly slices?: readonly ResourceSlice[];
  readonly classes?: readonly DeviceClass[];
  readonly taken?: readonly string[];
}

function allocate({ claims, slices = [slice('s', gpus)], classes = [deviceClass('gpu')], taken = [] }: Facts) {
  return allocateDevices({
    node: testNode('a', { labels: { zone: 'z' } }),
    claims,
    deviceClass: (name) => classes.find(({ metadata }) => metadata.name === name),
    slices,
    taken: new Set(taken.map((name) => `${driver}/pool/${name}`)),
  });
}

/** `request=device` of all claims; undefined when there is not enough. */
function chosen(results: AllocationResult[] | undefined): string | undefined {
  return results
    ?.flatMap(({ devices }) => (devices?.results ?? []).map(({ request, device }) => `${request}=${device}`))
    .join(' ');
}

const tainted: Device = { name: 'worn', taints: [{ key: 'worn', value: 'very', effect: 'NoSchedule' }] };
const parts = (name: string, amount: string): Device => ({
  name,
  consumesCounters: [{ counterSet: 'card', counters: { memory: { value: amount } } }],
});
const card = [{ name: 'card', counters: { memory: { value: '40Gi' } } }];

const cases: readonly (readonly [name: string, facts: Facts, expected: string | undefined])[] = [
  ['the first that is free', { claims: [claim([exactly('r')])], taken: ['small'] }, 'r=large'],
  ['as many as are asked for', { claims: [claim([exactly('r', { count: 2 })])] }, 'r=small r=large'],
  ['too few', { claims: [claim([exactly('r', { count: 4 })])] }, undefined],
  [
    'several requests and claims',
    { claims: [claim([exactly('r'), exactly('q')]), claim([exactly('p')], {}, 'two')] },
    'r=small q=large p=twin',
  ],
  ['all of them', { claims: [claim([exactly('r', { allocationMode: 'All' })])] }, 'r=small r=large r=twin'],
  [
    'all of them, but one is taken',
    { claims: [claim([exactly('r', { allocationMode: 'All' })])], taken: ['large'] },
    undefined,
  ],
  [
    'by expression',
    { claims: [claim([exactly('r', selected(`device.attributes["${driver}"].model == "b"`))])] },
    'r=large',
  ],
  [
    'by capacity in an expression',
    { claims: [claim([exactly('r', selected(`device.capacity["${driver}"].memory.isGreaterThan(quantity("8Gi"))`))])] },
    'r=large',
  ],
  [
    'by an attribute of another domain',
    { claims: [claim([exactly('r', selected('device.attributes["other.example.com"].?link.orValue(false)'))])] },
    'r=twin',
  ],
  [
    'by what the class selects',
    {
      claims: [claim([exactly('r')])],
      classes: [deviceClass('gpu', `device.driver == "${driver}" && device.attributes["${driver}"].numa == 1`)],
    },
    'r=large',
  ],
  ['by capacity', { claims: [claim([exactly('r', { capacity: { requests: { memory: '16Gi' } } })])] }, 'r=large'],
  [
    'alike',
    { claims: [claim([exactly('r', { count: 2 })], { constraints: [{ matchAttribute: `${driver}/model` }] })] },
    'r=large r=twin',
  ],
  [
    'alike, but not all of them are',
    { claims: [claim([exactly('r', { count: 3 })], { constraints: [{ matchAttribute: `${driver}/model` }] })] },
    undefined,
  ],
  [
    'alike, for one request',
    {
      claims: [
        claim([exactly('q'), exactly('r', { count: 2 })], {
          constraints: [{ matchAttribute: `${driver}/model`, requests: ['r'] }],
        }),
      ],
    },
    'q=small r=large r=twin',
  ],
  [
    'different',
    { claims: [claim([exactly('r', { count: 2 })], { constraints: [{ distinctAttribute: `${driver}/numa` }] })] },
    'r=small r=large',
  ],
  [
    'what nobody tells is not alike',
    { claims: [claim([exactly('r')], { constraints: [{ matchAttribute: `${driver}/serial` }] })] },
    undefined,
  ],
  [
    'for administration, though taken',
    { claims: [claim([exactly('r', { adminAccess: true })])], taken: ['small'] },
    'r=small',
  ],
  [
    'the first alternative that there is',
    {
      claims: [
        claim([
          {
            name: 'r',
            firstAvailable: [
              { name: 'many', deviceClassName: 'gpu', count: 5 },
              { name: 'few', deviceClassName: 'gpu', count: 2 },
            ],
          },
        ]),
      ],
    },
    'r/few=small r/few=large',
  ],
  ['not what is tainted', { claims: [claim([exactly('r')])], slices: [slice('s', [tainted])] }, undefined],
  [
    'what is tainted and tolerated',
    {
      claims: [claim([exactly('r', { tolerations: [{ key: 'worn', operator: 'Exists' }] })])],
      slices: [slice('s', [tainted])],
    },
    'r=worn',
  ],
  [
    'what is tainted and tolerated by value',
    {
      claims: [claim([exactly('r', { tolerations: [{ key: 'worn', operator: 'Equal', value: 'bit' }] })])],
      slices: [slice('s', [tainted])],
    },
    undefined,
  ],
  [
    'of what devices share',
    {
      claims: [claim([exactly('r', { count: 2 })])],
      slices: [
        slice('s', [parts('whole', '40Gi'), parts('half', '20Gi'), parts('rest', '20Gi')], { sharedCounters: card }),
      ],
    },
    'r=half r=rest',
  ],
  [
    'of what is left of it',
    {
      claims: [claim([exactly('r')])],
      slices: [
        slice('s', [parts('whole', '40Gi'), parts('half', '20Gi'), parts('rest', '20Gi')], { sharedCounters: card }),
      ],
      taken: ['half'],
    },
    'r=rest',
  ],
  [
    'not of another node',
    { claims: [claim([exactly('r')])], slices: [slice('s', gpus, { nodeName: 'b' })] },
    undefined,
  ],
  ['of all nodes', { claims: [claim([exactly('r')])], slices: [slice('s', gpus, { allNodes: true })] }, 'r=small'],
  [
    'of the newest generation',
    {
      claims: [claim([exactly('r')])],
      slices: [
        slice('old', gpus),
        slice('new', [{ name: 'other' }], { pool: { name: 'pool', generation: 2, resourceSliceCount: 1 } }),
      ],
    },
    'r=other',
  ],
  [
    'not of a pool that is not whole',
    {
      claims: [claim([exactly('r')])],
      slices: [slice('s', gpus, { pool: { name: 'pool', generation: 1, resourceSliceCount: 2 } })],
    },
    undefined,
  ],
  [
    'not what several may have at once',
    { claims: [claim([exactly('r')])], slices: [slice('s', [{ name: 'shared', allowMultipleAllocations: true }])] },
    undefined,
  ],
];

for (const [name, facts, expected] of cases) {
  test(`devices: ${name}`, () => {
    assert.equal(chosen(allocate(facts)), expected);
  });
}

const failures: readonly (readonly [name: string, facts: Facts, message: string])[] = [
  [
    'an expression without an answer',
    { claims: [claim([exactly('r', selected(`device.attributes["${driver}"].serial == "x"`))])] },
    'claim default/claim: selector #0: CEL runtime error: no such key: serial',
  ],
  [
    'a class that is not there',
    { claims: [claim([exactly('r')])], classes: [] },
    'claim default/claim, request r: could not retrieve device class gpu: deviceclass.resource.k8s.io "gpu" not found',
  ],
  [
    'all of a pool that is not whole',
    {
      claims: [claim([exactly('r', { allocationMode: 'All' })])],
      slices: [slice('s', gpus, { pool: { name: 'pool', generation: 1, resourceSliceCount: 2 } })],
    },
    `claim default/claim, request r: asks for all devices, but resource pool ${driver}/pool is currently being updated`,
  ],
];

for (const [name, facts, message] of failures) {
  test(`devices: ${name} is an error`, () => {
    assert.throws(() => allocate(facts), new DeviceAllocationError(message));
  });
}

test('what a claim gets says where it can be used, and how it is set up', () => {
  const opaque = { driver, parameters: { mode: 'fast' } };
  const inZone = [{ key: 'zone', operator: 'In', values: ['z'] }];
  const results = allocate({
    claims: [
      claim([exactly('r')], {
        config: [
          { opaque, requests: ['r'] },
          { opaque, requests: ['other'] },
        ],
      }),
    ],
    classes: [{ ...deviceClass('gpu'), spec: { config: [{ opaque }] } }],
    slices: [slice('s', gpus, { nodeSelector: { nodeSelectorTerms: [{ matchExpressions: inZone }] } })],
  });
  assert.deepEqual(results, [
    {
      devices: {
        results: [{ request: 'r', driver, pool: 'pool', device: 'small' }],
        config: [
          { source: 'FromClass', requests: ['r'], opaque },
          { source: 'FromClaim', requests: ['r'], opaque },
        ],
      },
      nodeSelector: { nodeSelectorTerms: [{ matchExpressions: inZone }] },
    },
  ]);
  const local = allocate({ claims: [claim([exactly('r')])] });
  const here = { key: 'metadata.name', operator: 'In', values: ['a'] };
  assert.deepEqual(local?.[0]?.nodeSelector, { nodeSelectorTerms: [{ matchFields: [here] }] });
});
