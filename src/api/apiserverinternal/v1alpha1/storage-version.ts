import { ageColumn, column, nameColumn } from '../../columns.ts';
import { optionalResource } from '../../optional-resource.ts';
import { allVerbs } from '../../resource-definition.ts';
import { type StorageVersion, storageVersionStrategy } from './storage-version-strategy.ts';

const typePackage = 'io.k8s.api.apiserverinternal.v1alpha1';
const mostShown = 3;

function versionsCell({ status }: StorageVersion): string {
  const all = (status?.storageVersions ?? []).map(
    ({ apiServerID = '', encodingVersion = '' }) => `${apiServerID}=${encodingVersion}`,
  );
  if (all.length === 0) return '<unset>';
  const shown = all.slice(0, mostShown).join(',');
  return all.length > mostShown ? `${shown} + ${all.length - mostShown} more...` : shown;
}

/** The storageversions resource: what each API server says of how it stores a resource (KEP-2339). */
export const storageVersion = optionalResource(
  {
    group: 'internal.apiserver.k8s.io',
    version: 'v1alpha1',
    kind: 'StorageVersion',
    resource: 'storageversions',
    singular: 'storageversion',
    shortNames: [],
    categories: [],
    namespaced: false,
    verbs: allVerbs,
    subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
    type: `${typePackage}.StorageVersion`,
    columns: [
      nameColumn,
      column(
        'CommonEncodingVersion',
        'string',
        '@apiserverinternal.v1alpha1.StorageVersionStatus.commonEncodingVersion',
        ({ status }: StorageVersion) => status?.commonEncodingVersion ?? '<unset>',
      ),
      column(
        'StorageVersions',
        'string',
        '@apiserverinternal.v1alpha1.StorageVersionStatus.storageVersions',
        versionsCell,
      ),
      ageColumn,
    ],
    strategy: storageVersionStrategy,
  },
  {
    package: typePackage,
    text: `
kind StorageVersion
  metadata!: meta.ObjectMeta=
  spec: StorageVersionSpec=
  status: StorageVersionStatus=

type ServerStorageVersion
  apiServerID!: string
  encodingVersion!: string
  decodableVersions!: [string] set
  servedVersions: [string] set

type StorageVersionCondition
  type!: string=
  status!: string=
  lastTransitionTime: meta.Time
  observedGeneration: int64
  reason!: string=
  message!: string

type StorageVersionSpec open

type StorageVersionStatus
  commonEncodingVersion: string
  conditions: [StorageVersionCondition] map(type)
  storageVersions: [ServerStorageVersion] map(apiServerID)
`,
  },
);
