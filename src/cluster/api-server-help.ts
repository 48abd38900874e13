import { admissionPluginNames, defaultAdmissionPluginNames } from '../control-plane/admission/admission-chain.ts';
import { apiServerFlags } from './component-arguments.ts';

const width = 100;

/** What `kube-apiserver --help` is asked for most: the flags that there are, and which admission plugins are on. */
export function apiServerHelp(): string {
  const others = admissionPluginNames.filter((name) => !defaultAdmissionPluginNames.includes(name));
  const flags = apiServerFlags.toSorted().map((flag) => `  --${flag}\n`);
  return [
    'Flags of kube-apiserver that this server knows; each is given as --apiserver-arg KEY=VALUE:\n',
    ...flags,
    '\nAdmission plugins that are on by default, in their order (--disable-admission-plugins):\n',
    wrapped(defaultAdmissionPluginNames),
    '\nAdmission plugins that are off by default (--enable-admission-plugins):\n',
    wrapped(others),
  ].join('');
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
