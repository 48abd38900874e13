import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { featureGatesOf } from '../../src/cluster/feature-gates.ts';
import { servedApi } from '../../src/cluster/served-api.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { assembled } from '../support/assembled-server.ts';

const beta = '/apis/networking.k8s.io/v1beta1/servicecidrs';
const stable = '/apis/networking.k8s.io/v1/servicecidrs';

function serviceCidr(version: string, cidrs: readonly string[]): JsonObject {
  const metadata = { name: 'more' };
  return { apiVersion: `networking.k8s.io/${version}`, kind: 'ServiceCIDR', metadata, spec: { cidrs: [...cidrs] } };
}

async function withBeta(context: TestContext): ReturnType<typeof assembled> {
  return assembled(context, { 'runtime-config': 'networking.k8s.io/v1beta1=true' });
}

test('a version that is off by default is served when it is turned on', async (context) => {
  const { as } = await withBeta(context);
  const created = await as('admin-token', 'POST', beta, serviceCidr('v1beta1', ['172.16.0.0/24']));
  assert.equal(created.status, 201, created.text);
  assert.equal(created.body['apiVersion'], 'networking.k8s.io/v1beta1');
  const read = await as('admin-token', 'GET', `${stable}/more`);
  assert.equal(read.body['apiVersion'], 'networking.k8s.io/v1');
  assert.deepEqual(read.body['spec'], { cidrs: ['172.16.0.0/24'] });
  const list = await as('admin-token', 'GET', beta);
  assert.equal(list.body['apiVersion'], 'networking.k8s.io/v1beta1');
});

test('owners of fields are of the version that they wrote', async (context) => {
  const { as } = await withBeta(context);
  await as('admin-token', 'POST', `${beta}?fieldManager=one`, serviceCidr('v1beta1', ['172.16.0.0/24']));
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  const both = serviceCidr('v1', ['172.16.0.0/24', '2001:db8::/64']);
  const refused = await as('admin-token', 'PATCH', `${stable}/more?fieldManager=two`, both, headers);
  assert.equal(refused.status, 409);
  assert.match(refused.text, /conflict with \\"one\\" using networking.k8s.io\/v1beta1/);
  const forced = await as('admin-token', 'PATCH', `${stable}/more?fieldManager=two&force=true`, both, headers);
  const owners = forced.body.metadata.managedFields?.map(({ manager, apiVersion }) => `${manager} ${apiVersion}`);
  assert.deepEqual(owners, ['two networking.k8s.io/v1']);
});

test('everybody is warned of a version that goes away', async (context) => {
  const { api } = await withBeta(context);
  const headers = { authorization: 'Bearer admin-token' };
  const answer = await api.server.handle({ method: 'GET', path: beta, headers });
  const text = 'networking.k8s.io/v1beta1 ServiceCIDR is deprecated in v1.34+, unavailable in v1.37+';
  assert.equal(String(answer.headers['warning']), `299 - "${text}"`);
});

test('protobuf knows the kinds of versions that are turned on', async (context) => {
  const { api } = await withBeta(context);
  const headers = { authorization: 'Bearer admin-token', accept: 'application/vnd.kubernetes.protobuf' };
  const answer = await api.server.handle({ method: 'GET', path: `${beta}/kubernetes`, headers });
  assert.equal(answer.status, 200);
});

for (const [config, expected] of [
  ['', ''],
  ['networking.k8s.io/v1beta1', 'networking.k8s.io/v1beta1/ipaddresses networking.k8s.io/v1beta1/servicecidrs'],
  ['networking.k8s.io/v1beta1/ipaddresses=true', 'networking.k8s.io/v1beta1/ipaddresses'],
  [
    'api/beta=true,networking.k8s.io/v1beta1=false,resource.k8s.io/v1beta2=false',
    /^coordination\.\S+ storage\.\S+ admission/,
  ],
  ['api/alpha=true', / admissionregistration\.k8s\.io\/v1alpha1\/mutatingadmissionpolicies /],
  // Kubernetes knows these and serves nothing of them.
  ['apps/v1beta1=true,authentication.k8s.io/v1beta1=true,extensions/v1beta1/ingresses=true', ''],
] as const) {
  test(`served by --runtime-config=${config}`, async () => {
    const flags = new Map(config === '' ? [] : [['runtime-config', config]]);
    const api = await servedApi(flags, featureGatesOf(flags), silentLogger);
    const unstable = api.resources
      .filter(({ version }) => /alpha|beta/.test(version))
      .map(({ group, version, resource, type }) => {
        assert.ok(api.types().has(type), type);
        return `${group}/${version}/${resource}`;
      })
      .join(' ');
    if (typeof expected === 'string') assert.equal(unstable, expected);
    else assert.match(unstable, expected);
  });
}

for (const [config, refused] of [
  ['resource.k8s.io/v1beta1=true', 'resource.k8s.io/v1beta1'],
  ['resource.k8s.io/v1alpha3', 'resource.k8s.io/v1alpha3'],
  ['api/all=true,resource.k8s.io/v1beta2/devicetaintrules=true', 'resource.k8s.io/v1beta2/devicetaintrules'],
] as const) {
  test(`refused: --runtime-config=${config}`, async () => {
    const flags = new Map([['runtime-config', config]]);
    const message = `this server does not serve ${refused}`;
    await assert.rejects(servedApi(flags, featureGatesOf(flags), silentLogger), { message });
  });
}

test('what a wide key means and is not there is told of', async () => {
  const told: unknown[] = [];
  const log = { ...silentLogger, warn: (_text: string, fields?: object) => told.push(fields) };
  const flags = new Map([['runtime-config', 'api/alpha=true,resource.k8s.io/v1beta1=false']]);
  await servedApi(flags, featureGatesOf(flags), log);
  const names = ['devicetaintrules', 'resourcepoolstatusrequests'];
  assert.deepEqual(
    told.slice(0, 2),
    names.map((name) => ({ resource: `resource.k8s.io/v1alpha3/${name}` })),
  );
});
