import { resolve } from 'node:path';
import { formatDuration } from '../apimachinery/duration.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import type { HttpRequest, Transport } from '../apimachinery/http.ts';
import { jsonOrAnything } from '../client/answer-media-type.ts';
import type { Client } from '../client/client.ts';
import type { ConnectionTrace } from '../client/connection-trace.ts';
import { requestName, TransportError } from '../client/transport-error.ts';
import { type ClientConfig, type ConnectionFlags, resolveClientConfig } from '../kubeconfig/client-config.ts';
import { connect, type ConnectOptions } from '../kubeconfig/connect.ts';
import { ConfigurationError } from '../kubeconfig/configuration-error.ts';
import {
  type Kubeconfig,
  KubeconfigError,
  type KubeconfigPlaces,
  loadKubeconfig,
  MissingEntryError,
} from '../kubeconfig/kubeconfig.ts';
import type { PluginPolicy } from '../kubeconfig/plugin-policy.ts';
import type { CacheOptions } from '../schema-cache/cache-file.ts';
import { createDiscovery, type Discovery } from '../schema-cache/discovery.ts';
import type { OpenApi } from '../schema-cache/openapi.ts';
import { klogLine, type VerboseLog } from '../system/klog.ts';
import type { ClusterAccess, FlagValues } from './command.ts';
import { clientVersion } from './client-version.ts';
import { typedCommands } from './typed-commands.ts';
import { homeFolder, type ProgramWorld } from './program.ts';
import type { UninitializedChoice } from './uninitialized-choice.ts';
import { printWarning } from './warnings.ts';

/** Access that also knows the configuration behind it, and ends. */
export interface ConfiguredAccess extends ClusterAccess {
  config(): Promise<ClientConfig>;
  /** Reads the configuration and tells of what comes with every client, where -v asks for that. */
  announce(): Promise<void>;
  close(): Promise<void>;
}

/** What an access is made for, beside the flags of every command. */
export interface AccessChoices {
  /** Told of each warning of the server, after it was printed. */
  readonly onWarning: () => void;
  /** Which credential plugins may run; all without one. */
  readonly pluginPolicy?: PluginPolicy | undefined;
  /** Whether what is read may be uninitialized. */
  readonly uninitialized: UninitializedChoice;
  /** Where -v asks for more than nothing. */
  readonly log?: VerboseLog | undefined;
  /** Words of the path of the command that asks. */
  readonly path: readonly string[];
  /** --raw is given. */
  readonly isRaw: boolean;
}

/** Where the kubeconfig is looked for. */
export function kubeconfigPlaces(
  world: Pick<ProgramWorld, 'env' | 'cwd'>,
  globals: Pick<FlagValues, 'string'>,
): KubeconfigPlaces {
  return {
    explicit: globals.string('kubeconfig'),
    environment: world.env['KUBECONFIG'] ?? '',
    home: homeFolder(world.env),
    cwd: world.cwd,
  };
}

/** Access to the cluster that flags and kubeconfig name; each part is made when it is first asked for. */
export function clusterAccessFromFlags(
  choices: AccessChoices,
): (world: ProgramWorld, globals: FlagValues) => ConfiguredAccess {
  return (world, globals) => new FlaggedAccess(world, globals, choices);
}

/** Commands that read objects into types of their own, for which client-go accepts more than JSON. */
const acceptsAnything: ReadonlySet<string> = new Set([...typedCommands, 'version']);

interface RequestLogging {
  readonly wrap: (transport: Transport) => Transport;
  readonly trace: ConnectionTrace | undefined;
}

class FlaggedAccess implements ConfiguredAccess {
  readonly #world: ProgramWorld;
  readonly #globals: FlagValues;
  readonly #choices: AccessChoices;
  readonly #warned = new Set<string>();
  #config: Promise<ClientConfig> | undefined;
  #client: Promise<Client> | undefined;
  #discovery: Promise<Discovery> | undefined;
  #openApi: Promise<OpenApi> | undefined;
  #isWanted: Promise<boolean> | undefined;
  #gatesTold: Promise<void> | undefined;

  constructor(world: ProgramWorld, globals: FlagValues, choices: AccessChoices) {
    this.#world = world;
    this.#globals = globals;
    this.#choices = choices;
  }

