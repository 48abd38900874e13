import { messageOf } from '../apimachinery/error-message.ts';
import type { HttpRequest, Transport } from '../apimachinery/http.ts';
import type { Client } from '../client/client.ts';
import type { ConnectionTrace } from '../client/connection-trace.ts';
import { createHttpTransport } from '../client/http-transport.ts';
import { createClient, type Retry } from '../client/rest-client.ts';
import { requestName, TransportError } from '../client/transport-error.ts';
import { requestFailure } from '../client/transport-reason.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { ClientConfig } from './client-config.ts';
import { KubeconfigError } from './kubeconfig.ts';
import { type PluginPolicy, pluginRefusal } from './plugin-policy.ts';
import {
  type ExecCredential,
  requireKnownPluginVersion,
  runCredentialPlugin,
  type StandardInput,
} from './exec-credentials.ts';

export interface ConnectOptions {
  readonly files: FileSystem;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** What a credential plugin would find on standard input; asked when one is run. */
  readonly standardInput: () => StandardInput;
  readonly userAgent: string;
  /** What requests accept that do not say so themselves; JSON when absent. */
  readonly accept?: string;
  readonly onWarning: (text: string) => void;
  /** Told why an answer broke off. */
  readonly onBrokenAnswer?: (reason: string) => void;
  /** Told before a request is sent again. */
  readonly onRetry?: (retry: Retry) => void;
  /** Which credential plugins may run; all without one. */
  readonly pluginPolicy?: PluginPolicy;
  /** Told of requests, where -v asks for it. */
  readonly wrapTransport?: (transport: Transport) => Transport;
  /** Told of connections, where -v asks for that. */
  readonly trace?: ConnectionTrace;
  /** What requests go through instead of connections to the configured server. */
  readonly transport?: Transport;
}

/**
 * A client for the server that a configuration names. Nothing is sent, and no credential plugin is run, before the
 * first request.
 * @throws KubeconfigError for a plugin of a version that is not spoken
 */
export async function connect(config: ClientConfig, options: ConnectOptions): Promise<Client> {
  const plugin = config.exec === undefined ? undefined : new PluginCredentials(config.exec, config.server, options);
  const plain = options.transport ?? openTransports(config, plugin, options.trace);
  const transport = options.wrapTransport?.(plain) ?? plain;
  const fixed = fixedAuthorization(config);
  const { tokenFile } = config;
  const common = {
    transport,
    userAgent: options.userAgent,
    ...(options.accept === undefined ? {} : { accept: options.accept }),
    onWarning: options.onWarning,
    ...(options.onBrokenAnswer === undefined ? {} : { onBrokenAnswer: options.onBrokenAnswer }),
    retriesEndedReads: true,
    ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
    clock: options.clock,
    timeoutMillis: config.timeoutMillis,
  };
  if (plugin !== undefined) {
    const authorization = async (refresh: boolean, { method, path }: RequestLine): Promise<string | undefined> => {
      try {
        return bearer((await plugin.get(refresh)).token);
      } catch (error) {
        // Several requests may wait for one answer of the plugin; each is told of by itself.
        if (!(error instanceof TransportError)) throw error;
        const own = new TransportError(error.kind, error.address, error.code, error.message, error.cause);
        own.request = requestName(method, `${config.server.replace(/\/+$/, '')}${path}`);
        throw own;
      }
    };
    return createClient({ ...common, headers: config.headers, authorization });
  }
  if (config.oidc !== undefined) {
    const authorization = await oidcAuthorization(config.oidc, config.server, options);
    return createClient({ ...common, headers: config.headers, authorization });
  }
  if (tokenFile !== undefined) {
    const authorization = async (): Promise<string | undefined> =>
      bearer(await tokenFromFile(tokenFile, options.files)) ?? fixed;
    return createClient({ ...common, headers: config.headers, authorization });
  }
  const headers = fixed === undefined ? config.headers : { ...config.headers, authorization: fixed };
  return createClient({ ...common, headers });
}

type RequestLine = Pick<HttpRequest, 'method' | 'path'>;

