import { createHash } from 'node:crypto';
import { groupPriorityOf, type GroupPriority } from '../../../api/group-priorities.ts';
import { compareApiVersions } from '../../../apimachinery/api-version-order.ts';
import { formatGroupVersion } from '../../../apimachinery/gvk.ts';
import { stringifyJson } from '../../../apimachinery/json-codec.ts';
import {
  aggregatedEntry,
  type AggregatedResourceEntry,
  type ApiResourceEntry,
  apiResourceEntries,
  type DiscoveredResource,
} from './discovery-entries.ts';

/** A group version of another server that an APIService brings in. */
export interface RemoteGroupVersion extends Partial<GroupPriority> {
  readonly group: string;
  readonly version: string;
  /** As that server said when it was last asked; `stale` when it cannot be reached now. */
  readonly resources: readonly AggregatedResourceEntry[];
  readonly stale?: boolean;
}

/** All discovery answers. `group` and `groupVersion` are looked up by name: `apps`, `apps/v1`. */
export interface DiscoveryDocuments {
  /** `/api`. */
  readonly legacyVersions: object;
  /** `/apis`. */
  readonly groupList: object;
  /** `/apis/GROUP`. */
  readonly groups: ReadonlyMap<string, object>;
  /** `/api/v1` as `v1`, `/apis/GROUP/VERSION` as `GROUP/VERSION`; remote ones are for the proxy to answer. */
  readonly groupVersions: ReadonlyMap<string, object>;
  /** Aggregated documents of `/api` and `/apis` with their ETags. */
  readonly aggregatedLegacy: AggregatedDocument;
  readonly aggregatedGroups: AggregatedDocument;
  /** Paths of all of them, for the index at `/`. */
  readonly paths: readonly string[];
}

/** An APIGroupDiscoveryList without its apiVersion, which the request chooses. */
export interface AggregatedDocument {
  readonly items: readonly object[];
  /** Hexadecimal, without quotes. */
  readonly etag: string;
}

/** What discovery depends on besides the resources. */
export interface DiscoveryOptions {
  /** `HOST:PORT` that `/api` tells clients. */
  readonly serverAddress: string;
  readonly remote?: readonly RemoteGroupVersion[];
}

interface GroupVersionEntry extends GroupPriority {
  readonly group: string;
  readonly version: string;
  readonly stale: boolean;
  readonly aggregated: readonly AggregatedResourceEntry[];
  /** Absent for remote ones. */
  readonly legacy?: readonly ApiResourceEntry[];
}

/** Builds every discovery document. Pure; cheap enough to be done again whenever a custom resource comes or goes. */
export function discoveryDocuments(
  resources: readonly DiscoveredResource[],
  options: DiscoveryOptions,
): DiscoveryDocuments {
  const remote = remoteEntries(options.remote ?? []);
  const passedOn = new Set(remote.map(formatGroupVersion));
  // What an APIService gives to another server is that server's, also where custom resources are in it.
  const own = localEntries(resources).filter((entry) => !passedOn.has(formatGroupVersion(entry)));
  const entries = [...own, ...remote];
  const legacy = entries.filter(({ group }) => group === '');
  const groups = groupsInOrder(entries.filter(({ group }) => group !== ''));
  const groupDocuments = groups.map((versions) => groupDocument(versions));
  const groupVersions = new Map<string, object>();
  for (const entry of entries) {
    if (entry.legacy !== undefined) groupVersions.set(formatGroupVersion(entry), resourceList(entry, entry.legacy));
  }
  return {
    legacyVersions: {
      kind: 'APIVersions',
      versions: legacy.map(({ version }) => version),
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: options.serverAddress }],
    },
    groupList: { kind: 'APIGroupList', apiVersion: 'v1', groups: byFirstService(groups).map(groupDocument) },
    groups: new Map(
      groupDocuments.map((document) => [document.name, { kind: 'APIGroup', apiVersion: 'v1', ...document }]),
    ),
    groupVersions,
    aggregatedLegacy: aggregatedDocument(legacy.length === 0 ? [] : [legacy]),
    aggregatedGroups: aggregatedDocument(groups),
    paths: pathsOf(legacy, groups),
  };
}

