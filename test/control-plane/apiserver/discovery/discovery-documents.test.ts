import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInResources } from '../../../../src/api/registry.ts';
import { compareApiVersions } from '../../../../src/apimachinery/api-version-order.ts';
import type { ResourceDefinition } from '../../../../src/api/resource-definition.ts';
import { discoveryDocuments } from '../../../../src/control-plane/apiserver/discovery/discovery-documents.ts';
import { goldenJson, goldenText } from '../../../support/golden.ts';

const resources = builtInResources.map((definition) => ({ definition, custom: false }));
const documents = discoveryDocuments(resources, { serverAddress: '192.0.2.10:16443' });

void test('/api equals the real one', (context) => {
  const golden = goldenJson(context, 'discovery/api.json');
  if (golden !== undefined) assert.deepEqual(documents.legacyVersions, golden);
});

void test('/apis equals the real one', (context) => {
  const golden = goldenJson(context, 'discovery/apis.json');
  if (golden !== undefined) assert.equal(JSON.stringify(documents.groupList), JSON.stringify(golden));
});

for (const [group, document] of documents.groups) {
  void test(`/apis/${group} equals the real one`, (context) => {
    const golden = goldenJson(context, `discovery/apis__${group}.json`);
    if (golden !== undefined) assert.equal(JSON.stringify(document), JSON.stringify(golden));
  });
}

for (const [groupVersion, document] of documents.groupVersions) {
  void test(`resources of ${groupVersion} equal the real ones`, (context) => {
    const name = groupVersion === 'v1' ? 'api__v1' : `apis__${groupVersion.replace('/', '__')}`;
    const golden = goldenJson(context, `discovery/${name}.json`);
    if (golden === undefined) return;
    assert.deepEqual(document, golden);
    assert.equal(JSON.stringify(document), JSON.stringify(golden));
  });
}

for (const [name, document] of [
  ['aggregated-api', documents.aggregatedLegacy],
  ['aggregated-apis', documents.aggregatedGroups],
] as const) {
  void test(`${name}: items and ETag equal the real ones`, (context) => {
    const golden = goldenJson(context, `discovery/${name}.json`) as { items: unknown } | undefined;
    const headers = goldenText(context, `discovery/${name}.headers`);
    if (golden === undefined || headers === undefined) return;
    assert.deepEqual(document.items, golden.items);
    assert.equal(document.etag, /^etag: "(.*)"/m.exec(headers)?.[1]);
  });
}

void test('custom resources come after the built-in groups, their versions in the order of preference', () => {
  const custom = (version: string): ResourceDefinition => ({
    group: 'example.com',
    version,
    kind: 'Wid',
    resource: 'wids',
    singular: 'wid',
    shortNames: ['wi'],
    categories: ['all'],
    namespaced: true,
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
    subresources: [
      { name: 'status', verbs: ['get', 'patch', 'update'] },
      {
        name: 'scale',
        kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
        verbs: ['get', 'patch', 'update'],
      },
    ],
    type: 'com.example.v1.Wid',
  });
  const all = [
    ...resources,
    { definition: custom('v2beta1'), custom: true },
    { definition: custom('v1'), custom: true },
  ];
  const { groups, groupVersions, groupList, aggregatedGroups, paths } = discoveryDocuments(all, {
    serverAddress: 'a:1',
  });
  assert.deepEqual(groups.get('example.com'), {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name: 'example.com',
    versions: [
      { groupVersion: 'example.com/v1', version: 'v1' },
      { groupVersion: 'example.com/v2beta1', version: 'v2beta1' },
    ],
    preferredVersion: { groupVersion: 'example.com/v1', version: 'v1' },
  });
  assert.equal((groupList as { groups: { name: string }[] }).groups.at(-1)?.name, 'example.com');
  assert.deepEqual(
    (groupVersions.get('example.com/v1') as { resources: { name: string }[] }).resources.map(({ name }) => name),
    ['wids', 'wids/status', 'wids/scale'],
  );
  const item = aggregatedGroups.items.at(-1) as { versions: { resources: { responseKind: unknown }[] }[] };
  assert.deepEqual(item.versions[0]?.resources[0]?.responseKind, { group: 'example.com', version: 'v1', kind: 'Wid' });
  assert.ok(paths.includes('/apis/example.com/v2beta1'));
});

void test('groups of one priority are listed by the names of their services, and by their own where resources stand too', () => {
  const [sample] = resources;
  if (sample === undefined) throw new Error('there are no resources');
  const custom = ['a.io/v1beta1', 'b.io/v1', 'c.io/v1alpha1', 'c.io/v1'].map((groupVersion) => {
    const [group = '', version = ''] = groupVersion.split('/');
    return { definition: { ...sample.definition, group, version }, custom: true };
  });
  const { groupList, aggregatedGroups } = discoveryDocuments(custom, { serverAddress: 'a:1' });
  const listed = (groupList as { groups: { name: string }[] }).groups.map(({ name }) => name);
  assert.deepEqual(listed, ['b.io', 'c.io', 'a.io']);
  const items = aggregatedGroups.items as { metadata: { name: string } }[];
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ['a.io', 'b.io', 'c.io'],
  );
});

void test('remote group versions are listed by priority and marked when stale', () => {
  const { groupList, aggregatedGroups, groupVersions } = discoveryDocuments(resources, {
    serverAddress: 'a:1',
    remote: [{ group: 'metrics.k8s.io', version: 'v1beta1', resources: [], stale: true, groupPriorityMinimum: 18500 }],
  });
  assert.equal((groupList as { groups: { name: string }[] }).groups[1]?.name, 'metrics.k8s.io');
  assert.deepEqual(aggregatedGroups.items[1], {
    metadata: { name: 'metrics.k8s.io' },
    versions: [{ version: 'v1beta1', freshness: 'Stale' }],
  });
  assert.equal(groupVersions.has('metrics.k8s.io/v1beta1'), false);
});

void test('a group version that is another server has is not told of twice, and no group comes before that of APIServices', () => {
  const [sample] = resources;
  if (sample === undefined) throw new Error('there are no resources');
  const local = ['apiregistration.k8s.io/v1', 'a.io/v1', 'a.io/v2'].map((groupVersion) => {
    const [group = '', version = ''] = groupVersion.split('/');
    return { definition: { ...sample.definition, group, version }, custom: true };
  });
  const { aggregatedGroups, groups } = discoveryDocuments(local, {
    serverAddress: 'a:1',
    remote: [
      { group: 'a.io', version: 'v1', resources: [], stale: true, versionPriority: 15 },
      { group: 'b.io', version: 'v1', resources: [], groupPriorityMinimum: 20_000 },
    ],
  });
  const items = aggregatedGroups.items as { metadata: { name: string }; versions: { version: string }[] }[];
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ['apiregistration.k8s.io', 'b.io', 'a.io'],
  );
  assert.deepEqual(
    items[2]?.versions.map(({ version }) => version),
    ['v2', 'v1'],
  );
  assert.deepEqual(items[2]?.versions[1], { version: 'v1', freshness: 'Stale' });
  assert.equal((groups.get('a.io') as { versions: unknown[] }).versions.length, 2);
});

void test('versions in the order of preference', () => {
  const sorted = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10'];
  assert.deepEqual(sorted.toReversed().sort(compareApiVersions), sorted);
});
