import type { Client } from '../client/client.ts';
import { createHttpTransport } from '../client/http-transport.ts';
import { createClient } from '../client/rest-client.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { ClientConfig } from './client-config.ts';
import { type ExecCredential, runCredentialPlugin } from './exec-credentials.ts';

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
      if (config.token !== undefined) return `Bearer ${config.token}`;
      if (config.tokenFile !== undefined) {
        return `Bearer ${Buffer.from(await options.files.readFile(config.tokenFile))
          .toString('utf8')
          .trim()}`;
      }
      if (config.basic !== undefined) {
        const { username, password } = config.basic;
        return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      }
      const token = (await plugin?.(refresh))?.token;
      return token === undefined ? undefined : `Bearer ${token}`;
    },
  });
}

/** Asks the plugin once, and again when its answer has expired or the server refused it. */
function pluginCredentials(
  config: ClientConfig,
  options: ConnectOptions,
): ((refresh: boolean) => Promise<ExecCredential>) | undefined {
  const { exec } = config;
  if (exec === undefined) return undefined;
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