function localEntries(resources: readonly DiscoveredResource[]): GroupVersionEntry[] {
  const byGroupVersion = new Map<string, DiscoveredResource[]>();
  for (const resource of resources) {
    const key = formatGroupVersion(resource.definition);
    const known = byGroupVersion.get(key);
    if (known === undefined) byGroupVersion.set(key, [resource]);
    else known.push(resource);
  }
  return [...byGroupVersion.values()].map((members) => {
    const sorted = members.toSorted((left, right) => (left.definition.resource < right.definition.resource ? -1 : 1));
    const { group = '', version = '' } = sorted[0]?.definition ?? {};
    return {
      group,
      version,
      ...groupPriorityOf(group, version),
      stale: false,
      aggregated: sorted.map(aggregatedEntry),
      legacy: sorted.flatMap(apiResourceEntries),
    };
  });
}

function remoteEntries(remote: readonly RemoteGroupVersion[]): GroupVersionEntry[] {
  return remote.map(
    ({ group, version, resources, stale = false, groupPriorityMinimum = 1000, versionPriority = 100 }) => ({
      group,
      version,
      groupPriorityMinimum,
      versionPriority,
      stale,
      aggregated: resources,
    }),
  );
}

/**
 * Groups as the list without resources has them: those of one priority by the first name of their APIServices, which
 * begin with the version.
 */
function byFirstService(groups: readonly GroupVersionEntry[][]): GroupVersionEntry[][] {
  return groups.toSorted((left, right) => {
    const priority = highestPriority(right) - highestPriority(left);
    return priority === 0 ? compareText(firstServiceName(left), firstServiceName(right)) : priority;
  });
}

function firstServiceName(versions: readonly GroupVersionEntry[]): string {
  const most = highestPriority(versions);
  const first = versions.filter(({ groupPriorityMinimum }) => groupPriorityMinimum === most);
  return first.map(({ group, version }) => `${version}.${group}`).toSorted()[0] ?? '';
}

function highestPriority(versions: readonly GroupVersionEntry[]): number {
  return Math.max(...versions.map(({ groupPriorityMinimum }) => groupPriorityMinimum));
}

function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

/** Groups by their highest priority, then by name; versions in the order of preference. */
function groupsInOrder(entries: readonly GroupVersionEntry[]): GroupVersionEntry[][] {
  const groups = new Map<string, GroupVersionEntry[]>();
  for (const entry of entries) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  for (const versions of groups.values()) {
    versions.sort(
      (left, right) => right.versionPriority - left.versionPriority || compareApiVersions(left.version, right.version),
    );
  }
  return [...groups.entries()]
    .toSorted(
      ([leftName, left], [rightName, right]) =>
        highestPriority(right) - highestPriority(left) || compareText(leftName, rightName),
    )
    .map(([, versions]) => versions);
}

interface GroupDocument {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
  readonly preferredVersion: { readonly groupVersion: string; readonly version: string };
}

function groupDocument(entries: readonly GroupVersionEntry[]): GroupDocument {
  const versions = entries.map((entry) => ({ groupVersion: formatGroupVersion(entry), version: entry.version }));
  const [preferredVersion] = versions;
  if (preferredVersion === undefined) throw new Error('a group without versions');
  return { name: entries[0]?.group ?? '', versions, preferredVersion };
}

/** The list of the core group has no apiVersion: it is older than that field. */
function resourceList(entry: GroupVersionEntry, resources: readonly ApiResourceEntry[]): object {
  const isCore = entry.group === '';
  return {
    kind: 'APIResourceList',
    ...(isCore ? {} : { apiVersion: 'v1' }),
    groupVersion: formatGroupVersion(entry),
    resources,
  };
}

function aggregatedDocument(groups: readonly (readonly GroupVersionEntry[])[]): AggregatedDocument {
  const items = groups.map((versions) => {
    const name = versions[0]?.group ?? '';
    return {
      metadata: name === '' ? {} : { name },
      versions: versions.map(({ version, aggregated, stale }) => ({
        version,
        ...(aggregated.length === 0 ? {} : { resources: aggregated }),
        freshness: stale ? 'Stale' : 'Current',
      })),
    };
  });
  const etag = createHash('sha512')
    .update(stringifyJson({ metadata: {}, items }))
    .digest('hex')
    .toUpperCase();
  return { items, etag };
}

function pathsOf(
  legacy: readonly GroupVersionEntry[],
  groups: readonly (readonly GroupVersionEntry[])[],
): readonly string[] {
  const paths = ['/api', '/apis', '/apis/', ...legacy.map(({ version }) => `/api/${version}`)];
  for (const versions of groups) {
    for (const { group } of versions.slice(0, 1)) paths.push(`/apis/${group}`);
    for (const { group, version } of versions) paths.push(`/apis/${group}/${version}`);
  }
  return paths;
}
