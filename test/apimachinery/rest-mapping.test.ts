import assert from 'node:assert/strict';
import test from 'node:test';
import {
  coreGroupFromVersions,
  type DiscoveredGroup,
  groupsFromAggregatedDiscovery,
  groupsFromGroupList,
  resourcesFromResourceList,
} from '../../src/apimachinery/discovery-document.ts';
import { RestMapper } from '../../src/apimachinery/rest-mapping.ts';
import { goldenJson } from '../support/golden.ts';
import type { JsonValue } from '../../src/apimachinery/json.ts';

function group(
  name: string,
  versions: Readonly<Record<string, readonly string[]>>,
  preferred?: string,
): DiscoveredGroup {
  const names = Object.keys(versions);
  return {
    name,
    preferredVersion: preferred ?? names[0] ?? '',
    versions: names.map((version) => ({
      version,
      resources: (versions[version] ?? []).map((kind) => ({
        group: name,
        version,
        name: `${kind.toLowerCase()}s`,
        singularName: kind.toLowerCase(),
        kind,
        namespaced: kind !== 'Node',
        verbs: [],
        shortNames: [kind.slice(0, 2).toLowerCase()],
        categories: kind === 'Pod' || kind === 'Deployment' ? ['all'] : [],
        subresources: [],
      })),
    })),
  };
}

const mapper = new RestMapper([
  group('', { v1: ['Pod', 'Node', 'Event'] }),
  group('apps', { v1: ['Deployment'], v1beta1: ['Deployment', 'Old'] }),
  group('events.k8s.io', { v1: ['Event'] }),
  group('example.com', { v2: ['Gadget'], v1: ['Gadget'] }, 'v1'),
]);

const found: Readonly<Record<string, string>> = {
  pods: '/v1 pods Pod',
  pod: '/v1 pods Pod',
  po: '/v1 pods Pod',
  Pod: '/v1 pods Pod',
  PODS: '/v1 pods Pod',
  deployments: 'apps/v1 deployments Deployment',
  'deployments.apps': 'apps/v1 deployments Deployment',
  'deployments.v1beta1.apps': 'apps/v1beta1 deployments Deployment',
  'de.apps': 'apps/v1 deployments Deployment',
  'deployment.app': 'apps/v1 deployments Deployment',
  olds: 'apps/v1beta1 olds Old',
  events: '/v1 events Event',
  'events.events.k8s.io': 'events.k8s.io/v1 events Event',
  'events.v1.events.k8s.io': 'events.k8s.io/v1 events Event',
  gadgets: 'example.com/v1 gadgets Gadget',
  'gadgets.v2.example.com': 'example.com/v2 gadgets Gadget',
  'Gadget.v2.example.com': 'example.com/v2 gadgets Gadget',
};
for (const [argument, expected] of Object.entries(found)) {
  void test(`resource argument ${argument}`, () => {
    const { gvk, gvr } = mapper.mappingForArgument(argument);
    assert.equal(`${gvr.group}/${gvr.version} ${gvr.resource} ${gvk.kind}`, expected);
  });
}

void test('what does not exist is told as kubectl tells it', () => {
  assert.throws(() => mapper.mappingForArgument('foos'), { message: `the server doesn't have a resource type "foos"` });
  assert.throws(() => mapper.mappingForArgument('foos.example.com'), {
    message: `the server doesn't have a resource type "foos"`,
  });
  assert.throws(() => mapper.mappingForKind({ group: 'example.com', kind: 'Foo' }, 'v1'), {
    message: 'no matches for kind "Foo" in version "example.com/v1"',
  });
  assert.throws(() => mapper.mappingForKind({ group: '', kind: 'Foo' }, 'v1'), {
    message: 'no matches for kind "Foo" in version "v1"',
  });
  assert.throws(() => mapper.resourceFor({ group: '', version: '', resource: 'foos' }), {
    message: 'no matches for /, Resource=foos',
  });
});

void test('a short name of several resources goes to the first, and the others are told of once', () => {
  const told: string[] = [];
  const ambiguous = new RestMapper(
    [
      group('', { v1: ['Event'] }),
      group('events.k8s.io', { v1: ['Event'], v1beta1: ['Event'] }),
      group('example.com', { v1: ['Everest'] }),
    ],
    (text) => told.push(text),
  );
  for (const argument of ['ev', 'ev', 'ev.example.com', 'events']) ambiguous.mappingForArgument(argument);
  assert.deepEqual(told, [
    'short name "ev" could also match lower priority resource events.events.k8s.io',
    'short name "ev" could also match lower priority resource everests.example.com',
  ]);
});

void test('categories', () => {
  assert.deepEqual(mapper.resourcesInCategory('all'), [
    { group: '', resource: 'pods' },
    { group: 'apps', resource: 'deployments' },
  ]);
  assert.equal(mapper.resourcesInCategory('none'), undefined);
});

void test('both forms of discovery tell the same', (context) => {
  const aggregated = goldenJson(context, 'discovery/aggregated-apis.json') as JsonValue | undefined;
  const list = goldenJson(context, 'discovery/apis.json') as JsonValue | undefined;
  const core = goldenJson(context, 'discovery/api.json') as JsonValue | undefined;
  if (aggregated === undefined || list === undefined || core === undefined) return;
  assert.deepEqual(coreGroupFromVersions(core), { name: '', preferredVersion: 'v1', versions: ['v1'] });
  const groups = groupsFromAggregatedDiscovery(aggregated);
  assert.deepEqual(
    groups.map(({ name, preferredVersion, versions }) => [
      name,
      preferredVersion,
      versions.map(({ version }) => version),
    ]),
    groupsFromGroupList(list).map(({ name, preferredVersion, versions }) => [name, preferredVersion, versions]),
  );
  for (const { name, versions } of groups) {
    for (const { version, resources } of versions) {
      const legacy = goldenJson(context, `discovery/apis__${name}__${version}.json`) as JsonValue;
      const sorted = (items: readonly { readonly name: string }[]): unknown[] =>
        items.toSorted((left, right) => (left.name < right.name ? -1 : 1));
      assert.deepEqual(sorted(resourcesFromResourceList(name, version, legacy)), sorted(resources ?? []));
    }
  }
});