  config(): Promise<ClientConfig> {
    return (this.#config ??= this.#resolve());
  }

  client(): Promise<Client> {
    return (this.#client ??= this.#connect());
  }

  discovery(): Promise<Discovery> {
    return (this.#discovery ??= this.#discover());
  }

  openApi(): Promise<OpenApi> {
    return (this.#openApi ??= this.#publishedTypes());
  }

  async server(): Promise<string> {
    return (await this.config()).server;
  }

  async namespace(): Promise<{ readonly name: string; readonly explicit: boolean }> {
    const explicit = this.#globals.changed('namespace');
    try {
      return { name: (await this.config()).namespace, explicit };
    } catch (error) {
      // clientcmd's Namespace() asks whether the configuration can be used before anything else does, and words it so.
      if (!explicit && error instanceof MissingEntryError && error.section === 'contexts') {
        throw new ConfigurationError([`context was not found for specified context: ${error.entry}`], {
          isMissingContext: true,
        });
      }
      if (!explicit && error instanceof MissingEntryError && error.section === 'clusters') {
        throw new KubeconfigError(`no server found for cluster ${goQuote(error.entry)}`);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.close();
  }

  async #resolve(): Promise<ClientConfig> {
    const { files, env, cwd, streams } = this.#world;
    const places = kubeconfigPlaces(this.#world, this.#globals);
    const kubeconfig: Kubeconfig = await loadKubeconfig(files, places);
    if (this.#choices.log !== undefined) await this.#tellLoaded(places, this.#choices.log);
    return resolveClientConfig(kubeconfig, connectionFlags(this.#globals), {
      files,
      env,
      cwd,
      askForLogin: async () => (await import('./login-prompt.ts')).askForLogin(streams),
    });
  }

  async #tellLoaded(places: KubeconfigPlaces, log: VerboseLog): Promise<void> {
    const { tellLoadedFiles } = await import('./loaded-files-log.ts');
    await tellLoadedFiles(this.#world.files, places, log);
  }

  async announce(): Promise<void> {
    await this.config();
    await (this.#gatesTold ??= this.#tellGates());
  }

  async #tellGates(): Promise<void> {
    const { log } = this.#choices;
    if (log === undefined) return;
    const { clock, env, streams } = this.#world;
    const { tellFeatureGates } = await import('./feature-gates.ts');
    tellFeatureGates(env, log, (source, text) => streams.err.write(klogLine('E', clock.now(), source, text)));
  }

  async #connect(): Promise<Client> {
    const { files, env, clock, streams } = this.#world;
    const config = await this.config();
    const { pluginPolicy, log: verbose } = this.#choices;
    if (verbose !== undefined) await (this.#gatesTold ??= this.#tellGates());
    const log = await this.#requestLog(config);
    const widen = await this.#uninitializedReads();
    const client = await connect(config, {
      wrapTransport: (plain) => widen(log?.wrap(plain) ?? plain),
      ...(log?.trace === undefined ? {} : { trace: log.trace }),
      ...(pluginPolicy === undefined ? {} : { pluginPolicy }),
      files,
      env,
      clock,
      standardInput: () => (streams.in.isTaken ? 'taken' : streams.in.isTerminal ? 'terminal' : 'no-terminal'),
      userAgent: userAgent(),
      ...(acceptsAnything.has(this.#choices.path[0] ?? '') ? { accept: jsonOrAnything } : {}),
      onWarning: (text) => this.#warn(text),
      onBrokenAnswer: (reason) => this.#logBrokenAnswer(reason),
      ...this.#retryLog(config),
      ...this.#transport(config),
    });
    if (this.#globals.bool('match-server-version')) await requireSameVersion(client);
    return client;
  }

  /** One that the world has, or one that says of each request that nobody speaks the server's protocol. */
  #transport({ server }: ClientConfig): { readonly transport?: Transport } {
    const { transport } = this.#world;
    const { protocol } = new URL(server);
    if (protocol === 'https:' || protocol === 'http:') return transport === undefined ? {} : { transport };
    const reason = `unsupported protocol scheme "${protocol.slice(0, -1)}"`;
    const send = ({ method, path }: HttpRequest): Promise<never> => {
      const error = new TransportError('other', '', '', reason);
      error.request = requestName(method, `${server.replace(/\/+$/, '')}${path}`);
      return Promise.reject(error);
    };
    return { transport: { send, close: () => Promise.resolve() } };
  }

  /** What asks for uninitialized objects too, where the command line does. */
  async #uninitializedReads(): Promise<(transport: Transport) => Transport> {
    const { uninitialized } = this.#choices;
    if (uninitialized === 'no') return (transport) => transport;
    const { readUninitialized, servesInitializers } = await import('./uninitialized-reads.ts');
    const isServed = async (): Promise<boolean> => servesInitializers(await this.discovery());
    const isWanted = (): Promise<boolean> =>
      (this.#isWanted ??= uninitialized === 'yes' ? Promise.resolve(true) : isServed().catch(() => false));
    return (transport) => readUninitialized(transport, isWanted);
  }

  /** What tells of requests and of connections, where -v asks for it. */
  async #requestLog({ server }: ClientConfig): Promise<RequestLogging | undefined> {
    const { log, path, isRaw } = this.#choices;
    if (log === undefined) return undefined;
    const { verbosityOf } = await import('./verbosity.ts');
    const levelOf = verbosityOf(this.#globals);
    const level = levelOf('round_trippers');
    if (level < 6) return undefined;
    const [{ logRequests }, { ConnectionTrace }, { requestSources }] = await Promise.all([
      import('../client/request-log.ts'),
      import('../client/connection-trace.ts'),
      import('./request-sources.ts'),
    ]);
    const { clock, transport } = this.#world;
    const write = (source: string, message: string): void => this.#log(source, message);
    const isTraced = level >= 9 && transport === undefined;
    const trace = isTraced ? new ConnectionTrace(clock, write) : undefined;
    const requests = {
      server,
      clock,
      level,
      bodyLevel: levelOf('request'),
      isPassedOn: path[0] === 'proxy',
      isStreamed: isRaw,
      sourceOf: requestSources(path, isRaw),
      write,
      ...(trace === undefined ? {} : { trace }),
    };
    return { wrap: (plain) => logRequests(plain, requests), trace };
  }

  /** What tells of requests that are sent again, where -v asks for it. */
  #retryLog({ server }: ClientConfig): Pick<ConnectOptions, 'onRetry'> {
    const { log } = this.#choices;
    if (log === undefined) return {};
    return {
      onRetry: ({ seconds, attempt, path }) => {
        const fields = `delay="${formatDuration(seconds * 1000)}" attempt=${attempt} url=${goQuote(server + path)}`;
        log(4, 'with_retry.go:234', `"Got a Retry-After response" ${fields}`);
      },
    };
  }

  #log(source: string, message: string): void {
    const { clock, streams } = this.#world;
    streams.err.write(klogLine('I', clock.now(), source, message));
  }

  #logBrokenAnswer(reason: string): void {
    const { clock, streams } = this.#world;
    const message = `"Unexpected error when reading response body" err=${goQuote(reason)}`;
    streams.err.write(klogLine('E', clock.now(), 'request.go:1196', message));
  }

  async #discover(): Promise<Discovery> {
    return createDiscovery({
      ...(await this.#cacheOptions()),
      clock: this.#world.clock,
      onWarning: (text) => printWarning(text, this.#world),
      onCached: (file) =>
        this.#choices.log?.(10, 'cached_discovery.go:113', `returning cached discovery info from ${file}`),
      onInvalidated: () => this.#choices.log?.(5, 'discovery.go:214', 'Invalidating discovery information'),
    });
  }

  async #publishedTypes(): Promise<OpenApi> {
    const { createOpenApi } = await import('../schema-cache/openapi.ts');
    return createOpenApi(await this.#cacheOptions());
  }

  async #cacheOptions(): Promise<CacheOptions> {
    const { files, cwd } = this.#world;
    const [client, { server, timeoutMillis }] = await Promise.all([this.client(), this.config()]);
    // As client-go tells a server where nobody says how long it has.
    const timeout = timeoutMillis === 0 ? '32s' : formatDuration(timeoutMillis);
    return { client, files, cacheFolder: resolve(cwd, this.#globals.string('cache-dir')), server, timeout };
  }

  /** Each text once, as the real program does. */
  #warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    printWarning(text, this.#world);
    this.#choices.onWarning();
  }
}

async function requireSameVersion(client: Client): Promise<void> {
  const response = await client.request({ method: 'GET', path: '/version' });
  const server = JSON.parse(Buffer.from(response.body).toString('utf8')) as Readonly<Record<string, string>>;
  if (server['gitVersion'] === clientVersion.gitVersion) return;
  throw new KubeconfigError(
    `server version (&${goVersionInfo(server)}) differs from client version (${goVersionInfo(clientVersion)})`,
  );
}

const versionFields =
  'Major Minor EmulationMajor EmulationMinor MinCompatibilityMajor MinCompatibilityMinor GitVersion GitCommit GitTreeState BuildDate GoVersion Compiler Platform';

/** A version as Go prints the struct (%#v). */
function goVersionInfo(version: Readonly<Record<string, string>>): string {
  const fields = versionFields.split(' ').map((name) => {
    const key = `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
    return `${name}:${goQuote(version[key] ?? '')}`;
  });
  return `version.Info{${fields.join(', ')}}`;
}

function connectionFlags(globals: FlagValues): ConnectionFlags {
  const optional = (name: string): boolean | undefined => (globals.changed(name) ? globals.bool(name) : undefined);
  return {
    server: globals.string('server'),
    token: globals.string('token'),
    username: globals.string('username'),
    password: globals.string('password'),
    clientCertificate: globals.string('client-certificate'),
    clientKey: globals.string('client-key'),
    certificateAuthority: globals.string('certificate-authority'),
    insecureSkipTlsVerify: optional('insecure-skip-tls-verify'),
    tlsServerName: globals.string('tls-server-name'),
    as: globals.string('as'),
    asGroups: globals.list('as-group'),
    asUid: globals.string('as-uid'),
    asUserExtra: globals.list('as-user-extra'),
    context: globals.string('context'),
    cluster: globals.string('cluster'),
    user: globals.string('user'),
    namespace: globals.string('namespace'),
    requestTimeout: globals.string('request-timeout'),
    disableCompression: optional('disable-compression'),
  };
}

/** What the client calls itself, as client-go does: the server takes the name of field managers from it. */
function userAgent(): string {
  const { gitVersion, platform, gitCommit } = clientVersion;
  return `kubectl/${gitVersion} (${platform}) kubernetes/${gitCommit.slice(0, 7) || 'unknown'}`;
}
