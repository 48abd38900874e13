import assert from 'node:assert/strict';
import test from 'node:test';
import type { KubeObject, Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { bootstrapCluster } from '../../../../src/control-plane/apiserver/bootstrap/bootstrap-cluster.ts';
import { bootstrapPolicy } from '../../../../src/control-plane/apiserver/bootstrap/bootstrap-policy.ts';
import { persistentWork } from '../../../../src/control-plane/apiserver/bootstrap/persistent-work.ts';
import { defaultFlowSchemas, defaultPriorityLevels } from '../../../../src/api/flowcontrol/v1/default-flow-control.ts';
import type { PolicyRule } from '../../../../src/api/types/rbac-v1.ts';
import { internalError } from '../../../../src/apimachinery/status.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { missingRules } from '../../../../src/control-plane/authorization/rbac-escalation.ts';
import { goldenJson } from '../../../support/golden.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

interface Listed {
  readonly items: readonly Unstructured[];
}

/** By full name, without what a server adds. */
function byName(objects: readonly KubeObject[]): Map<string, unknown> {
  return new Map(
    objects
      .map((object): [string, unknown] => {
        const { metadata, ...fields } = object as Unstructured;
        const { name = '', namespace, labels, annotations } = metadata;
        const kept = Object.fromEntries(
          Object.entries(fields).filter(([key, value]) => key !== 'status' && key !== 'apiVersion' && value !== null),
        );
        return [`${namespace ?? ''}/${name}`, { ...kept, kind: undefined, labels, annotations }];
      })
      .toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
}

const policy = bootstrapPolicy();
const rbac = [
  ['clusterroles', policy.clusterRoles],
  ['clusterrolebindings', policy.clusterRoleBindings],
  ['roles', policy.roles],
  ['rolebindings', policy.roleBindings],
] as const;

for (const [name, objects] of rbac) {
  test(`default ${name} are those of a fresh cluster`, (context) => {
    const golden = goldenJson(context, `bootstrap/${name}.json`) as Listed | undefined;
    if (golden === undefined) return;
    const expected = byName(golden.items);
    const actual = byName(objects);
    assert.ok(actual.size > 5);
    assert.deepEqual([...actual.keys()], [...expected.keys()]);
    for (const [key, value] of expected) assert.deepEqual(actual.get(key), value, key);
  });
}

const flow = [
  ['flowschemas', defaultFlowSchemas],
  ['prioritylevelconfigurations', defaultPriorityLevels],
] as const;

for (const [name, specs] of flow) {
  test(`default ${name} are those of a fresh cluster`, (context) => {
    const golden = goldenJson(context, `bootstrap/${name}.json`) as Listed | undefined;
    if (golden === undefined) return;
    const expected = Object.fromEntries(golden.items.map((item) => [item.metadata.name, item['spec']]));
    assert.deepEqual({ ...specs }, expected);
  });
}

const clock = new FakeClock();
const options = {
  serviceAddress: '10.0.0.1',
  // It has tests of its own.
  serviceCidr: { start: () => Promise.resolve() },
  advertise: { address: '127.0.0.1', port: 6443 },
  clock,
  work: persistentWork({ clock, log: silentLogger }),
};

test('a first start makes everything, a second one writes next to nothing', async () => {
  const server = await createTestApiServer();
  try {
    await bootstrapCluster({ client: server.client, ...options });
    const roles = await server.request('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles');
    assert.equal((roles.body['items'] as unknown[]).length, policy.clusterRoles.length);
    const classes = await server.request('GET', '/apis/scheduling.k8s.io/v1/priorityclasses');
    assert.equal((classes.body['items'] as unknown[]).length, 2);
    const path = '/api/v1/namespaces/kube-system/configmaps/kube-apiserver-legacy-service-account-token-tracking';
    assert.deepEqual((await server.request('GET', path)).body['data'], { since: '2026-01-01' });
    const before = server.storage.currentRevision();
    await bootstrapCluster({ client: server.client, ...options });
    // Only where the server is reached is written again.
    assert.ok(server.storage.currentRevision() - before <= 2);
  } finally {
    await server.close();
  }
});

test('where the server is reached is told with its family', async () => {
  const server = await createTestApiServer();
  try {
    await bootstrapCluster({ client: server.client, ...options });
    const advertise = { address: '2001:db8::10', port: 6443 };
    await bootstrapCluster({ client: server.client, ...options, advertise });
    const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes';
    const { body } = await server.request('GET', path);
    assert.equal(body['addressType'], 'IPv6');
    assert.deepEqual(body['endpoints'], [{ addresses: ['2001:db8::10'], conditions: { ready: true } }]);
  } finally {
    await server.close();
  }
});

test('what admission refuses keeps no server from starting, and is tried again', async () => {
  let isBroken = false;
  const server = await createTestApiServer({
    admission: {
      mutate: () => Promise.resolve(),
      validate: () => (isBroken ? Promise.reject(internalError('failed calling webhook')) : Promise.resolve()),
    },
  });
  try {
    const work = persistentWork({ clock, log: silentLogger });
    const start = (port: number): Promise<void> =>
      bootstrapCluster({ client: server.client, ...options, work, advertise: { address: '127.0.0.1', port } });
    const portOf = async (): Promise<unknown> =>
      (await server.request('GET', '/api/v1/namespaces/default/endpoints/kubernetes')).body['subsets'];
    const subsets = (port: number): unknown => [
      { addresses: [{ ip: '127.0.0.1' }], ports: [{ name: 'https', port, protocol: 'TCP' }] },
    ];
    await start(6443);
    isBroken = true;
    await start(7443);
    assert.deepEqual(await portOf(), subsets(6443));
    isBroken = false;
    await clock.advance(10_000);
    await settle(30);
    assert.deepEqual(await portOf(), subsets(7443));
    isBroken = true;
    await start(8443);
    work.stop();
    isBroken = false;
    await clock.advance(10_000);
    await settle(30);
    assert.deepEqual(await portOf(), subsets(7443));
  } finally {
    await server.close();
  }
});

test('rules and subjects taken from the default policy come back, unless that is switched off', async () => {
  const server = await createTestApiServer();
  const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  try {
    await bootstrapCluster({ client: server.client, ...options });
    const basic = (await server.request('GET', `${roles}/system:basic-user`)).body;
    await server.request('PUT', `${roles}/system:basic-user`, { ...basic, rules: [] });
    const discovery = (await server.request('GET', `${roles}/system:discovery`)).body;
    const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
    await server.request('PUT', `${roles}/system:discovery`, {
      ...discovery,
      metadata: { ...discovery.metadata, annotations },
      rules: [],
    });
    await bootstrapCluster({ client: server.client, ...options });
    const restored = (await server.request('GET', `${roles}/system:basic-user`)).body;
    // What comes back is one rule for each thing.
    assert.deepEqual(restored['rules'], missingRules([], basic['rules'] as PolicyRule[]));
    const left = (await server.request('GET', `${roles}/system:discovery`)).body;
    assert.deepEqual(left['rules'] ?? [], []);
  } finally {
    await server.close();
  }
});

for (const [title, autoupdate, subjects] of [
  ['left alone', 'false', ['system:authenticated']],
  ['kept up to date', 'true', ['system:authenticated', 'system:unauthenticated']],
] as const) {
  test(`a missing binding for public information is made like that for discovery, where that is ${title}`, async () => {
    const server = await createTestApiServer();
    const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    try {
      const subject = (name: string): object => ({ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name });
      const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': autoupdate, mine: 'yes' };
      const created = await server.request('POST', bindings, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'system:discovery', annotations, labels: { own: 'x' } },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:discovery' },
        subjects: [subject('system:authenticated')],
      });
      assert.equal(created.status, 201);
      await bootstrapCluster({ client: server.client, ...options });
      const made = (await server.request('GET', `${bindings}/system:public-info-viewer`)).body;
      assert.equal(made.metadata.annotations?.['mine'], 'yes');
      assert.equal(made.metadata.labels?.['own'], 'x');
      assert.deepEqual(made['subjects'], subjects.map(subject));
      assert.equal((made['roleRef'] as { name: string }).name, 'system:public-info-viewer');
    } finally {
      await server.close();
    }
  });
}

test('an open gate adds the roles of its kind', () => {
  const more = bootstrapPolicy(new Set(['ClusterTrustBundle']));
  const added = (list: 'clusterRoles' | 'clusterRoleBindings'): Set<string> => {
    const known = new Set(policy[list].map(({ metadata }) => metadata.name));
    return new Set(more[list].map(({ metadata }) => metadata.name ?? '').filter((name) => !known.has(name)));
  };
  const names = new Set([
    'system:cluster-trust-bundle-discovery',
    'system:controller:kube-apiserver-serving-clustertrustbundle-publisher',
  ]);
  assert.deepEqual(added('clusterRoles'), names);
  assert.deepEqual(added('clusterRoleBindings'), names);
  const node = more.clusterRoles.find(({ metadata }) => metadata.name === 'system:node');
  const rule = {
    apiGroups: ['certificates.k8s.io'],
    resources: ['clustertrustbundles'],
    verbs: ['get', 'list', 'watch'],
  };
  assert.deepEqual(
    node?.rules?.find(({ resources }) => resources?.[0] === 'clustertrustbundles'),
    rule,
  );
});
