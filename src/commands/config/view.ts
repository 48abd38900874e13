import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { stringifyKyaml } from '../../apimachinery/yaml.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../../cli/command.ts';
import { printFlags, standardFormats } from '../../cli/flags.ts';
import { canonicalKubeconfig } from '../../kubeconfig/canonical-kubeconfig.ts';
import { mergedDocument } from '../../kubeconfig/kubeconfig-changes.ts';
import { type Kubeconfig, resolveEntryPath } from '../../kubeconfig/kubeconfig.ts';
import { NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { createPrinter, hasKyaml } from '../../printers/print-flags.ts';
import { openKubeconfig } from './config-places.ts';

const pathFields = ['certificate-authority', 'client-certificate', 'client-key'];

/** `kubectl config view`. */
export const viewCommand = defineCommand({
  path: ['config', 'view'],
  usage: '[flags]',
  short: 'Display merged kubeconfig settings or a specified kubeconfig file',
  long: 'Show the kubeconfig as it is after merging, secrets left out unless --raw is given.',
  examples:
    '# Everything\nkubectl config view\n\n# The current context alone, with its secrets\nkubectl config view --minify --raw',
  flags: [
    ...printFlags({ formats: standardFormats, default: 'yaml' }),
    {
      name: 'flatten',
      type: 'bool',
      default: 'false',
      description: 'Put the content of files in the place of their names',
    },
    { name: 'merge', type: 'tristate', default: 'true', description: 'Merge the kubeconfig files' },
    { name: 'minify', type: 'bool', default: 'false', description: 'Only what the current context uses' },
    { name: 'raw', type: 'bool', default: 'false', description: 'Show certificates, keys and tokens' },
  ],
  toOptions(args, flags, context) {
    if (args.length > 0) throw new UsageError(`unexpected arguments: [${args.join(' ')}]`);
    if (!flags.bool('merge') && context.globals.string('kubeconfig') === '') {
      throw new CommandError('if merge==false a precise file must be specified');
    }
    return {
      minify: flags.bool('minify'),
      flatten: flags.bool('flatten'),
      raw: flags.bool('raw'),
      print: {
        // A template alone says how to print, in the place of YAML.
        output: flags.string('template') !== '' && !flags.changed('output') ? '' : flags.string('output'),
        template: flags.string('template'),
        allowMissingTemplateKeys: flags.bool('allow-missing-template-keys'),
        showManagedFields: flags.bool('show-managed-fields'),
      },
    };
  },
  async run({ minify, flatten, raw, print }, context) {
    const printer: ObjectPrinter =
      (await createPrinter({
        ...print,
        kyaml: hasKyaml(context.env),
        readFile: (path) => context.files.readFile(path),
      })) ?? new NamePrinter({});
    const { kubeconfig } = await openKubeconfig(context);
    const chosen = context.globals.string('context') || kubeconfig.currentContext;
    let document = flatten ? await withFileContents(kubeconfig, context) : mergedDocument(kubeconfig);
    if (minify) document = minified(document, chosen);
    // Who asks for the content of files gets everything.
    if (!raw && !flatten) document = redacted(document);
    const shown = canonicalKubeconfig(document);
    // Fields come in the order of client-go's types here, where those of API objects are sorted.
    let text: string;
    if (print.output === 'json') text = `${JSON.stringify(shown, undefined, 4)}\n`;
    else if (print.output === 'kyaml') text = `---\n${stringifyKyaml(shown, { keepOrder: true })}`;
    else text = printer.print(shown);
    context.streams.out.write(text);
    context.streams.out.write(printer.end?.() ?? '');
  },
});

function entries(document: JsonObject, section: string): JsonObject[] {
  const list = document[section];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** The content of files in the place of their names, which are relative to the kubeconfig they stand in. */
async function withFileContents(kubeconfig: Kubeconfig, context: CommandContext): Promise<JsonObject> {
  const document = mergedDocument(kubeconfig);
  for (const [section, member] of [
    ['clusters', 'cluster'],
    ['users', 'user'],
  ] as const) {
    for (const item of entries(document, section)) {
      const value = item[member];
      const entry = kubeconfig[section].get(textOf(item['name']));
      if (!isJsonObject(value) || entry === undefined) continue;
      for (const field of pathFields) {
        const path = value[field];
        if (typeof path !== 'string' || path === '') continue;
        const full = resolveEntryPath(entry, path);
        delete value[field];
        value[`${field}-data`] ??= await contentOf(context, full);
      }
    }
  }
  return document;
}

async function contentOf(context: CommandContext, path: string): Promise<string> {
  try {
    return Buffer.from(await context.files.readFile(path)).toString('base64');
  } catch (error) {
    const { code } = error as { code?: string };
    const reason =
      code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : String(error);
    throw new CommandError(`open ${path}: ${reason}`);
  }
}

function minified(document: JsonObject, current: string): JsonObject {
  if (current === '') throw new CommandError('current-context must exist in order to minify');
  const only = (section: string, name: unknown) => entries(document, section).filter((item) => item['name'] === name);
  const [context] = only('contexts', current);
  if (context === undefined) throw new CommandError(`cannot locate context ${current}`);
  const value = isJsonObject(context['context']) ? context['context'] : {};
  const clusters = only('clusters', value['cluster']);
  if (clusters.length === 0 && (value['cluster'] ?? '') !== '') {
    throw new CommandError(`cannot locate cluster ${textOf(value['cluster'])}`);
  }
  const users = only('users', value['user']);
  if (users.length === 0 && (value['user'] ?? '') !== '') {
    throw new CommandError(`cannot locate user ${textOf(value['user'])}`);
  }
  return { ...document, 'current-context': current, contexts: [context], clusters, users };
}

const omitted = 'DATA+OMITTED';

function redacted(document: JsonObject): JsonObject {
  const shortened = (value: JsonObject): JsonObject => {
    const copy = { ...value };
    for (const field of ['token', 'password']) if ((copy[field] ?? '') !== '') copy[field] = 'REDACTED';
    for (const field of ['certificate-authority-data', 'client-certificate-data', 'client-key-data'])
      if ((copy[field] ?? '') !== '') copy[field] = omitted;
    return copy;
  };
  const all = (section: string, member: string) =>
    entries(document, section).map((item) => {
      const value = item[member];
      return isJsonObject(value) ? { ...item, [member]: shortened(value) } : item;
    });
  return { ...document, clusters: all('clusters', 'cluster'), users: all('users', 'user') };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
