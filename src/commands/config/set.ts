import { wrongBase64Byte } from '../../apimachinery/base64.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { parseBoolean } from '../../cli/flag-values.ts';
import {
  deleteEntry,
  entryValue,
  writeCurrentContext,
  writeEntry,
  writePreferences,
} from '../../kubeconfig/kubeconfig-changes.ts';
import { openKubeconfig, requireArguments } from './config-places.ts';
import { type FieldType, parseProperty } from './kubeconfig-property.ts';

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
    if (value === '') throw new CommandError('you cannot use set to unset a property');
    if (property === '') throw new CommandError('you must specify a property');
    return { property, value, raw: flags.bool('set-raw-bytes') };
  },
  async run({ property, value, raw }, context) {
    await setProperty(property, value, raw, context);
    context.streams.out.write(`Property "${property}" set.\n`);
  },
});

async function setProperty(property: string, text: string, raw: boolean, context: CommandContext): Promise<void> {
  const { places, kubeconfig } = await openKubeconfig(context);
  const target = parseProperty(property);
  switch (target.kind) {
    case 'current':
      return writeCurrentContext(context.files, places, text);
    case 'type':
      return;
    case 'colors':
      return writePreferences(context.files, places, { ...kubeconfig.preferences, colors: parseBoolean(text) });
    case 'preferences': {
      const colors = kubeconfig.preferences?.['colors'] === true;
      const step = 'config.navigationStep{stepValue:"", stepType:reflect.Type(nil)}';
      throw new CommandError(`unable to locate path ${step} under {${colors} map[]}`);
    }
    case 'extensions':
      throw notSettable([]);
    case 'section':
      throw notSettable(kubeconfig[target.section].keys());
    case 'entry': {
      const { section, name, field } = target;
      if (field === undefined) throw notSettable(kubeconfig[section].keys());
      const value = entryValue(kubeconfig, section, name);
      value[field.name] = fieldValue(property, field.type, text, raw);
      return writeEntry(context.files, places, section, name, value);
    }
  }
}

function notSettable(names: Iterable<string>): CommandError {
  return new CommandError(`can't set a map to a value: map[${[...names].sort().join(' ')}]`);
}

function fieldValue(property: string, type: FieldType, text: string, raw: boolean): JsonValue {
  if (type === 'bool') return parseBoolean(text);
  if (type === 'bytes') return raw ? Buffer.from(text).toString('base64') : checkedBase64(text);
  if (type === 'list') throw new CommandError('unrecognized slice type. string');
  if (type === 'map') throw notSettable([]);
  if (type === 'part') throw new CommandError(`can't set ${property} to a value: it has fields of its own`);
  return text;
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
    const [property = ''] = args;
    if (property === '') throw new CommandError('you must specify a property');
    return property;
  },
  async run(property, context) {
    await unsetProperty(property, context);
    context.streams.out.write(`Property "${property}" unset.\n`);
  },
});

async function unsetProperty(property: string, context: CommandContext): Promise<void> {
  const { files } = context;
  const { places, kubeconfig } = await openKubeconfig(context);
  const target = parseProperty(property);
  const preferences = kubeconfig.preferences ?? {};
  switch (target.kind) {
    case 'current':
      return writeCurrentContext(files, places, '');
    case 'type':
      return;
    case 'preferences':
      return writePreferences(files, places, {});
    case 'colors':
      return writePreferences(files, places, without(preferences, 'colors'));
    case 'extensions':
      // Those of the whole file stay: client-go changes entries, preferences and the current context alone.
      if (target.of === 'file') return;
      return writePreferences(files, places, without(preferences, 'extensions'));
    case 'section':
      for (const { name, file } of kubeconfig[target.section].values()) {
        await deleteEntry(files, file, target.section, name);
      }
      return;
    case 'entry': {
      const { section, name, field } = target;
      const entry = kubeconfig[section].get(name);
      if (entry === undefined) {
        if (field !== undefined) throw new CommandError(`current map key \`${name}\` is invalid`);
        return;
      }
      if (field === undefined) return deleteEntry(files, entry.file, section, name);
      const value = isJsonObject(entry.value) ? entry.value : {};
      return writeEntry(files, places, section, name, without(value, field.name));
    }
  }
}

function without(value: JsonObject, field: string): JsonObject {
  const { [field]: _gone, ...rest } = value;
  return rest;
}
