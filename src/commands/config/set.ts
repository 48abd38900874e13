import { wrongBase64Byte } from '../../apimachinery/base64.ts';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { parseBoolean } from '../../cli/flag-values.ts';
import {
  deleteEntry,
  entryValue,
  writeCurrentContext,
  writeEntry,
  writePreferences,
} from '../../kubeconfig/kubeconfig-changes.ts';
import type { KubeconfigSection } from '../../kubeconfig/kubeconfig.ts';
import { openKubeconfig, requireArguments } from './config-places.ts';

/** Fields that a property may name, and what they hold. */
const fieldsOf: Readonly<Record<KubeconfigSection, Readonly<Record<string, 'text' | 'bool' | 'bytes' | 'list'>>>> = {
  clusters: {
    server: 'text',
    'tls-server-name': 'text',
    'insecure-skip-tls-verify': 'bool',
    'certificate-authority': 'text',
    'certificate-authority-data': 'bytes',
    'proxy-url': 'text',
    'disable-compression': 'bool',
  },
  users: {
    'client-certificate': 'text',
    'client-certificate-data': 'bytes',
    'client-key': 'text',
    'client-key-data': 'bytes',
    token: 'text',
    tokenFile: 'text',
    as: 'text',
    'as-uid': 'text',
    'as-groups': 'list',
    username: 'text',
    password: 'text',
  },
  contexts: { cluster: 'text', user: 'text', namespace: 'text' },
};

type Target =
  | { readonly kind: 'current' }
  | { readonly kind: 'colors' }
  | { readonly kind: 'section'; readonly section: KubeconfigSection }
  | { readonly kind: 'entry'; readonly section: KubeconfigSection; readonly name: string; readonly field?: string };

/** Reads a property's name; the name of an entry may hold dots where a known field follows. @throws CommandError */
function parseProperty(property: string): Target {
  if (property === 'current-context') return { kind: 'current' };
  if (property === 'preferences.colors') return { kind: 'colors' };
  const [section = '', ...rest] = property.split('.');
  if (!isSection(section)) throw new CommandError(`unable to parse ${property} after [] at api.Config`);
  if (rest.length === 0) return { kind: 'section', section };
  const last = rest.at(-1) ?? '';
  if (rest.length > 1 && Object.hasOwn(fieldsOf[section], last)) {
    return { kind: 'entry', section, name: rest.slice(0, -1).join('.'), field: last };
  }
  if (rest.length > 1) {
    throw new CommandError(`unable to parse ${property}: ${section} have no field ${JSON.stringify(last)}`);
  }
  return { kind: 'entry', section, name: last };
}

function isSection(text: string): text is KubeconfigSection {
  return Object.hasOwn(fieldsOf, text);
}

/** `kubectl config set`. */
export const setCommand = defineCommand({
  path: ['config', 'set'],
  usage: 'PROPERTY_NAME PROPERTY_VALUE',
  short: 'Set an individual value in a kubeconfig file',
  long:
    'Set one value. The property is a path of names with dots between them, such as clusters.my-cluster.server. ' +
    'Certificates and keys are given in base64, unless --set-raw-bytes says that they are given as they are.',
  examples: '# Set the server of my-cluster\nkubectl config set clusters.my-cluster.server https://1.2.3.4',
  flags: [
    {
      name: 'set-raw-bytes',
      type: 'tristate',
      default: 'false',
      description: 'Take the value of a field of bytes as it is',
    },
  ],
  toOptions(args, flags) {
    requireArguments(args, 2);
    const [property = '', value = ''] = args;
    if (property === '') throw new CommandError('you cannot use set on a zero-length property');
    return { property, value, raw: flags.bool('set-raw-bytes') };
  },
  async run({ property, value, raw }, context) {
    await setProperty(property, value, raw, context);
    context.streams.out.write(`Property "${property}" set.\n`);
  },
});

async function setProperty(property: string, text: string, raw: boolean, context: CommandContext): Promise<void> {
  const target = parseProperty(property);
  const { places, kubeconfig } = await openKubeconfig(context);
  if (target.kind === 'current') {
    await writeCurrentContext(context.files, places, text);
    return;
  }
  if (target.kind === 'colors') {
    await writePreferences(context.files, places, parseBoolean(text) ? { colors: true } : {});
    return;
  }
  if (target.kind === 'section' || target.field === undefined) {
    throw new CommandError(`can't set a map to a value: ${property}`);
  }
  const value = entryValue(kubeconfig, target.section, target.name);
  setField(value, target.field, fieldsOf[target.section][target.field] ?? 'text', text, raw);
  await writeEntry(context.files, places, target.section, target.name, value);
}

function setField(value: JsonObject, field: string, type: string, text: string, raw: boolean): void {
  if (type === 'bool') value[field] = parseBoolean(text);
  else if (type === 'list') value[field] = text.split(',');
  else if (type === 'bytes') value[field] = raw ? Buffer.from(text).toString('base64') : checkedBase64(text);
  else value[field] = text;
}

function checkedBase64(text: string): string {
  const wrong = wrongBase64Byte(text);
  if (wrong !== undefined) {
    throw new CommandError(`error decoding input value: illegal base64 data at input byte ${wrong}`);
  }
  return text.replaceAll(/[\r\n]/g, '');
}

/** `kubectl config unset`. */
export const unsetCommand = defineCommand({
  path: ['config', 'unset'],
  usage: 'PROPERTY_NAME',
  short: 'Unset an individual value in a kubeconfig file',
  long: 'Take out one value, or a whole entry: contexts.my-context.namespace, or contexts.my-context.',
  examples: '# No current context any more\nkubectl config unset current-context',
  flags: [],
  toOptions(args) {
    requireArguments(args, 1);
    return args[0] ?? '';
  },
  async run(property, context) {
    const target = parseProperty(property);
    const { places, kubeconfig } = await openKubeconfig(context);
    if (target.kind === 'current') {
      await writeCurrentContext(context.files, places, '');
    } else if (target.kind === 'colors') {
      await writePreferences(context.files, places, {});
    } else if (target.kind === 'section') {
      for (const { name, file } of kubeconfig[target.section].values()) {
        await deleteEntry(context.files, file, target.section, name);
      }
    } else {
      const entry = kubeconfig[target.section].get(target.name);
      if (entry === undefined && target.field !== undefined) {
        throw new CommandError(`current map key \`${target.name}\` is invalid`);
      }
      if (entry !== undefined && target.field === undefined) {
        await deleteEntry(context.files, entry.file, target.section, target.name);
      } else if (entry !== undefined && isJsonObject(entry.value) && target.field !== undefined) {
        const { [target.field]: _gone, ...rest } = entry.value;
        await writeEntry(context.files, places, target.section, target.name, rest);
      }
    }
    context.streams.out.write(`Property "${property}" unset.\n`);
  },
});
