import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { NetworkPolicySpec } from '../../../src/api/types/networking-v1.ts';
import { createInformerFactory } from '../../../src/client/informer-factory.ts';
import { createNetworkPolicies, type TrafficFlow } from '../../../src/node/proxy/network-policies.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

/** Who there is. */
const pods: readonly [namespace: string, name: string, address: string][] = [
  ['x', 'a', '10.244.0.1'],
  ['x', 'b', '10.244.0.2'],
  ['y', 'a', '10.244.0.3'],
];
const node = '192.168.64.2';

/** Whether flows are allowed, with policies in the namespace x; what is not said goes from x/b to port 80 of x/a. */
async function allowed(
  context: TestContext,
  specs: readonly NetworkPolicySpec[],
): Promise<(flow: Partial<TrafficFlow>) => boolean> {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const informers = createInformerFactory({ client: api.client, clock, random: seededRandom(1), log: silentLogger });
  const policies = createNetworkPolicies(informers);
  for (const name of ['x', 'y']) {
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ns: name } } });
  }
  for (const [namespace, name, ip] of pods) {
    const ports = [{ name: 'web', containerPort: 80 }];
    const spec = { containers: [{ name: 'c', image: 'i', ports }] };
    await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels: { pod: name } }, spec });
    const status = { phase: 'Running', hostIP: node, podIP: ip, podIPs: [{ ip }] };
    await api.request(
      'PATCH',
      `/api/v1/namespaces/${namespace}/pods/${name}/status`,
      { status },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
  }
  for (const [index, spec] of specs.entries()) {
    const metadata = { namespace: 'x', name: `p${index}` };
    await api.create({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec });
  }
  informers.start();
  await informers.waitForSync();
  context.after(async () => {
    await informers.stop();
    await api.close();
  });
  return (flow) => {
    const from = flow.from ?? '10.244.0.2';
    return policies.allows({ from, seenAs: from, to: '10.244.0.1', port: 80, protocol: 'TCP', ...flow });
  };
}

const all = {};
const [xa, xb, ya, elsewhere] = ['10.244.0.1', '10.244.0.2', '10.244.0.3', '192.168.64.3'];

test('without policies everything is allowed', async (context) => {
  const allows = await allowed(context, []);
  assert.equal(allows({ from: ya }), true);
});

test('who is isolated is still reached by its node, by itself and from outside of the network', async (context) => {
  const allows = await allowed(context, [{ podSelector: all, policyTypes: ['Ingress'] }]);
  const reached = [xa, xb, ya, node, elsewhere, ''].filter((from) => allows({ from }));
  assert.deepEqual(reached, [xa, node, '']);
  // What it sends is not meant, nor are other namespaces.
  assert.equal(allows({ from: xa, to: ya }), true);
});

const cases: readonly [title: string, specs: NetworkPolicySpec[], reached: string[]][] = [
  ['pods of the namespace by their labels', [ingress([{ podSelector: { matchLabels: { pod: 'b' } } }])], [xa, xb]],
  ['namespaces by their labels', [ingress([{ namespaceSelector: { matchLabels: { ns: 'y' } } }])], [xa, ya]],
  ['both at once', [ingress([{ namespaceSelector: all, podSelector: { matchLabels: { pod: 'b' } } }])], [xa, xb]],
  ['addresses, but for some', [ingress([{ ipBlock: { cidr: '10.244.0.0/24', except: [`${ya}/32`] } }])], [xa, xb]],
  ['addresses that are no pods', [ingress([{ ipBlock: { cidr: '192.168.64.0/24' } }])], [xa, elsewhere]],
  [
    'what any of several policies lets in',
    [
      ingress([{ podSelector: { matchLabels: { pod: 'b' } } }]),
      ingress([{ namespaceSelector: { matchLabels: { ns: 'y' } } }]),
    ],
    [xa, xb, ya],
  ],
  ['all with an empty rule', [{ podSelector: all, ingress: [{}] }], [xa, xb, ya, elsewhere]],
  ['nobody without a rule', [{ podSelector: all, ingress: [] }], [xa]],
  [
    'whoever asks where the policy is not for the pod',
    [{ podSelector: { matchLabels: { pod: 'z' } } }],
    [xa, xb, ya, elsewhere],
  ],
];

function ingress(from: NonNullable<NonNullable<NetworkPolicySpec['ingress']>[number]['from']>): NetworkPolicySpec {
  return { podSelector: all, ingress: [{ from }] };
}

for (const [title, specs, reached] of cases) {
  test(`lets in ${title}`, async (context) => {
    const allows = await allowed(context, specs);
    assert.deepEqual(
      [xa, xb, ya, elsewhere].filter((from) => allows({ from })),
      reached,
    );
  });
}

test('ports are those of the receiver, by number, range, name and protocol', async (context) => {
  const flows: readonly [port: object, open: string[]][] = [
    [{ port: 80 }, ['TCP 80']],
    [{ port: 80, endPort: 81, protocol: 'TCP' }, ['TCP 80', 'TCP 81']],
    [{ port: 'web' }, ['TCP 80']],
    [{ protocol: 'UDP' }, ['UDP 80', 'UDP 81']],
    [{ port: 80, protocol: 'SCTP' }, ['SCTP 80']],
  ];
  for (const [port, open] of flows) {
    const allows = await allowed(context, [{ podSelector: all, ingress: [{ ports: [port] }] }]);
    const asked = (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) =>
      [80, 81].map((number) => ({ protocol, port: number })),
    );
    assert.deepEqual(
      asked.filter((flow) => allows(flow)).map((flow) => `${flow.protocol} ${flow.port}`),
      open,
    );
  }
});

test('what leaves a pod is held by its own policies, wherever it goes', async (context) => {
  const allows = await allowed(context, [
    {
      podSelector: { matchLabels: { pod: 'a' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: all }], ports: [{ port: 80 }] }],
    },
  ]);
  assert.equal(allows({ from: xa, to: xb }), true);
  assert.equal(allows({ from: xa, to: xb, port: 81 }), false);
  assert.equal(allows({ from: xa, to: ya }), false);
  assert.equal(allows({ from: xa, to: '127.0.0.1', port: 6443 }), false);
  assert.equal(allows({ from: xb, to: ya }), true);
  assert.equal(allows({ from: xb, to: xa }), true);
});

test('who comes by the port of a node is seen as that node', async (context) => {
  const allows = await allowed(context, [ingress([{ podSelector: all }])]);
  assert.equal(allows({ from: xb, seenAs: elsewhere }), false);
  assert.equal(allows({ from: xb, seenAs: xb }), true);
  assert.equal(allows({ from: ya, seenAs: node }), true);
});
