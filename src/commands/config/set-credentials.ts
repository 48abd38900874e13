import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import {
  type CommandContext,
  CommandError,
  defineCommand,
  type FlagDefinition,
  type FlagValues,
  HelpfulError,
} from '../../cli/command.ts';
import { entryValue } from '../../kubeconfig/kubeconfig-changes.ts';
import { checkKeychainFlags } from './keychain-flags.ts';
import { absolute, missingFile, openKubeconfig, readForEmbedding, writeEntryWithPaths } from './config-places.ts';

const text = (name: string, description: string): FlagDefinition => ({
  name,
  type: 'string',
  default: '',
  description,
});
const tristate = (name: string, description: string): FlagDefinition => ({
  name,
  type: 'tristate',
  default: 'false',
  description,
});
const list = (name: string, description: string): FlagDefinition => ({
  name,
  type: 'stringSlice',
  default: '[]',
  description,
});
const interactiveModes = ['IfAvailable', 'Never', 'Always'];

/** `kubectl config set-credentials`. */
export const setCredentialsCommand = defineCommand({
  path: ['config', 'set-credentials'],
  usage:
    'NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] ' +
    '[--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] ' +
    '[--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] ' +
    '[--exec-arg=arg] [--exec-env=key=value]',
  short: 'Set a user entry in kubeconfig',
  long:
    'Make a user entry, or change the given fields of the one of that name.\n\n' +
    'A user has a client certificate with its key, a bearer token, or a user name with a password; ' +
    'a token and a password exclude each other.',
  examples: '# Set only the key\nkubectl config set-credentials cluster-admin --client-key=~/.kube/admin.key',
  flags: [
    text('auth-provider', 'Auth provider'),
    list('auth-provider-arg', "'key=value' for the auth provider; 'key-' takes one out"),
    text('client-certificate', 'File with the client certificate'),
    text('client-key', 'File with the client key'),
    tristate('embed-certs', 'Put certificate and key themselves into the kubeconfig'),
    text('exec-api-version', 'API version of the credential plugin'),
    list('exec-arg', 'Arguments of the credential plugin'),
    text('exec-command', 'Credential plugin'),
    {
      name: 'exec-env',
      type: 'stringArray',
      default: '[]',
      description: "'key=value' in the environment of the credential plugin; 'key-' takes one out",
    },
    text('exec-interactive-mode', 'One of IfAvailable, Never, Always: whether the plugin gets the terminal'),
    tristate('exec-provide-cluster-info', 'Tell the plugin about the cluster'),
    {
      name: 'keychain',
      type: 'bool',
      default: 'false',
      description:
        'Keep the token, or the client certificate with its key, in the system keychain; the kubeconfig says how to get them',
    },
    text('password', 'Password'),
    text('token', 'Bearer token'),
    text('username', 'User name'),
  ],
  toOptions(args, flags) {
    if (args.length !== 1) throw new HelpfulError(`unexpected args: [${args.join(' ')}]`);
    checkFlags(flags);
    if (flags.bool('keychain')) checkKeychainFlags(flags);
    // A single empty value is lost on pflag's way through CSV.
    const variables = flags.list('exec-env');
    const environment = splitPairs(variables.length === 1 && variables[0] === '' ? [] : variables, 'exec-env');
    const providerArguments = splitPairs(flags.list('auth-provider-arg'), 'auth-provider-arg');
    return { name: args[0] ?? '', flags, environment, providerArguments };
  },
  async run({ name, flags, environment, providerArguments }, context) {
    const { places, kubeconfig } = await openKubeconfig(context);
    const value = entryValue(kubeconfig, 'users', name);
    if (flags.bool('keychain')) {
      const { keepInKeychain } = await import('./keep-in-keychain.ts');
      await keepInKeychain(name, value, flags, { places, kubeconfig }, context);
      context.streams.out.write(`User "${name}" set.\n`);
      return;
    }
    await setCertificates(value, flags, context);
    setSecrets(value, flags);
    setProvider(value, flags, providerArguments);
    setPlugin(value, flags, environment);
    await writeEntryWithPaths(context, { places, kubeconfig }, 'users', name, value);
    context.streams.out.write(`User "${name}" set.\n`);
  },
});

function checkFlags(flags: FlagValues): void {
  const methods = [
    ...(flags.string('token') === '' ? [] : ['--token']),
    ...(flags.string('username') === '' && flags.string('password') === '' ? [] : ['--username/--password']),
  ];
  if (methods.length > 1) {
    throw new CommandError(
      `you cannot specify more than one authentication method at the same time: ${methods.join(', ')}`,
    );
  }
  if (flags.bool('embed-certs') && flags.string('client-certificate') === '' && flags.string('client-key') === '') {
    throw new CommandError('you must specify a --client-certificate or --client-key to embed');
  }
  const mode = flags.string('exec-interactive-mode');
  if (flags.changed('exec-interactive-mode') && !interactiveModes.includes(mode)) {
    throw new CommandError('invalid interactive mode type, can be only IfAvailable, Never, Always');
  }
}

