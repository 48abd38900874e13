import { goQuote } from '../../apimachinery/field-error.ts';
import type { JsonObject, JsonValue } from '../../apimachinery/json.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import type { PreferenceFile } from '../../cli/preferences/preference-file.ts';
import { requireFlags } from '../../cli/required-flags.ts';
import { entriesOf, kubercFile, kubercFlag, readKuberc, saveKuberc } from './kuberc-document.ts';

interface SetOptions {
  readonly file: PreferenceFile;
  readonly section: string;
  readonly command: string;
  readonly name: string;
  readonly policy: string;
  readonly options: readonly string[];
  readonly prependArgs: readonly string[];
  readonly appendArgs: readonly string[];
  readonly allowlist: readonly string[];
  readonly overwrite: boolean;
}

const list = (name: string, description: string) =>
  ({ name, type: 'stringArray', default: '[]', description }) as const;
const text = (name: string, description: string) => ({ name, type: 'string', default: '', description }) as const;

/** `kuberc set`: changes the preferences. */
export const kubercSetCommand = defineCommand<SetOptions>({
  path: ['kuberc', 'set'],
  usage: '--section (defaults|aliases) --command COMMAND',
  short: 'Set values in the kuberc configuration',
  long: "Set defaults for the flags of a command, make an alias, or say which credential plugins may run. An alias is a command of one's own: another one with arguments and flags.",
  examples:
    '  # Wide tables\n  kubectl kuberc set --section defaults --command get --option output=wide\n\n  # An alias\n  kubectl kuberc set --section aliases --name getn --command get --prependarg nodes\n\n  # Which plugins may run\n  kubectl kuberc set --section credentialplugin --policy Allowlist --allowlist-entry command=helper',
  flags: [
    kubercFlag,
    text('section', 'What to set: defaults, aliases or credentialplugin; required'),
    text('command', 'The command that it is about'),
    text('name', 'Name of the alias'),
    text('policy', 'Which credential plugins may run: AllowAll, DenyAll or Allowlist'),
    list('option', 'A flag with its default, flag=value'),
    list('prependarg', 'An argument that goes before those that the alias is given'),
    list('appendarg', 'An argument that goes behind those that the alias is given'),
    list('allowlist-entry', 'A plugin that may run, command=NAME'),
    { name: 'overwrite', type: 'bool', default: 'false', description: 'Change what there is already' },
  ],
  toOptions(_args, flags, context) {
    requireFlags(flags, ['section']);
    const options: SetOptions = {
      file: kubercFile(flags, context),
      section: flags.string('section'),
      command: flags.string('command'),
      name: flags.string('name'),
      policy: flags.string('policy'),
      options: flags.list('option'),
      prependArgs: flags.list('prependarg'),
      appendArgs: flags.list('appendarg'),
      allowlist: flags.list('allowlist-entry'),
      overwrite: flags.bool('overwrite'),
    };
    check(options);
    return options;
  },
  async run(options, context) {
    const { file } = options;
    const found = await readKuberc(file, context);
    const document: JsonObject =
      found === undefined || Object.keys(found).length === 0
        ? { apiVersion: 'kubectl.config.k8s.io/v1beta1', kind: 'Preference', defaults: null, aliases: null }
        : { ...found, defaults: found['defaults'] ?? null, aliases: found['aliases'] ?? null };
    const defaults = options.options.map(optionOf);
    if (options.section === 'defaults') setDefaults(document, defaults, options);
    else if (options.section === 'aliases') setAlias(document, defaults, options);
    else setPolicy(document, options);
    await saveKuberc(document, file, context);
  },
});

