import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { proxyInjector } from '../../examples/initializers/proxy-injector.ts';
import { runPodInitializer } from '../../examples/initializers/pod-initializer.ts';
import { secretInjector } from '../../examples/initializers/secret-injector.ts';
import {
  initializerConfigurationResource,
  schemasWithInitializers,
} from '../../src/api/admissionregistration/v1alpha1/initializer-configuration.ts';
import { builtInResources } from '../../src/api/registry.ts';
import type { Container, Volume } from '../../src/api/types/core-v1.ts';
import { readManifests } from '../../src/apimachinery/manifest-stream.ts';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { admissionChain } from '../../src/control-plane/admission/admission-chain.ts';
import { initializers } from '../../src/control-plane/admission/initializers.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { repositoryRoot } from '../support/golden.ts';
import { createTestApiServer } from '../support/test-api-server.ts';
import { clusterOf } from '../control-plane/admission/admission-harness.ts';

const pods = '/api/v1/namespaces/default/pods';
const secretNote = 'secret-injector.initializers.example.com/secret';
const portNote = 'proxy-injector.initializers.example.com/port';

function manifests(file: string): readonly Unstructured[] {
  const text = readFileSync(join(repositoryRoot, 'examples/initializers', file), 'utf8');
  return [...readManifests(text)].map(({ value }) => value as unknown as Unstructured);
}

/** A server whose pods wait for both examples, as their configuration says, and both running. */
async function started(context: TestContext) {
  const clock = new FakeClock();
  const cluster = clusterOf({ initializerconfigurations: manifests('configuration.yaml') });
  const api = await createTestApiServer({
    clock,
    types: schemasWithInitializers,
    resources: [...builtInResources, initializerConfigurationResource],
    hasInitializers: true,
    admission: admissionChain([initializers(cluster)]),
  });
  const world = { client: api.client, clock, random: seededRandom(3), log: silentLogger };
  const running = [secretInjector, proxyInjector('proxy:1')].map((one) => runPodInitializer(world, one));
  context.after(async () => {
    await Promise.all(running.map((one) => one.stop()));
    await api.close();
  });
  await Promise.all(running.map(({ ready }) => ready));
  const create = async (annotations: Record<string, string>) => {
    const metadata = { name: 'web', annotations };
    const spec = { containers: [{ name: 'web', image: 'web' }], initContainers: [{ name: 'first', image: 'first' }] };
    const answer = api.request('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await settle(60);
    return answer;
  };
  return { api, clock, create };
}

const specOf = (object: Unstructured) =>
  object['spec'] as { containers: Container[]; initContainers: Container[]; volumes?: Volume[] };

test('a pod gets its secret and its proxy before anybody sees it', async (context) => {
  const { api, create } = await started(context);
  await api.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace: 'default' } });
  const answer = await create({ [secretNote]: 'token', [portNote]: '8080' });
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.body.metadata.initializers, undefined);
  const { containers, initContainers, volumes } = specOf(answer.body);
  assert.deepEqual(
    volumes?.map(({ name, secret }) => [name, secret?.secretName]),
    [['injected-secret', 'token']],
  );
  const mount = { name: 'injected-secret', mountPath: '/var/run/secrets/injected', readOnly: true };
  assert.deepEqual(
    [...containers, ...initContainers].map(({ name, volumeMounts = [] }) => [name, volumeMounts]),
    [
      ['web', [mount]],
      ['proxy', []],
      ['first', [mount]],
    ],
  );
  assert.equal(containers[1]?.image, 'proxy:1');
  assert.deepEqual(containers[1]?.env, [{ name: 'UPSTREAM', value: '127.0.0.1:8080' }]);
});

test('a pod that asks for nothing goes on as it is', async (context) => {
  const { create } = await started(context);
  const answer = await create({});
  assert.equal(answer.status, 201, answer.text);
  assert.deepEqual(
    specOf(answer.body).containers.map(({ name }) => name),
    ['web'],
  );
});

for (const [what, annotations, message] of [
  ['secret', { [secretNote]: 'none' }, 'secret-injector.initializers.example.com: secret "none" not found'],
  [
    'port',
    { [portNote]: 'http' },
    'proxy-injector.initializers.example.com: annotation proxy-injector.initializers.example.com/port: "http" is no port',
  ],
] as const) {
  test(`a pod that asks for a ${what} that is none never is`, async (context) => {
    const { api, create } = await started(context);
    const answer = await create(annotations);
    assert.equal(answer.status, 422);
    assert.equal(answer.body['message'], message);
    assert.equal((await api.request('GET', `${pods}/web?includeUninitialized=true`)).status, 404);
  });
}

test('the manifests are what the server takes', async (context) => {
  const { api } = await started(context);
  for (const file of ['access.yaml', 'configuration.yaml', 'web.yaml']) {
    for (const object of manifests(file)) await api.create(object);
  }
  await settle(60);
  const { body } = await api.request('GET', `${pods}/web`);
  assert.deepEqual(
    specOf(body).containers.map(({ name }) => name),
    ['web', 'proxy'],
  );
});
