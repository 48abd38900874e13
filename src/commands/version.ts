import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
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
        const value = readVersion(body);
        server = isJsonObject(value) ? value : {};
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

function readVersion(body: Uint8Array): JsonValue {
  try {
    return parseJson(body);
  } catch (error) {
    throw new CommandError(`unable to parse the server version: ${error instanceof Error ? error.message : ''}`);
  }
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

/** The warning where client and server are more than one minor version apart. */
function skewWarning(server: JsonObject): string {
  const match = /^v?(\d+)\.(\d+)/.exec(gitVersion(server));
  if (match === null) return '';
  const [, major = '', minor = ''] = match;
  if (major === clientVersion.major && Math.abs(Number(minor) - Number(clientVersion.minor)) <= 1) return '';
  const client = `${clientVersion.major}.${clientVersion.minor}`;
  return `WARNING: version difference between client (${client}) and server (${major}.${minor}) exceeds the supported minor version skew of +/-1\n`;
}

function gitVersion(server: JsonObject): string {
  const version = server['gitVersion'];
  return typeof version === 'string' ? version : '';
}
