import type { ResourceDefinition } from '../api/resource-definition.ts';
import { booleanOf } from '../apimachinery/boolean.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { unservedVersions } from '../control-plane/apiserver/openapi/known-versions.ts';
import { type ComponentArguments, ComponentArgumentError, listArgument } from './component-arguments.ts';

const patterns: Readonly<Record<string, RegExp>> = {
  'api/all': /^/,
  'api/ga': /^v\d+$/,
  'api/beta': /^v\d+beta\d+$/,
  'api/alpha': /^v\d+alpha\d+$/,
};

type Named = Pick<ResourceDefinition, 'group' | 'version' | 'resource'>;

/** Whether --runtime-config says anything, so that more or less is served than by default. */
export function hasRuntimeConfig(flags: ComponentArguments): boolean {
  return readConfig(flags).size > 0;
}

/**
 * The resources that --runtime-config leaves on or turns on: `api/beta=true`, `apps/v1=false`, `batch/v1/cronjobs=false`.
 * @param resources what is on from the start
 * @param optional what is off from the start
 * @throws ComponentArgumentError for versions that are not there
 */
export function enabledResources<T extends Named, U extends Named>(
  resources: readonly T[],
  optional: readonly U[],
  flags: ComponentArguments,
): readonly (T | U)[] {
  const wanted = readConfig(flags);
  if (wanted.size === 0) return resources;
  if (wanted.size === 1 && wanted.get('api/all') === 'false') {
    throw new ComponentArgumentError('invalid runtime-config with only api/all=false');
  }
  const preferences = [...wanted].filter(([key]) => !Object.hasOwn(patterns, key));
  const known = knownVersions([...resources, ...optional]);
  const groups = new Set(known.map(({ group }) => group));
  const versions = new Set(known.map(({ group, version }) => `${group}/${version}`));
  const unknown = preferences.filter(([key]) => !groups.has(partsOf(key).group)).map(([key]) => versionOf(key));
  if (unknown.length > 0) {
    throw new ComponentArgumentError(`unknown api groups ${[...new Set(unknown)].toSorted().join(',')}`);
  }
  for (const [key] of preferences) {
    const { group, version } = partsOf(key);
    if (versions.has(`${group}/${version}`)) continue;
    throw new ComponentArgumentError(`group version ${versionOf(key)} that has not been registered`);
  }
  const isOn = switches(wanted);
  return [
    ...resources.filter((resource) => isOn(resource, true)),
    ...optional.filter((resource) => isOn(resource, false)),
  ];
}

/** The versions of these resources, and those that Kubernetes knows although it does not serve anything of them. */
function knownVersions(resources: readonly Named[]): readonly Pick<Named, 'group' | 'version'>[] {
  const unserved = Object.entries(unservedVersions).flatMap(([group, versions]) =>
    versions.map((version) => ({ group, version })),
  );
  return [...resources, ...unserved];
}

/**
 * What is asked for of resources that this server does not have: those that a wide key (`api/beta`) means.
 * @param missing `GROUP/VERSION/RESOURCE`
 * @throws ComponentArgumentError for those that are asked for by name, or whose version has nothing else
 */
export function missingFromConfig(
  missing: readonly string[],
  served: readonly Named[],
  flags: ComponentArguments,
): readonly string[] {
  const wanted = readConfig(flags);
  const isOn = switches(wanted);
  const named = missing.map((name) => ({ name, ...partsOf(name) }));
  const versions = new Set(served.map(({ group, version }) => `${group}/${version}`));
  for (const { name, ...resource } of named) {
    const version = `${resource.group}/${resource.version}`;
    const isMeant = wanted.has(name) || (wanted.has(version) && !versions.has(version));
    if (isMeant && isOn(resource, false)) {
      throw new ComponentArgumentError(`this server does not serve ${wanted.has(name) ? name : version}`);
    }
  }
  return named.filter((resource) => isOn(resource, false)).map(({ name }) => name);
}

function readConfig(flags: ComponentArguments): ReadonlyMap<string, string> {
  const pairs = (listArgument(flags, 'runtime-config') ?? []).map((item): [string, string] => {
    const at = item.indexOf('=');
    return at === -1 ? [item.trim(), 'true'] : [item.slice(0, at).trim(), item.slice(at + 1).trim()];
  });
  for (const [key] of pairs) {
    const { length } = key.split('/');
    if (length !== 2 && length !== 3) throw new ComponentArgumentError(`runtime-config invalid key ${key}`);
  }
  return new Map(pairs);
}

/** The narrowest key that speaks of a resource decides. */
function switches(wanted: ReadonlyMap<string, string>): (resource: Named, byDefault: boolean) => boolean {
  const values = new Map<string, boolean>();
  for (const [key, text] of wanted) {
    const value = text === '' ? true : booleanOf(text);
    if (Object.hasOwn(patterns, key)) {
      if (text !== 'true' && text !== 'false') throw new ComponentArgumentError(`invalid value ${key}=${text}`);
      values.set(key, text === 'true');
    } else if (value === undefined) {
      const reason = `strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`;
      throw new ComponentArgumentError(`invalid value of ${key}: ${text}, err: ${reason}`);
    } else {
      const { group, version, resource } = partsOf(key);
      if (resource.toLowerCase() !== resource) {
        const rule = 'group/version/resource and resource is always lowercase plural';
        throw new ComponentArgumentError(`invalid key ${key}: ${rule}, not ${goQuote(resource)}`);
      }
      values.set(`${group}/${version}${resource === '' ? '' : `/${resource}`}`, value);
    }
  }
  return ({ group, version, resource }, byDefault) => {
    let isOn = byDefault;
    for (const [key, pattern] of Object.entries(patterns)) {
      if (pattern.test(version)) isOn = values.get(key) ?? isOn;
    }
    return values.get(`${group}/${version}/${resource}`) ?? values.get(`${group}/${version}`) ?? isOn;
  };
}

/** The core group goes by its path, `api`. */
function partsOf(key: string): { readonly group: string; readonly version: string; readonly resource: string } {
  const [group = '', version = '', resource = ''] = key.split('/');
  return { group: group === 'api' ? '' : group, version, resource };
}

function versionOf(key: string): string {
  return key.split('/').slice(0, 2).join('/');
}
