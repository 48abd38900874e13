import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/apimachinery/json.ts';
import { sampleApiServer } from '../../src/cluster/sample-api-server/sample-api-server.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { assembled } from '../support/assembled-server.ts';
import { bindExtensionRoles, startExtension } from '../support/extension-pod.ts';

const sampleImage = {
  image: 'registry.k8s.io/e2e-test-images/sample-apiserver:1.29.2',
  programs: { '/sample-apiserver': sampleApiServer({ random: seededRandom(7), log: silentLogger }) },
};

const root = '/apis/wardle.example.com';
const masters = { 'x-remote-group': 'system:masters' };

function flunder(name: string, spec: JsonObject, version = 'v1alpha1'): JsonObject {
  return { apiVersion: `wardle.example.com/${version}`, kind: 'Flunder', metadata: { name }, spec };
}

test('the sample API server serves a group of its own', async (context) => {
  const cluster = await assembled(context);
  await bindExtensionRoles(cluster);
  const sample = await startExtension(context, cluster, sampleImage);
  await context.test('the sample API server keeps flunders of both versions', async () => {
    const { as, log } = sample;
    assert.equal(log(), 'Serving securely on [::]:443\n');
    const [discovered, list] = await as('root', 'GET', `${root}/v1alpha1`, undefined, masters);
    assert.equal(discovered, 200);
    assert.deepEqual(
      (list['resources'] as { name: string }[]).map(({ name }) => name),
      ['fischers', 'flunders'],
    );
    const path = `${root}/v1alpha1/namespaces/default/flunders`;
    const later = `${root}/v1beta1/namespaces/default/flunders`;
    const [created, object] = await as('root', 'POST', path, flunder('one', { reference: 'two' }), masters);
    assert.deepEqual([created, object['spec']], [201, { reference: 'two', referenceType: 'Flunder' }]);
    const [read, asLater] = await as('root', 'GET', `${later}/one`, undefined, masters);
    assert.deepEqual([read, asLater['spec']], [200, { flunderReference: 'two', referenceType: 'Flunder' }]);
    const [, fish] = await as('root', 'POST', later, flunder('three', { fischerReference: 'f' }, 'v1beta1'), masters);
    assert.equal(
      fish['message'],
      'Flunder.wardle.example.com "three" is invalid: spec.fischerReference: Invalid value: "f": ' +
        'cannot be set if referenceType is not Fischer',
    );
    const named = { fischerReference: 'f', referenceType: 'Fischer' };
    assert.equal((await as('root', 'POST', later, flunder('three', named, 'v1beta1'), masters))[0], 201);
    const [, stored] = await as('root', 'GET', `${path}/three`, undefined, masters);
    assert.deepEqual(stored['spec'], { reference: 'f', referenceType: 'Fischer' });
  });

  await context.test('fischers forbid names, and namespaces that are not there have no flunders', async () => {
    const { as } = sample;
    const fischer = {
      apiVersion: 'wardle.example.com/v1alpha1',
      kind: 'Fischer',
      metadata: { name: 'strict' },
      disallowedFlunders: ['bad'],
    };
    assert.equal((await as('root', 'POST', `${root}/v1alpha1/fischers`, fischer, masters))[0], 201);
    const create = (namespace: string, name: string): Promise<[number, JsonObject]> =>
      as('root', 'POST', `${root}/v1alpha1/namespaces/${namespace}/flunders`, flunder(name, {}), masters);
    const [status, refused] = await create('default', 'bad');
    assert.deepEqual(
      [status, refused['message']],
      [
        403,
        'flunders.wardle.example.com "bad" is forbidden: this name may not be used, please change the resource name',
      ],
    );
    const [gone, missing] = await create('nowhere', 'good');
    assert.deepEqual([gone, missing['message']], [404, 'namespaces "nowhere" not found']);
    assert.equal((await create('default', 'good'))[0], 201);
  });

  await context.test('who may do what on it is for the cluster to say', async () => {
    const { as } = sample;
    const path = `${root}/v1alpha1/namespaces/default/flunders`;
    const [refused, why] = await as('ann', 'GET', path);
    assert.deepEqual(
      [refused, why['message']],
      [
        403,
        'flunders.wardle.example.com is forbidden: User "ann" cannot list resource "flunders" in API group ' +
          '"wardle.example.com" in the namespace "default"',
      ],
    );
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'flunders' },
      rules: [{ apiGroups: ['wardle.example.com'], resources: ['flunders'], verbs: ['list'] }],
    };
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await cluster.as('admin-token', 'POST', `${rbac}/clusterroles`, role);
    await cluster.as('admin-token', 'POST', `${rbac}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'bob-lists' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'flunders' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }],
    });
    assert.equal((await as('bob', 'GET', path))[0], 200);
    assert.equal((await as('ann', 'GET', '/readyz'))[0], 200);
  });

  await context.test('its types are published without empty lists of fields', async () => {
    const { as } = sample;
    const [status, document] = await as('root', 'GET', `/openapi/v3${root}/v1beta1`, undefined, masters);
    assert.equal(status, 200);
    assert.deepEqual(document['info'], { title: 'Wardle', version: '0.1' });
    const { schemas } = document['components'] as { schemas: Record<string, JsonValue> };
    assert.deepEqual(schemas['io.k8s.sample-apiserver.pkg.apis.wardle.v1beta1.FlunderStatus'], { type: 'object' });
  });
});

test('it ends where the cluster does not say whom to believe', async (context) => {
  const { log, exitCode } = await startExtension(context, await assembled(context), sampleImage);
  assert.equal(exitCode(), 1);
  assert.match(log(), /^Error: unable to load configmap based request-header-client-ca-file: .* is forbidden: /);
});
