import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { enabledResources } from '../../src/cluster/runtime-config.ts';
import { assembled } from '../support/assembled-server.ts';

const resources = [
  '/v1/pods',
  'apps/v1/deployments',
  'apps/v1/daemonsets',
  'x/v1beta1/things',
  'x/v1alpha2/drafts',
].map((path) => {
  const [group = '', version = '', resource = ''] = path.split('/');
  return { group, version, resource };
});

function enabled(config: string): string {
  return enabledResources(
    resources,
    [{ group: 'x', version: 'v1beta2', resource: 'plans' }],
    new Map([['runtime-config', config]]),
  )
    .map(({ resource }) => resource)
    .join(' ');
}

test('the narrowest key of --runtime-config decides', () => {
  const all = 'pods deployments daemonsets things drafts';
  const cases: [string, string][] = [
    ['', all],
    ['api/v1', all],
    ['api/all=true', `${all} plans`],
    ['x/v1beta2=true,apps/v1=false', 'pods things drafts plans'],
    ['x/v1beta2/plans', `${all} plans`],
    // Kubernetes knows it and serves nothing of it.
    ['apps/v1beta1=true', all],
    ['api/beta=false', 'pods deployments daemonsets drafts'],
    ['api/ga=false,api/alpha=false', 'things'],
    ['api/all=false,api/v1', 'pods'],
    ['api/all=false,apps/v1=true', 'deployments daemonsets'],
    ['apps/v1/daemonsets=false,api/v1=true', 'pods deployments things drafts'],
    ['apps/v1=false,apps/v1/daemonsets=true', 'pods daemonsets things drafts'],
  ];
  for (const [config, expected] of cases) assert.equal(enabled(config), expected, config);
  const refusals: [string, string][] = [
    ['api/all=false', 'invalid runtime-config with only api/all=false'],
    ['v1', 'runtime-config invalid key v1'],
    ['other/v1,zork/v1=false', 'unknown api groups other/v1,zork/v1'],
    ['apps/v2', 'group version apps/v2 that has not been registered'],
    [
      'apps/v1/Deployments',
      'invalid key apps/v1/Deployments: group/version/resource and resource is always lowercase plural, not "Deployments"',
    ],
    ['api/ga=maybe', 'invalid value api/ga=maybe'],
    ['apps/v1=maybe', 'invalid value of apps/v1: maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax'],
  ];
  for (const [config, message] of refusals) {
    assert.throws(() => enabled(config), new ComponentArgumentError(message), config);
  }
});

test('what is turned off is not served', async (context) => {
  const { as } = await assembled(context, { 'runtime-config': 'autoscaling/v1=false' });
  const get = async (path: string): Promise<number> => (await as('admin-token', 'GET', path)).status;
  assert.equal(await get('/apis/autoscaling/v1/horizontalpodautoscalers'), 404);
  assert.equal(await get('/apis/autoscaling/v2/horizontalpodautoscalers'), 200);
});
