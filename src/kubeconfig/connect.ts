import type { Client } from '../client/client.ts';
import { createHttpTransport } from '../client/http-transport.ts';
import { createClient } from '../client/rest-client.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { ClientConfig } from './client-config.ts';
import { type ExecCredential, requireKnownPluginVersion, runCredentialPlugin } from './exec-credentials.ts';

export interface ConnectOptions {
  readonly files: FileSystem;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly interactive: boolean;
  readonly userAgent: string;
  readonly onWarning: (text: string) => void;
}

/** A client for the server that a configuration names; nothing is sent before the first request. */
export async function connect(config: ClientConfig, options: ConnectOptions): Promise<Client> {
  const plugin = pluginCredentials(config, options);
  const first = await plugin?.(false);
  const certificate = first?.clientCertificateData ?? config.clientCertificate;
  const key = first?.clientKeyData ?? config.clientKey;
  const transport = createHttpTransport({
    server: config.server,
    insecureSkipTlsVerify: config.insecureSkipTlsVerify,
    disableCompression: config.disableCompression,
    ...(config.ca === undefined ? {} : { ca: config.ca }),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    ...(key === undefined ? {} : { clientKey: key }),
    ...(config.tlsServerName === undefined ? {} : { tlsServerName: config.tlsServerName }),
    ...(config.proxyUrl === undefined ? {} : { proxyUrl: config.proxyUrl }),
  });
  return createClient({
    transport,
    headers: config.headers,
    userAgent: options.userAgent,
    onWarning: options.onWarning,
    clock: options.clock,
    timeoutMillis: config.timeoutMillis,
    authorization: async (refresh) => {
      const token = (await tokenFromFile(config, options)) ?? config.token;
      if (token !== undefined) return `Bearer ${token}`;
      if (config.basic !== undefined) {
        const { username, password } = config.basic;
        return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      }
      const given = (await plugin?.(refresh))?.token;
      return given === undefined ? undefined : `Bearer ${given}`;
    },
  });
}

/** A token's file wins over the token beside it, as long as it can be read: it is the one that is renewed. */
async function tokenFromFile(config: ClientConfig, options: ConnectOptions): Promise<string | undefined> {
  if (config.tokenFile === undefined) return undefined;
  try {
    const token = Buffer.from(await options.files.readFile(config.tokenFile))
      .toString('utf8')
      .trim();
    return token === '' ? undefined : token;
  } catch (error) {
    if (config.token === undefined) throw error;
    return undefined;
  }
}

/** Asks the plugin once, and again when its answer has expired or the server refused it. */
function pluginCredentials(
  config: ClientConfig,
  options: ConnectOptions,
): ((refresh: boolean) => Promise<ExecCredential>) | undefined {
  const { exec } = config;
  if (exec === undefined) return undefined;
  requireKnownPluginVersion(exec.configuration);
  let known: ExecCredential | undefined;
  return async (refresh) => {
    const isOver = known?.expiresAt !== undefined && known.expiresAt <= options.clock.now();
    if (known === undefined || refresh || isOver) {
      known = await runCredentialPlugin(exec.configuration, {
        env: options.env,
        interactive: options.interactive,
        cluster: exec.cluster,
      });
    }
    return known;
  };
}
