import { join } from 'node:path';
import {
  coreGroupFromVersions,
  type DiscoveredGroup,
  type DiscoveredResource,
  groupsFromAggregatedDiscovery,
  groupsFromGroupList,
  resourcesFromResourceList,
} from '../apimachinery/discovery-document.ts';
import { isJsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../apimachinery/json-codec.ts';
import { header } from '../apimachinery/http.ts';
import { NoMatchError, RestMapper } from '../apimachinery/rest-mapping.ts';
import { StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import type { Clock } from '../system/clock.ts';
import { type CacheOptions, cacheFolderName, writeCacheFile } from './cache-file.ts';

export interface DiscoveryOptions extends CacheOptions {
  readonly clock: Clock;
  /** Told of short names that mean several resources. */
  readonly onWarning?: (text: string) => void;
  /** Told when what was kept does not know a kind, before the server is asked. */
  readonly onInvalidated?: () => void;
  /** Told the file that the server's kinds were read from. */
  readonly onCached?: (file: string) => void;
}

/** What a server serves. */
export interface Discovery {
  /** From the disk where that is fresh, else from the server. */
  mapper(): Promise<RestMapper>;
  /** From the server, whatever the disk says. */
  refresh(): Promise<RestMapper>;
  /** Does something with a mapper, once more with a fresh one when a kind or resource is not known. */
  withMapper<T>(use: (mapper: RestMapper) => T): Promise<T>;
  /** Why the server did not tell, the last time that it was asked. */
  readonly failure: unknown;
}

/** As kubectl: six hours. */
const freshMillis = 6 * 3_600_000;
const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

/** Discovery with a cache on disk that processes share: a file is written whole or not at all. */
export function createDiscovery(options: DiscoveryOptions): Discovery {
  const file = join(options.cacheFolder, 'discovery', cacheFolderName(options.server), 'resources.json');
  let known: Promise<RestMapper> | undefined;
  let isFresh = false;
  let failure: unknown;
  const fetchNow = async (): Promise<RestMapper> => {
    const groups = await fetchGroups(options).catch((error: unknown) => {
      failure = error;
      throw error;
    });
    isFresh = true;
    await remember(options, file, groups);
    return new RestMapper(groups, options.onWarning);
  };
  const load = async (): Promise<RestMapper> => {
    const cached = await readCached(options, file);
    if (cached?.fresh === true) {
      options.onCached?.(file);
      return new RestMapper(cached.groups, options.onWarning);
    }
    try {
      return await fetchNow();
    } catch (error) {
      // A server that does not answer: what was last known of it is better than nothing.
      if (cached !== undefined && error instanceof TransportError)
        return new RestMapper(cached.groups, options.onWarning);
      throw error;
    }
  };
  const discovery: Discovery = {
    get failure() {
      return failure;
    },
    mapper: () => (known ??= load()),
    refresh: () => (known = fetchNow()),
    async withMapper(use) {
      const mapper = await discovery.mapper();
      try {
        return use(mapper);
      } catch (error) {
        if (!(error instanceof NoMatchError) || isFresh) throw error;
        options.onInvalidated?.();
        return use(await discovery.refresh());
      }
    },
  };
  return discovery;
}

interface CachedFile {
  readonly fetchedAt: number;
  readonly groups: readonly DiscoveredGroup[];
}

async function readCached(
  options: DiscoveryOptions,
  file: string,
): Promise<{ readonly groups: readonly DiscoveredGroup[]; readonly fresh: boolean } | undefined> {
  try {
    const value = parseJson(await options.files.readFile(file));
    if (!isJsonObject(value) || !Array.isArray(value['groups']) || typeof value['fetchedAt'] !== 'number')
      return undefined;
    const cached = value as unknown as CachedFile;
    const age = options.clock.now() - cached.fetchedAt;
    return { groups: cached.groups, fresh: age >= 0 && age < freshMillis };
  } catch {
    // Not there, or damaged: as good as not there.
    return undefined;
  }
}

async function remember(options: DiscoveryOptions, file: string, groups: readonly DiscoveredGroup[]): Promise<void> {
  const content: CachedFile = { fetchedAt: options.clock.now(), groups };
  await writeCacheFile(options.files, file, stringifyJson(content));
}

async function fetchGroups(options: CacheOptions): Promise<DiscoveredGroup[]> {
  const core = fetchRoot(options, '/api');
  const named = fetchRoot(options, '/apis');
  // Where neither is answered, the first one is told.
  named.catch(() => undefined);
  return [...(await core), ...(await named)];
}

async function fetchRoot(options: CacheOptions, path: '/api' | '/apis'): Promise<DiscoveredGroup[]> {
  let response;
  try {
    const query = { timeout: options.timeout };
    response = await options.client.request({ method: 'GET', path, query, accept: aggregated, unread: true });
  } catch (error) {
    // Aggregated servers may have no core group; other groups there must be.
    if (path === '/api' && error instanceof StatusError && error.code === 404) return [];
    throw error;
  }
  const document = parseJson(response.body);
  const type = header(response.headers, 'content-type') ?? '';
  if (type.includes('APIGroupDiscoveryList')) return groupsFromAggregatedDiscovery(document);
  return legacyGroups(options, path, document);
}

/** Servers before aggregated discovery: one document for each group version. */
async function legacyGroups(options: CacheOptions, path: string, document: JsonValue): Promise<DiscoveredGroup[]> {
  const core = path === '/api' ? coreGroupFromVersions(document) : undefined;
  const groups = path === '/api' ? (core === undefined ? [] : [core]) : groupsFromGroupList(document);
  return Promise.all(
    groups.map(async (group) => ({
      name: group.name,
      preferredVersion: group.preferredVersion,
      versions: await Promise.all(
        group.versions.map(async (version) => ({
          version,
          resources: await legacyResources(
            options,
            path === '/api' ? path : `${path}/${group.name}`,
            group.name,
            version,
          ),
        })),
      ),
    })),
  );
}

async function legacyResources(
  { client, timeout }: CacheOptions,
  path: string,
  group: string,
  version: string,
): Promise<readonly DiscoveredResource[] | undefined> {
  try {
    const response = await client.request({ method: 'GET', path: `${path}/${version}`, query: { timeout } });
    return resourcesFromResourceList(group, version, parseJson(response.body));
  } catch (error) {
    // One group that does not answer must not hide the others.
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}