function bearer(token: string | undefined): string | undefined {
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** The provider is asked when a request needs a token. @throws KubeconfigError for a user without an issuer or a client */
async function oidcAuthorization(
  user: NonNullable<ClientConfig['oidc']>,
  server: string,
  { files, clock }: ConnectOptions,
): Promise<() => Promise<string | undefined>> {
  const { OidcCredentials } = await import('./oidc-credentials.ts');
  const credentials = new OidcCredentials(user, { files, clock, connect: createHttpTransport });
  return async () => {
    try {
      return bearer(await credentials.token());
    } catch (error) {
      // Commands tell of a provider that refuses connections as of the server, as the real ones do.
      const kind = error instanceof TransportError && error.kind === 'refused' ? 'refused' : 'other';
      const reason = messageOf(error);
      const shown = error instanceof TransportError ? requestFailure(error) : reason;
      throw new TransportError(kind, new URL(server).host, '', shown, error);
    }
  };
}

function fixedAuthorization(config: ClientConfig): string | undefined {
  if (config.basic === undefined) return bearer(config.token);
  const { username, password } = config.basic;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The file's token, read for each request: it wins over one beside it as long as it can be read, being renewed. */
async function tokenFromFile(path: string, files: FileSystem): Promise<string | undefined> {
  try {
    const token = Buffer.from(await files.readFile(path))
      .toString('utf8')
      .trim();
    return token === '' ? undefined : token;
  } catch {
    return undefined;
  }
}

function openTransports(
  config: ClientConfig,
  plugin: PluginCredentials | undefined,
  trace: ConnectionTrace | undefined,
): Transport {
  const open = (credential: ExecCredential): Transport => openTransport(config, credential, trace);
  return plugin === undefined ? open({}) : pluginTransport(open, plugin);
}

function openTransport(
  config: ClientConfig,
  credential: ExecCredential,
  trace: ConnectionTrace | undefined,
): Transport {
  const certificate = credential.clientCertificateData ?? config.clientCertificate;
  const key = credential.clientKeyData ?? config.clientKey;
  return createHttpTransport({
    server: config.server,
    insecureSkipTlsVerify: config.insecureSkipTlsVerify,
    disableCompression: config.disableCompression,
    ...(config.ca === undefined ? {} : { ca: config.ca }),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    ...(key === undefined ? {} : { clientKey: key }),
    ...(config.tlsServerName === undefined ? {} : { tlsServerName: config.tlsServerName }),
    ...(config.proxyUrl === undefined ? {} : { proxyUrl: config.proxyUrl }),
    ...(trace === undefined ? {} : { trace }),
  });
}

/** Connections that use the certificate the plugin gave last; a new one means new connections. */
function pluginTransport(connect: (credential: ExecCredential) => Transport, plugin: PluginCredentials): Transport {
  let certificate: string | undefined;
  let open: Transport | undefined;
  return {
    async send(request) {
      const credential = await plugin.get(false);
      if (open === undefined || certificate !== credential.clientCertificateData) {
        await open?.close();
        certificate = credential.clientCertificateData;
        open = connect(credential);
      }
      return open.send(request);
    },
    prepare: async (requests) => open?.prepare?.(requests),
    close: async () => open?.close(),
  };
}

/** What a plugin said, kept while it holds; asked again when that is over or the server refused it. */
class PluginCredentials {
  readonly #exec: NonNullable<ClientConfig['exec']>;
  readonly #server: string;
  readonly #options: ConnectOptions;
  #known: Promise<ExecCredential> | undefined;
  #expiresAt: number | undefined;

  constructor(exec: NonNullable<ClientConfig['exec']>, server: string, options: ConnectOptions) {
    requireKnownPluginVersion(exec.configuration);
    this.#exec = exec;
    this.#server = server;
    this.#options = options;
  }

  get(refresh: boolean): Promise<ExecCredential> {
    const isOver = this.#expiresAt !== undefined && this.#expiresAt < this.#options.clock.now();
    if (refresh || isOver) this.#known = undefined;
    return (this.#known ??= this.#ask());
  }

  async #ask(): Promise<ExecCredential> {
    this.#expiresAt = undefined;
    const { env, files, pluginPolicy } = this.#options;
    const { configuration, cluster } = this.#exec;
    try {
      if (pluginPolicy !== undefined) {
        const command = typeof configuration['command'] === 'string' ? configuration['command'] : '';
        const refusal = await pluginRefusal(command, pluginPolicy, { env, files });
        if (refusal !== undefined) throw new KubeconfigError(`getting credentials: ${refusal}`);
      }
      const credential = await runCredentialPlugin(configuration, {
        env,
        standardInput: this.#options.standardInput(),
        cluster,
      });
      this.#expiresAt = credential.expiresAt;
      return credential;
    } catch (error) {
      this.#known = undefined;
      const reason = messageOf(error);
      throw new TransportError('other', new URL(this.#server).host, '', reason, error);
    }
  }
}
