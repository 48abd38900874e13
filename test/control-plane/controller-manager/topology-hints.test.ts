import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../src/api/types/core-v1.ts';
import type { Endpoint, EndpointSlice } from '../../../src/api/types/discovery-v1.ts';
import {
  hasSameProcessors,
  processorRatios,
  withTopologyHints,
} from '../../../src/control-plane/controller-manager/topology-hints.ts';
import { createControllerHarness } from '../../support/controller-harness.ts';

const zoneLabel = 'topology.kubernetes.io/zone';

function node(zone: string, cpu = '4', ready = 'True', more: Record<string, string> = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${zone}`, labels: { ...(zone === '' ? {} : { [zoneLabel]: zone }), ...more } },
    status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
  };
}

const master = { 'node-role.kubernetes.io/control-plane': '' };
const ratios: readonly (readonly [name: string, nodes: readonly Node[], expected: unknown])[] = [
  ['two zones', [node('a'), node('b', '12')], { a: 0.25, b: 0.75 }],
  ['several nodes of a zone', [node('a'), node('a'), node('b', '8')], { a: 0.5, b: 0.5 }],
  ['one zone', [node('a'), node('a')], undefined],
  ['a node without a zone', [node('a'), node('b'), node('')], undefined],
  ['a node without processors', [node('a'), node('b'), node('c', '0')], undefined],
  [
    'nodes that do not count',
    [node('a'), node('b'), node('', '4', 'False'), node('', '4', 'True', master)],
    { a: 0.5, b: 0.5 },
  ],
];

for (const [name, nodes, expected] of ratios) {
  test(`processors of zones: ${name}`, () => {
    const found = processorRatios(nodes);
    assert.deepEqual(found && Object.fromEntries(found), expected);
  });
}

test('nodes are looked at again when what counts of them changes', () => {
  assert.ok(hasSameProcessors(node('a'), node('a')));
  for (const other of [node('b'), node('a', '5'), node('a', '4', 'False'), node('a', '4', 'True', master)]) {
    assert.ok(!hasSameProcessors(node('a'), other));
  }
});

/** Endpoints in zones: `aab` two in a and one in b, `-` for one that is not ready, `.` for one without a zone. */
function endpoints(zones: string): Endpoint[] {
  return zones.split('').map((zone) => ({
    addresses: ['10.0.0.1'],
    conditions: { ready: zone !== '-' },
    ...(zone === '.' ? {} : { zone: zone === '-' ? 'a' : zone }),
  }));
}

const even = new Map([
  ['a', 0.5],
  ['b', 0.5],
]);
const thirds = new Map(['a', 'b', 'c'].map((zone) => [zone, 1 / 3]));
const uneven = new Map([
  ['a', 0.2],
  ['b', 0.8],
]);

const shares: readonly (readonly [zones: string, ratios: ReadonlyMap<string, number> | undefined, expected: string])[] =
  [
    ['ab', even, 'ab'],
    ['aabb', even, 'aabb'],
    ['aaab', even, 'baab'],
    ['aa', even, 'ba'],
    ['aaa', thirds, 'bca'],
    ['ab-', even, 'ab-'],
    ['aaaabbbbbb', uneven, 'bbaabbbbbb'],
    ['a', even, 'Insufficient number of endpoints (1 endpoints, 2 zones)'],
    ['aab.', even, 'One or more endpoints do not have a zone specified'],
    [
      'aab',
      even,
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)',
    ],
    ['ab', undefined, 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'],
  ];

for (const [zones, parts, expected] of shares) {
  test(`hints of endpoints in ${zones}: ${expected}`, () => {
    const hinted = withTopologyHints(endpoints(zones), parts);
    const text =
      typeof hinted === 'string' ? hinted : hinted.map(({ hints }) => hints?.forZones?.[0]?.name ?? '-').join('');
    assert.equal(text, expected);
  });
}

test('a service with topology-mode Auto has hints, until it does not want them', async (context) => {
  const harness = await createControllerHarness('endpointslice-controller');
  context.after(() => harness.close());
  for (const zone of ['a', 'b']) {
    const { status, ...rest } = node(zone);
    await harness.api.create({ ...rest, status });
  }
  const mode = 'service.kubernetes.io/topology-mode';
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', annotations: { [mode]: 'Auto' } },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  for (const zone of ['a', 'b']) {
    const name = `web-${zone}`;
    await harness.api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: 'web' } },
      spec: { nodeName: `node-${zone}`, containers: [{ name: 'c', image: 'i' }] },
    });
    const podIP = zone === 'a' ? '10.0.0.1' : '10.0.0.2';
    const status = {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await harness.api.client
      .resource({ group: '', version: 'v1', resource: 'pods' }, 'default')
      .patch(name, 'application/merge-patch+json', { status }, { subresource: 'status' });
    await harness.work();
  }
  const hints = async (): Promise<unknown> => {
    const gvr = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;
    const [slice] = await harness.list<EndpointSlice>(gvr);
    return slice?.endpoints?.map((endpoint) => [endpoint.zone, endpoint.hints?.forZones?.[0]?.name]);
  };
  assert.deepEqual(await hints(), [
    ['a', 'a'],
    ['b', 'b'],
  ]);
  const text = 'Topology Aware Hints has been enabled, addressType: IPv4';
  assert.ok((await harness.events()).includes(`TopologyAwareHintsEnabled: ${text}`));
  const services = { group: '', version: 'v1', resource: 'services' } as const;
  await harness.patch(services, 'web', { metadata: { annotations: { [mode]: null } } });
  await harness.work();
  assert.deepEqual(await hints(), [
    ['a', undefined],
    ['b', undefined],
  ]);
  const ended = 'Topology Aware Hints has been disabled, addressType: IPv4';
  assert.ok((await harness.events()).includes(`TopologyAwareHintsDisabled: ${ended}`));
});