interface Pairs {
  readonly set: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

/** `key=value` sets, `key-` takes out. @throws HelpfulError */
function splitPairs(texts: readonly string[], flag: string): Pairs {
  const set = new Map<string, string>();
  const removed: string[] = [];
  const invalid: string[] = [];
  for (const pair of texts) {
    const at = pair.indexOf('=');
    if (at > 0) set.set(pair.slice(0, at), pair.slice(at + 1));
    else if (at < 0 && pair.length > 1 && pair.endsWith('-')) removed.push(pair.slice(0, -1));
    else invalid.push(pair);
  }
  if (invalid.length > 0) throw new HelpfulError(`invalid ${flag} format: ${invalid.join(', ')}`);
  return { set, removed };
}

async function setCertificates(value: JsonObject, flags: FlagValues, context: CommandContext): Promise<void> {
  for (const name of ['client-certificate', 'client-key']) {
    if (!flags.changed(name)) continue;
    const path = flags.string(name);
    delete value[name];
    delete value[`${name}-data`];
    if (flags.bool('embed-certs')) {
      if (!(await context.files.exists(absolute(context, path)))) throw missingFile(name, path, { code: 'ENOENT' });
      value[`${name}-data`] = await readForEmbedding(context, name, path);
    } else {
      value[name] = absolute(context, path);
    }
  }
}

function setSecrets(value: JsonObject, flags: FlagValues): void {
  const setsToken = flags.changed('token');
  const setsBasic = flags.changed('username') || flags.changed('password');
  for (const name of ['token', 'username', 'password']) {
    if (flags.changed(name)) value[name] = flags.string(name);
  }
  // One method takes the place of the other.
  if (setsToken && flags.string('token') !== '') {
    delete value['username'];
    delete value['password'];
  }
  if (setsBasic) {
    delete value['token'];
  }
}

function setProvider(value: JsonObject, flags: FlagValues, pairs: Pairs): void {
  if (flags.changed('auth-provider')) {
    const name = flags.string('auth-provider');
    const known = value['auth-provider'];
    // The provider of the same name keeps its settings.
    const isKnown = isJsonObject(known) && known['name'] === name;
    if (!isKnown) value['auth-provider'] = { config: {}, name };
  }
  const provider = value['auth-provider'];
  if (!isJsonObject(provider)) return;
  const config: JsonObject = isJsonObject(provider['config']) ? { ...provider['config'] } : {};
  for (const [key, setting] of pairs.set) config[key] = setting;
  for (const key of pairs.removed) delete config[key];
  value['auth-provider'] = { ...provider, config };
}

function setPlugin(value: JsonObject, flags: FlagValues, environment: Pairs): void {
  const existing = value['exec'];
  const touched = ['exec-command', 'exec-api-version', 'exec-arg', 'exec-env', 'exec-interactive-mode'].some((name) =>
    flags.changed(name),
  );
  if (!isJsonObject(existing) && !flags.changed('exec-command')) return;
  if (!touched && !flags.changed('exec-provide-cluster-info')) return;
  const exec: JsonObject = isJsonObject(existing) ? { ...existing } : {};
  if (flags.changed('exec-command')) {
    exec['command'] = flags.string('exec-command');
    // The arguments were those of another program.
    exec['args'] = null;
  }
  if (flags.changed('exec-api-version')) exec['apiVersion'] = flags.string('exec-api-version');
  if (flags.changed('exec-arg')) exec['args'] = [...flags.list('exec-arg')];
  if (flags.changed('exec-interactive-mode')) exec['interactiveMode'] = flags.string('exec-interactive-mode');
  if (flags.changed('exec-provide-cluster-info')) exec['provideClusterInfo'] = flags.bool('exec-provide-cluster-info');
  if (flags.changed('exec-env')) exec['env'] = changedEnvironment(exec, environment);
  value['exec'] = exec;
}

function changedEnvironment(exec: JsonObject, pairs: Pairs): JsonObject[] | null {
  const before = Array.isArray(exec['env']) ? exec['env'].filter(isJsonObject) : [];
  const added = new Map(pairs.set);
  const kept = before
    .filter((variable) => !pairs.removed.includes(nameOf(variable)))
    .map((variable) => {
      const name = nameOf(variable);
      const value = added.get(name);
      added.delete(name);
      return value === undefined ? variable : { name, value };
    });
  const fresh = [...added].sort(([left], [right]) => (left < right ? -1 : 1));
  const changed = [...kept, ...fresh.map(([name, value]) => ({ name, value }))];
  // A list that is not there is not made by an empty change.
  return changed.length === 0 && pairs.removed.length === 0 && !Array.isArray(exec['env']) ? null : changed;
}

function nameOf(variable: JsonObject): string {
  const { name } = variable;
  return typeof name === 'string' ? name : '';
}
