import { messageOf } from '../apimachinery/error-message.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import { stringifyYaml } from '../apimachinery/yaml.ts';
import { clientVersion, kustomizeVersion } from '../cli/client-version.ts';
import { CommandError, defineCommand } from '../cli/command.ts';

/** `kubectl version`. */
export const versionCommand = defineCommand({
  path: ['version'],
  usage: '[flags]',
  short: 'Print the client and server version information',
  long: 'Print the version of this program and of the server of the current context.',
  examples: '# Both versions\nkubectl version',
  flags: [
    {
      name: 'client',
      type: 'bool',
      default: 'false',
      description: 'Only the version of this program; no server is asked.',
    },
    { name: 'output', shorthand: 'o', type: 'string', default: '', description: "One of 'yaml' or 'json'." },
  ],
  toOptions(args, flags) {
    const clientOnly = flags.bool('client');
    const output = flags.string('output');
    if (!clientOnly && args.length > 0) throw new CommandError(`extra arguments: [${args.join(' ')}]`);
    if (!['', 'json', 'yaml'].includes(output)) throw new CommandError("--output must be 'yaml' or 'json'");
    return { clientOnly, output };
  },
  async run({ clientOnly, output }, { streams, cluster, globals }) {
    let server: JsonObject | undefined;
    let failure: unknown;
    if (!clientOnly) {
      const client = await cluster.client();
      const hasLimit = !['', '0', '0s'].includes(globals.string('request-timeout'));
      try {
        const { body } = await client.request({
          method: 'GET',
          path: '/version',
          query: hasLimit ? {} : { timeout: '32s' },
          unread: true,
        });
        server = readVersion(body);
      } catch (error) {
        failure = error;
      }
    }
    streams.out.write(versionText(output, server));
    if (failure !== undefined) throw failure;
    const warning = server === undefined ? '' : skewWarning(server);
    if (warning !== '') streams.err.write(warning);
  },
});

/** Fields of a version in the order in which Go writes them; the second ones are left out when they are empty. */
const versionFields = ['major', 'minor'];
const laterFields = ['emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor'];
const buildFields = ['gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform'];

function readVersion(body: Uint8Array): JsonObject {
  const fail = (reason: string): CommandError => new CommandError(`unable to parse the server version: ${reason}`);
  let value: JsonValue;
  try {
    value = parseJson(body);
  } catch (error) {
    throw fail(messageOf(error));
  }
  if (value !== null && !isJsonObject(value)) {
    throw fail(`json: cannot unmarshal ${describeJsonKind(value)} into Go value of type version.Info`);
  }
  const given = value ?? {};
  const known = new Set([...versionFields, ...laterFields, ...buildFields]);
  for (const [field, text] of Object.entries(given)) {
    if (!known.has(field) || text === null || typeof text === 'string') continue;
    throw fail(`json: cannot unmarshal ${describeJsonKind(text)} into Go struct field Info.${field} of type string`);
  }
  const textOf = (field: string): string => (typeof given[field] === 'string' ? given[field] : '');
  const later = laterFields.filter((field) => textOf(field) !== '');
  return Object.fromEntries([...versionFields, ...later, ...buildFields].map((field) => [field, textOf(field)]));
}

function versionText(output: string, server: JsonObject | undefined): string {
  const all: JsonObject = {
    clientVersion: { ...clientVersion },
    kustomizeVersion,
    ...(server === undefined ? {} : { serverVersion: server }),
  };
  if (output === 'json') return `${JSON.stringify(all, undefined, 2)}\n`;
  if (output === 'yaml') return `${stringifyYaml(all)}\n`;
  const serverLine = server === undefined ? '' : `Server Version: ${gitVersion(server)}\n`;
  return `Client Version: ${clientVersion.gitVersion}\nKustomize Version: ${kustomizeVersion}\n${serverLine}`;
}

/** The warning where client and server are more than one minor version apart. @throws CommandError for what is no version */
function skewWarning(server: JsonObject): string {
  const version = gitVersion(server);
  const match = /^v?(\d+)\.(\d+)/.exec(version);
  if (match === null) throw new CommandError(`server version error: could not parse ${goQuote(version)} as version`);
  const [, major = '', minor = ''] = match;
  if (major === clientVersion.major && Math.abs(Number(minor) - Number(clientVersion.minor)) <= 1) return '';
  const client = `${clientVersion.major}.${clientVersion.minor}`;
  return `Warning: version difference between client (${client}) and server (${major}.${minor}) exceeds the supported minor version skew of +/-1\n`;
}

function gitVersion(server: JsonObject): string {
  const version = server['gitVersion'];
  return typeof version === 'string' ? version : '';
}
