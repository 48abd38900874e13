import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CustomResourceDefinition } from '../../../../src/api/types/apiextensions-v1.ts';
import type { APIService } from '../../../../src/api/types/apiregistration-v1.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { createInformerFactory } from '../../../../src/client/informer-factory.ts';
import { createLocalApiServices } from '../../../../src/control-plane/apiserver/aggregation/local-api-services.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

const apiServices = { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' } as const;
const definitions = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' } as const;

function definition(plural: string): Unstructured {
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { plural, singular: plural, kind: plural, listKind: `${plural}List` },
      versions: [{ name: 'v1beta1', served: true, storage: true, schema }],
    },
  };
}

void test('every group version that the server serves has an APIService', async (context) => {
  const { client, clock, ...api } = await createTestApiServer();
  const informers = createInformerFactory({ client, clock, random: seededRandom(1), log: silentLogger });
  const builtIn = ['', 'apps', 'not.known.example.com'].map((group) => ({ group, version: 'v1' }));
  const local = createLocalApiServices({
    client,
    builtIn: () => [...builtIn, { group: 'autoscaling', version: 'v2' }],
    apiServices: informers.informer<APIService>(apiServices),
    definitions: informers.informer<CustomResourceDefinition>(definitions),
    clock,
    log: silentLogger,
  });
  informers.start();
  await informers.waitForSync();
  context.after(async () => {
    await local.stop();
    await informers.stop();
    await api.close();
  });
  await local.register();
  local.start();
  const registered = async (): Promise<readonly unknown[]> =>
    (await client.resource<APIService>(apiServices).list()).items.map(({ metadata, spec, status }) => [
      metadata.name,
      metadata.labels?.['kube-aggregator.kubernetes.io/automanaged'],
      [spec?.groupPriorityMinimum, spec?.versionPriority],
      status?.conditions?.map(({ type, status: holds, reason }) => `${type} ${holds} ${reason}`),
    ]);
  const available = ['Available True Local'];
  const own = [
    ['v1.', 'onstart', [18_000, 1], available],
    ['v1.apps', 'onstart', [17_800, 15], available],
    ['v2.autoscaling', 'onstart', [17_500, 30], available],
  ];
  assert.deepEqual(await registered(), own);
  const until = async (count: number): Promise<void> => {
    for (let turn = 0; turn < 2000 && (await registered()).length !== count; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await api.create(definition('things'));
  await api.create(definition('others'));
  await until(4);
  const custom = ['v1beta1.example.com', 'true', [1000, 100], available];
  assert.deepEqual(await registered(), [...own.slice(0, 2), custom, own[2]]);
  const crds = client.resource(definitions);
  const remove = async (name: string): Promise<void> => {
    await crds.patch(name, 'application/merge-patch+json', { metadata: { finalizers: null } });
    await crds.delete(name).catch(() => undefined);
  };
  await remove('things.example.com');
  await client.resource(apiServices).delete('v1beta1.example.com');
  await until(4);
  assert.equal((await registered()).length, 4, 'one that is served still comes back');
  // Also in the place of another server's.
  const services = client.resource<APIService>(apiServices);
  await services.patch('v1beta1.example.com', 'application/merge-patch+json', {
    metadata: { labels: null },
    spec: { service: { namespace: 'default', name: 'other' } },
  });
  await services.delete('v1beta1.example.com');
  await until(4);
  assert.deepEqual((await services.get('v1beta1.example.com')).spec?.service, undefined);
  await remove('others.example.com');
  await until(3);
  assert.deepEqual(await registered(), own);
});
