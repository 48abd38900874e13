import { CommandError } from '../../cli/command.ts';
import type { KubeconfigSection } from '../../kubeconfig/kubeconfig.ts';

/** What a field holds: `part` is an object of its own, which no property reaches into. */
export type FieldType = 'text' | 'bool' | 'bytes' | 'list' | 'map' | 'part';

/** What a property names. */
export type PropertyTarget =
  | { readonly kind: 'current' }
  /** What every kubeconfig is written with anyway. */
  | { readonly kind: 'type' }
  | { readonly kind: 'preferences' }
  | { readonly kind: 'colors' }
  /** Extensions of the whole file or of the preferences. */
  | { readonly kind: 'extensions'; readonly of: 'file' | 'preferences' }
  | { readonly kind: 'section'; readonly section: KubeconfigSection }
  | {
      readonly kind: 'entry';
      readonly section: KubeconfigSection;
      readonly name: string;
      readonly field?: { readonly name: string; readonly type: FieldType };
    };

/** Fields that a property may name, in the words of client-go's own types, which differ from the files' for users. */
const fieldsOf: Readonly<Record<KubeconfigSection, Readonly<Record<string, FieldType>>>> = {
  clusters: {
    server: 'text',
    'tls-server-name': 'text',
    'insecure-skip-tls-verify': 'bool',
    'certificate-authority': 'text',
    'certificate-authority-data': 'bytes',
    'proxy-url': 'text',
    'disable-compression': 'bool',
    extensions: 'map',
  },
  users: {
    'client-certificate': 'text',
    'client-certificate-data': 'bytes',
    'client-key': 'text',
    'client-key-data': 'bytes',
    token: 'text',
    tokenFile: 'text',
    'act-as': 'text',
    'act-as-uid': 'text',
    'act-as-groups': 'list',
    'act-as-user-extra': 'map',
    username: 'text',
    password: 'text',
    'auth-provider': 'part',
    exec: 'part',
    extensions: 'map',
  },
  contexts: { cluster: 'text', user: 'text', namespace: 'text', extensions: 'map' },
};

/**
 * Reads a property's name. The name of an entry may hold dots: it ends before the first word that is a field.
 * @throws CommandError
 */
export function parseProperty(property: string): PropertyTarget {
  const [first = '', ...rest] = property.split('.');
  if (isSection(first)) return parseEntry(property, first, rest);
  const [second, ...below] = rest;
  if (first === 'preferences' && second !== undefined) {
    if (second !== 'colors' && second !== 'extensions') {
      throw new CommandError(`unable to parse ${property} after [{preferences api.Preferences}] at api.Preferences`);
    }
    if (below.length > 0) throw unreadable(property);
    return second === 'colors' ? { kind: 'colors' } : { kind: 'extensions', of: 'preferences' };
  }
  const target = roots.get(first);
  if (target === undefined) throw new CommandError(`unable to parse ${property} after [] at api.Config`);
  if (second !== undefined) throw unreadable(property);
  return target;
}

const roots: ReadonlyMap<string, PropertyTarget> = new Map<string, PropertyTarget>([
  ['current-context', { kind: 'current' }],
  ['kind', { kind: 'type' }],
  ['apiVersion', { kind: 'type' }],
  ['preferences', { kind: 'preferences' }],
  ['extensions', { kind: 'extensions', of: 'file' }],
]);

function parseEntry(property: string, section: KubeconfigSection, words: readonly string[]): PropertyTarget {
  if (words.length === 0) return { kind: 'section', section };
  const fields = fieldsOf[section];
  const at = words.findIndex((word, index) => index > 0 && Object.hasOwn(fields, word));
  if (at < 0) return { kind: 'entry', section, name: words.join('.') };
  const field = words[at] ?? '';
  const type = fields[field] ?? 'text';
  if (at + 1 < words.length) {
    if (field === 'act-as-user-extra') throw new CommandError('string is not of type struct');
    throw unreadable(property);
  }
  return { kind: 'entry', section, name: words.slice(0, at).join('.'), field: { name: fileField(field), type } };
}

/** How a field is called in files. */
function fileField(name: string): string {
  return name.startsWith('act-as') ? name.slice('act-'.length) : name;
}

function unreadable(property: string): CommandError {
  return new CommandError(`unable to parse one or more field values of ${property}`);
}

function isSection(text: string): text is KubeconfigSection {
  return Object.hasOwn(fieldsOf, text);
}
