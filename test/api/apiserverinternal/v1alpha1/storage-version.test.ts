import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storageVersion } from '../../../../src/api/apiserverinternal/v1alpha1/storage-version.ts';
import { formatFieldError } from '../../../../src/apimachinery/field-error.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';

const { strategy = {}, columns = [] } = storageVersion.definition;
const context = { now: 0, subresource: 'status', user: { username: '', uid: '', groups: [] } };

function version(status: object): Unstructured {
  const metadata = { name: 'apps.deployments' };
  return { apiVersion: 'internal.apiserver.k8s.io/v1alpha1', kind: 'StorageVersion', metadata, status };
}

const server = (id: string, encoding = 'apps/v1', decodable = [encoding]): object => ({
  apiServerID: id,
  encodingVersion: encoding,
  decodableVersions: decodable,
});
const condition = { type: 'AllEncodingVersionsEqual', status: 'True', reason: 'r', message: 'm' };

/** What a real 1.36.2 says of them. */
const cases: readonly (readonly [status: object, problems: readonly string[]])[] = [
  [{}, []],
  [{ storageVersions: [server('a'), server('b')], commonEncodingVersion: 'apps/v1', conditions: [condition] }, []],
  [{ storageVersions: [server('a'), server('b', 'apps/v2')] }, []],
  [
    { storageVersions: [server('a')] },
    ['status.commonEncodingVersion: Invalid value: null: the common encoding version is apps/v1'],
  ],
  [
    { storageVersions: [server('a')], commonEncodingVersion: 'apps/v2' },
    ['status.commonEncodingVersion: Invalid value: "apps/v2": the actual common encoding version is apps/v1'],
  ],
  [
    { storageVersions: [server('a'), server('b', 'apps/v2')], commonEncodingVersion: 'apps/v1' },
    [
      'status.commonEncodingVersion: Invalid value: "apps/v1": should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet',
    ],
  ],
  [
    { storageVersions: [server('a', 'apps/v1', ['apps/v2'])], commonEncodingVersion: 'apps/v1' },
    [
      'status.storageVersions[0].decodableVersions: Invalid value: ["apps/v2"]: decodableVersions must include encodingVersion apps/v1',
    ],
  ],
  [
    {
      storageVersions: [{ ...server('a'), servedVersions: ['apps/v3'] }],
      commonEncodingVersion: 'apps/v1',
      conditions: [{ ...condition, reason: '' }, condition],
    },
    [
      'status.storageVersions[0].servedVersions[0]: Invalid value: "apps/v3": individual served version : apps/v3 must be included in decodableVersions : [apps/v1]',
      'status[0].reason: Required value',
      'status[1].type: Invalid value: "AllEncodingVersionsEqual": the type of the condition is not unique, it also appears in conditions[0]',
    ],
  ],
];

for (const [status, problems] of cases) {
  test(`a status of ${JSON.stringify(status)}`, () => {
    const errors = strategy.validateUpdate?.(version(status), version({}), context) ?? [];
    assert.deepEqual(errors.map(formatFieldError), problems);
  });
}

test('names are those of resources', () => {
  const problems = (name: string): string[] => strategy.validateName?.(name, false, version({})) ?? [];
  assert.deepEqual(problems('apps.deployments'), []);
  assert.deepEqual(problems('nodots'), ['name must be in the form of <group>.<resource>']);
  assert.match(problems('Apps.x')[0] ?? '', /^the group segment a lowercase RFC 1123 subdomain/);
  assert.match(problems('apps.X')[0] ?? '', /^the resource segment a DNS-1035 label/);
});

test('a table shows three servers', () => {
  const cells = (status: object): unknown[] => columns.slice(1, 3).map((column) => column.cell(version(status), 0));
  assert.deepEqual(cells({}), ['<unset>', '<unset>']);
  const storageVersions = ['a', 'b', 'c', 'd', 'e'].map((id) => server(id));
  const shown = 'a=apps/v1,b=apps/v1,c=apps/v1 + 2 more...';
  assert.deepEqual(cells({ storageVersions, commonEncodingVersion: 'apps/v1' }), ['apps/v1', shown]);
});
