import type { ResourceDefinition } from '../api/resource-definition.ts';
import { booleanOf } from '../apimachinery/boolean.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { type ComponentArguments, ComponentArgumentError, listArgument } from './component-arguments.ts';

const patterns: Readonly<Record<string, RegExp>> = {
  'api/all': /^/,
  'api/ga': /^v\d+$/,
  'api/beta': /^v\d+beta\d+$/,
  'api/alpha': /^v\d+alpha\d+$/,
};

/**
 * The resources that --runtime-config leaves on: `api/beta=false`, `apps/v1=false`, `batch/v1/cronjobs=false`. What this
 * server has is on from the start, so turning on changes nothing but what a wider key has turned off.
 * @throws ComponentArgumentError for versions that are not there
 */
export function enabledResources<T extends Pick<ResourceDefinition, 'group' | 'version' | 'resource'>>(
  resources: readonly T[],
  flags: ComponentArguments,
): readonly T[] {
  const wanted = readConfig(flags);
  if (wanted.size === 0) return resources;
  if (wanted.size === 1 && wanted.get('api/all') === 'false') {
    throw new ComponentArgumentError('invalid runtime-config with only api/all=false');
  }
  const preferences = [...wanted].filter(([key]) => !Object.hasOwn(patterns, key));
  const groups = new Set(resources.map(({ group }) => group));
  const versions = new Set(resources.map(({ group, version }) => `${group}/${version}`));
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
  return resources.filter(isOn);
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
function switches(
  wanted: ReadonlyMap<string, string>,
): (resource: { readonly group: string; readonly version: string; readonly resource: string }) => boolean {
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
      values.set(`${group}/${version}${resource === '' ? '' : `/${resource}`}`, value);
    }
  }
  return ({ group, version, resource }) => {
    let isOn = true;
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
