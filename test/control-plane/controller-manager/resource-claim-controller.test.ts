import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import type { ResourceClaim } from '../../../src/api/types/resource-v1.ts';
import { generatedName } from '../../../src/control-plane/controller-manager/resource-claim-controller.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const claimsResource = { group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaims' } as const;
const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const apiVersion = 'resource.k8s.io/v1';
const protection = 'resource.kubernetes.io/delete-protection';
const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu' } }];
const results = [{ request: 'r', driver: 'gpu.example.com', pool: 'pool', device: 'one' }];

async function start(context: TestContext): Promise<ControllerHarness> {
  const harness = await createControllerHarness('resourceclaim-controller');
  context.after(() => harness.close());
  return harness;
}

async function addTemplate(harness: ControllerHarness): Promise<void> {
  const metadata = { labels: { from: 'template' }, annotations: { note: 'x' } };
  const spec = { metadata, spec: { devices: { requests } } };
  await harness.api.create({ apiVersion, kind: 'ResourceClaimTemplate', metadata: { name: 'gpus' }, spec });
  await harness.work();
}

async function addPod(harness: ControllerHarness, name: string, entry: object, nodeName = ''): Promise<Pod> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      ...(nodeName === '' ? {} : { nodeName }),
      containers: [{ name: 'main', image: 'main:1' }],
      resourceClaims: [{ name: 'gpu', ...entry }],
    },
  });
  await harness.work();
  return harness.get<Pod>(podsResource, name);
}

const claims = (harness: ControllerHarness): Promise<ResourceClaim[]> => harness.list<ResourceClaim>(claimsResource);

/** Gives a claim a device, for pods. */
async function allocate(harness: ControllerHarness, name: string, pods: readonly Pod[]): Promise<void> {
  const type = 'application/merge-patch+json';
  const client = harness.api.client.resource<ResourceClaim>(claimsResource, 'default');
  await client.patch(name, type, { metadata: { finalizers: [protection] } });
  const reservedFor = pods.map(({ metadata }) => ({ resource: 'pods', name: metadata.name, uid: metadata.uid }));
  await client.patch(
    name,
    type,
    { status: { allocation: { devices: { results } }, reservedFor } },
    { subresource: 'status' },
  );
  await harness.work();
}

async function addClaim(harness: ControllerHarness, name: string): Promise<void> {
  await harness.api.create({ apiVersion, kind: 'ResourceClaim', metadata: { name }, spec: { devices: { requests } } });
  await harness.work();
}

async function end(harness: ControllerHarness, name: string): Promise<void> {
  await harness.api.client
    .resource(podsResource, 'default')
    .patch(name, 'application/merge-patch+json', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await harness.work();
}

test('a claim is made of the template, and told in the status of the pod', async (context) => {
  const harness = await start(context);
  await addTemplate(harness);
  const pod = await addPod(harness, 'web', { resourceClaimTemplateName: 'gpus' });
  const [claim, ...more] = await claims(harness);
  assert.equal(more.length, 0);
  const { name = '', labels, annotations, ownerReferences } = claim?.metadata ?? {};
  assert.match(name, /^web-gpu-[a-z0-9]{5}$/);
  assert.deepEqual(labels, { from: 'template' });
  assert.deepEqual(annotations, { note: 'x', 'resource.kubernetes.io/pod-claim-name': 'gpu' });
  const { uid = '' } = pod.metadata;
  assert.deepEqual(ownerReferences, [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true }]);
  assert.equal(claim?.spec.devices?.requests?.[0]?.exactly?.deviceClassName, 'gpu');
  assert.deepEqual(pod.status?.resourceClaimStatuses, [{ name: 'gpu', resourceClaimName: name }]);
});

test('a template that is not there is told of, and waited for', async (context) => {
  const harness = await start(context);
  await addPod(harness, 'web', { resourceClaimTemplateName: 'gpus' });
  const missing = 'resourceclaimtemplate.resource.k8s.io "gpus" not found';
  const text = `PodResourceClaim gpu: resource claim template "gpus": ${missing}`;
  assert.ok((await harness.events()).includes(`FailedResourceClaimCreation: ${text}`));
  await addTemplate(harness);
  assert.equal((await claims(harness)).length, 1);
});

test('a claim that was deleted is made again', async (context) => {
  const harness = await start(context);
  await addTemplate(harness);
  await addPod(harness, 'web', { resourceClaimTemplateName: 'gpus' });
  const [first] = await claims(harness);
  await harness.api.client.resource(claimsResource, 'default').delete(first?.metadata.name ?? '');
  await harness.work();
  const [second] = await claims(harness);
  assert.ok(second !== undefined && second.metadata.uid !== first?.metadata.uid);
  const { status } = await harness.get<Pod>(podsResource, 'web');
  assert.equal(status?.resourceClaimStatuses?.[0]?.resourceClaimName, second.metadata.name);
});

test('the last pod that is over takes the devices from a claim; one that was made for it goes', async (context) => {
  const harness = await start(context);
  await addTemplate(harness);
  await addClaim(harness, 'shared');
  const one = await addPod(harness, 'one', { resourceClaimName: 'shared' }, 'a');
  const two = await addPod(harness, 'two', { resourceClaimName: 'shared' }, 'a');
  await allocate(harness, 'shared', [one, two]);
  await end(harness, 'one');
  const half = await harness.get<ResourceClaim>(claimsResource, 'shared');
  assert.deepEqual(
    half.status?.reservedFor?.map(({ name }) => name),
    ['two'],
  );
  assert.ok(half.status?.allocation !== undefined);
  await harness.api.client.resource(podsResource, 'default').delete('two', { gracePeriodSeconds: 0 });
  await harness.work();
  const free = await harness.get<ResourceClaim>(claimsResource, 'shared');
  assert.deepEqual(
    [free.status?.allocation, free.status?.reservedFor, free.metadata.finalizers],
    [undefined, undefined, undefined],
  );
  const own = await addPod(harness, 'own', { resourceClaimTemplateName: 'gpus' }, 'a');
  const made = own.status?.resourceClaimStatuses?.[0]?.resourceClaimName ?? '';
  await allocate(harness, made, [own]);
  await end(harness, 'own');
  assert.deepEqual(
    (await claims(harness)).map(({ metadata }) => metadata.name),
    ['shared'],
  );
});

test('a claim that is deleted loses its protection when nobody uses it', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'mine');
  const pod = await addPod(harness, 'web', { resourceClaimName: 'mine' }, 'a');
  await allocate(harness, 'mine', [pod]);
  await harness.api.client.resource(claimsResource, 'default').delete('mine');
  await harness.work();
  assert.equal((await claims(harness)).length, 1);
  await end(harness, 'web');
  assert.deepEqual(await claims(harness), []);
});

test('a pod that somebody else gave its node is told to its claims', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'mine');
  await allocate(harness, 'mine', []);
  const { metadata } = await addPod(harness, 'web', { resourceClaimName: 'mine' }, 'a');
  const { status } = await harness.get<ResourceClaim>(claimsResource, 'mine');
  assert.deepEqual(status?.reservedFor, [{ resource: 'pods', name: 'web', uid: metadata.uid ?? '' }]);
});

const bases: readonly (readonly [pod: string, entry: string, base: string])[] = [
  ['web', 'gpu', 'web-gpu-'],
  ['p'.repeat(60), 'c'.repeat(60), `${'p'.repeat(28)}-${'c'.repeat(28)}`],
];

for (const [pod, entry, base] of bases) {
  test(`a claim's name begins with ${base}`, () => {
    assert.equal(generatedName(pod, entry), base);
  });
}