function check(options: SetOptions): void {
  const { section, command, name, policy, allowlist, prependArgs, appendArgs } = options;
  const refuse = (isWrong: boolean, message: string): void => {
    if (isWrong) throw new CommandError(message);
  };
  refuse(
    !['defaults', 'aliases', 'credentialplugin'].includes(section),
    `--section must be "defaults", "aliases", or "credentialplugin", got: ${section}`,
  );
  refuse(section === 'aliases' && name === '', '--name is required when --section=aliases');
  refuse(section === 'defaults' && name !== '', '--name should not be specified when --section=defaults');
  refuse(
    section === 'defaults' && prependArgs.length + appendArgs.length > 0,
    '--prependarg and --appendarg are only valid for --section=aliases',
  );
  const isPlugin = section === 'credentialplugin';
  refuse(!isPlugin && command === '', '--command is required when --section=aliases or --section=defaults');
  if (!isPlugin) return;
  refuse(policy === '', '--policy is required when --section=credentialplugin');
  const isListed = policy === 'Allowlist';
  const both = '--section=credentialplugin and --policy=Allowlist';
  refuse(
    !isListed && !['AllowAll', 'DenyAll'].includes(policy),
    ` --policy must be  "AllowAll", "DenyAll", or "Allowlist", got: ${policy}`,
  );
  refuse(!isListed && allowlist.length > 0, `--allowlist-entry may only be used when ${both}`);
  refuse(isListed && allowlist.length === 0, `--allowlist-entry is required when ${both}`);
}

function optionOf(option: string): JsonObject {
  const sign = option.indexOf('=');
  if (sign < 0) throw new CommandError(`invalid option format ${goQuote(option)}, expected flag=value`);
  return { name: option.slice(0, sign).replace(/^-+/, ''), default: option.slice(sign + 1) };
}

function setDefaults(document: JsonObject, defaults: readonly JsonObject[], options: SetOptions): void {
  const entries = [...entriesOf(document, 'defaults')];
  const at = entries.findIndex((entry) => entry['command'] === options.command);
  if (at >= 0 && !options.overwrite) {
    const about = goQuote(options.command);
    throw new CommandError(`defaults for command ${about} already exist, use --overwrite to replace`);
  }
  const kept: JsonValue = at < 0 ? null : (entries[at]?.['options'] ?? null);
  const entry = { command: options.command, options: defaults.length > 0 ? [...defaults] : kept };
  entries.splice(at < 0 ? entries.length : at, 1, entry);
  document['defaults'] = entries;
}

function setAlias(document: JsonObject, defaults: readonly JsonObject[], options: SetOptions): void {
  const entries = [...entriesOf(document, 'aliases')];
  const at = entries.findIndex((entry) => entry['name'] === options.name);
  if (at >= 0 && !options.overwrite) {
    throw new CommandError(`alias ${goQuote(options.name)} already exists, use --overwrite to replace`);
  }
  const before = at < 0 ? {} : (entries[at] ?? {});
  const entry: JsonObject = { name: options.name, command: options.command };
  const given: readonly (readonly [string, readonly JsonValue[]])[] = [
    ['prependArgs', options.prependArgs],
    ['appendArgs', options.appendArgs],
    ['options', defaults],
  ];
  for (const [field, values] of given) {
    const kept: JsonValue = values.length > 0 ? [...values] : (before[field] ?? null);
    if (Array.isArray(kept) && kept.length > 0) entry[field] = kept;
  }
  entries.splice(at < 0 ? entries.length : at, 1, entry);
  document['aliases'] = entries;
}

function setPolicy(document: JsonObject, { policy, allowlist }: SetOptions): void {
  if (policy === 'Allowlist') document['credentialPluginAllowlist'] = allowlistOf(allowlist);
  document['credentialPluginPolicy'] = policy;
}

function allowlistOf(given: readonly string[]): JsonObject[] {
  const problems: CommandError[] = [];
  const entries: JsonObject[] = [];
  for (const pair of given.flatMap((one) => one.split(','))) {
    const sign = pair.indexOf('=');
    const field = sign < 0 ? pair : pair.slice(0, sign);
    const value = pair.slice(sign + 1);
    if (sign < 0) problems.push(new CommandError(`improperly formatted allowlist entry: ${goQuote(pair)}`));
    else if (field === 'name') {
      problems.push(new CommandError('allowlist entry field "name" is deprecated, use "command" instead'));
    } else if (field !== 'command') {
      problems.push(new CommandError(`unrecognized allowlist entry field: ${goQuote(field)}`));
    } else if (value.trim() === '') {
      problems.push(new CommandError(`empty value in allowlist entry for field ${goQuote(field)}`));
    } else entries.push({ command: value });
  }
  throwFailures(problems);
  return entries;
}
