import { admissionPluginNames, defaultAdmissionPluginNames } from '../control-plane/admission/admission-chain.ts';
import { apiServerFlagTable } from './api-server-flags.ts';

const width = 100;

/** What `kube-apiserver --help` is asked for most: the flags that there are, and which admission plugins are on. */
export function apiServerHelp(): string {
  const others = admissionPluginNames.filter((name) => !defaultAdmissionPluginNames.includes(name));
  const flags = Object.keys(apiServerFlagTable).toSorted().map(flagLine);
  return [
    'Flags of kube-apiserver; each is given as --apiserver-arg KEY=VALUE:\n',
    ...flags,
    '\nAdmission plugins that are on by default, in their order (--disable-admission-plugins):\n',
    wrapped(defaultAdmissionPluginNames),
    '\nAdmission plugins that are off by default (--enable-admission-plugins):\n',
    wrapped(others),
  ].join('');
}

function flagLine(name: string): string {
  const { type = 'string', usual = '', none, only, elsewhere } = apiServerFlagTable[name] ?? {};
  const value = usual === '' || elsewhere !== undefined ? '' : ` (default ${usual})`;
  const effect = none === undefined ? '' : `; no effect here: ${none}`;
  const limit = only === undefined ? '' : `; no other value here: ${only}`;
  return `  --${name} ${type}${value}${effect}${limit}${elsewhere === undefined ? '' : `; not here: ${elsewhere}`}\n`;
}

function wrapped(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length + 2 <= width) lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(`  ${name}`);
  }
  return `${lines.join(',\n')}\n`;
}
