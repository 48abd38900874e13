import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { printFlags, standardFormats } from '../../cli/flags.ts';
import type { PreferenceFile } from '../../cli/preferences/preference-file.ts';
import { printerOf } from '../../cli/print-objects.ts';
import { stringifyGoJson } from '../../apimachinery/go-json.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { kubercFile, kubercFlag, readKuberc, saveKuberc } from './kuberc-document.ts';

interface ViewOptions {
  readonly file: PreferenceFile;
  readonly isJson: boolean;
  /** Made when something is printed: a wrong format is told after what went wrong before. */
  readonly makePrinter: () => Promise<ObjectPrinter | undefined>;
}

/** `kuberc view`: the preferences as the file has them. */
export const kubercViewCommand = defineCommand<ViewOptions>({
  path: ['kuberc', 'view'],
  usage: '',
  short: 'Display the current kuberc configuration',
  long: 'Show what the kuberc file says. Where there is none, one with recommended defaults can be made.',
  examples: '  kubectl kuberc view\n  kubectl kuberc view -o json --kuberc ./kuberc',
  flags: [...printFlags({ formats: standardFormats, default: 'yaml' }), kubercFlag],
  async toOptions(_args, flags, context) {
    return {
      file: kubercFile(flags, context),
      isJson: flags.string('output') === 'json' && flags.string('template') === '',
      makePrinter: () => printerOf(flags, context),
    };
  },
  async run({ file, isJson, makePrinter }, context) {
    const document = await readKuberc(file, context);
    if (document !== undefined) {
      const printer = await makePrinter();
      const known = knownFields(document);
      const shown = { ...known, aliases: known['aliases'] ?? [], defaults: known['defaults'] ?? [] };
      context.streams.out.write(
        isJson ? `${stringifyGoJson(asStruct(shown), '    ')}\n` : (printer?.print(shown) ?? ''),
      );
      return;
    }
    if (file.isExplicit) throw new CommandError(`kuberc file not found at ${file.shown}`);
    const { out, in: input } = context.streams;
    out.write(`kuberc file not found at ${file.shown}\n`);
    out.write('Would you like to generate a default kuberc file with recommended options? (y/N): ');
    await out.flush();
    if ((await input.readLine())?.trim().toLowerCase() === 'y') await saveKuberc(recommended, file, context);
  },
});

const recommended: JsonObject = {
  apiVersion: 'kubectl.config.k8s.io/v1beta1',
  kind: 'Preference',
  defaults: [
    { command: 'apply', options: [{ name: 'server-side', default: 'true' }] },
    { command: 'delete', options: [{ name: 'interactive', default: 'true' }] },
  ],
  aliases: null,
};

const fieldOrder = [
  'kind',
  'apiVersion',
  'defaults',
  'aliases',
  'name',
  'command',
  'prependArgs',
  'appendArgs',
  'options',
  'default',
  'credentialPluginPolicy',
  'credentialPluginAllowlist',
];

/** What the current version knows of a file; the fields of others are not shown, whatever version it says. */
function knownFields(document: JsonObject): JsonObject {
  const known = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(known);
    return isJsonObject(value) ? knownFields(value) : value;
  };
  const entries = Object.entries(document).filter(([name]) => fieldOrder.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, known(value)]));
}

/** The fields of objects in the order of their declaration. */
function asStruct(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(asStruct);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).toSorted((left, right) => fieldOrder.indexOf(left) - fieldOrder.indexOf(right));
  return new Map(names.map((name) => [name, asStruct(value[name] ?? null)]));
}
