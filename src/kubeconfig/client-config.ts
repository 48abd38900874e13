import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import { parseDuration } from '../apimachinery/duration.ts';
import type { FileSystem } from '../system/file-system.ts';
import { type Kubeconfig, KubeconfigError, type NamedEntry, resolveEntryPath } from './kubeconfig.ts';

/** What the flags say; empty where they say nothing. */
export interface ConnectionFlags {
  readonly server: string;
  readonly token: string;
  readonly username: string;
  readonly password: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  readonly certificateAuthority: string;
  readonly insecureSkipTlsVerify: boolean | undefined;
  readonly tlsServerName: string;
  readonly as: string;
  readonly asGroups: readonly string[];
  readonly asUid: string;
  readonly asUserExtra: readonly string[];
  readonly context: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string;
  readonly requestTimeout: string;
  readonly disableCompression: boolean | undefined;
}

/** How to reach the server and as whom, with everything read that is read from files. */
export interface ClientConfig {
  readonly server: string;
  readonly namespace: string;
  /** Whether --namespace or the context said so. */
  readonly namespaceIsExplicit: boolean;
  readonly ca?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  readonly disableCompression: boolean;
  readonly timeoutMillis: number;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly exec?: { readonly configuration: JsonObject; readonly cluster: JsonObject };
  /** Impersonate-* headers. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export interface ResolveOptions {
  readonly files: FileSystem;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

const defaultServer = 'http://localhost:8080';
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Puts flags, kubeconfig and, without either inside a pod, the service account together, as clientcmd does.
 * @throws KubeconfigError
 */
export async function resolveClientConfig(
  kubeconfig: Kubeconfig,
  flags: ConnectionFlags,
  options: ResolveOptions,
): Promise<ClientConfig> {
  const context = chosenContext(kubeconfig, flags);
  const clusterName = flags.cluster === '' ? textOf(context?.value['cluster']) : flags.cluster;
  const userName = flags.user === '' ? textOf(context?.value['user']) : flags.user;
  const cluster = entry(kubeconfig.clusters, clusterName, 'cluster', flags.cluster !== '');
  const user = entry(kubeconfig.users, userName, 'auth info', flags.user !== '');
  const configured = textOf(context?.value['namespace']);
  const namespace = flags.namespace === '' ? configured : flags.namespace;
  if (cluster === undefined && flags.server === '' && !kubeconfig.found) {
    const inCluster = await inClusterConfig(flags, options);
    if (inCluster !== undefined) return inCluster;
  }
  const reader = new EntryReader(options);
  const server = normalizeServer(flags.server === '' ? textOf(cluster?.value['server']) : flags.server);
  const insecure = flags.insecureSkipTlsVerify ?? cluster?.value['insecure-skip-tls-verify'] === true;
  const ca =
    flags.certificateAuthority === ''
      ? await reader.material(cluster, 'certificate-authority')
      : await reader.file(flags.certificateAuthority);
  const proxyUrl = textOf(cluster?.value['proxy-url']) || proxyFromEnvironment(server, options.env);
  const tlsServerName = flags.tlsServerName === '' ? textOf(cluster?.value['tls-server-name']) : flags.tlsServerName;
  const credentials = await resolveCredentials(flags, user, cluster, reader);
  return {
    server,
    namespace: namespace === '' ? 'default' : namespace,
    namespaceIsExplicit: namespace !== '',
    insecureSkipTlsVerify: insecure,
    ...(ca === undefined || insecure ? {} : { ca }),
    ...(tlsServerName === '' ? {} : { tlsServerName }),
    ...(proxyUrl === '' ? {} : { proxyUrl }),
    disableCompression: flags.disableCompression ?? cluster?.value['disable-compression'] === true,
    timeoutMillis: parseTimeout(flags.requestTimeout),
    headers: impersonation(flags, user),
    ...credentials,
  };
}

function chosenContext(kubeconfig: Kubeconfig, flags: ConnectionFlags): NamedEntry | undefined {
  const name = flags.context === '' ? kubeconfig.currentContext : flags.context;
  if (name === '') return undefined;
  const context = kubeconfig.contexts.get(name);
  if (context === undefined) {
    if (flags.context !== '') throw new KubeconfigError(`context "${name}" does not exist`);
    if (flags.server === '') throw new KubeconfigError(`current-context was not found for specified context: ${name}`);
  }
  return context;
}

function entry(
  entries: ReadonlyMap<string, NamedEntry>,
  name: string,
  what: string,
  isAsked: boolean,
): NamedEntry | undefined {
  if (name === '') return undefined;
  const found = entries.get(name);
  if (found === undefined && isAsked) throw new KubeconfigError(`${what} "${name}" does not exist`);
  return found;
}

function normalizeServer(server: string): string {
  const text = server === '' ? defaultServer : server;
  return /^https?:\/\//.test(text) ? text.replace(/\/+$/, '') : `http://${text}`;
}

function parseTimeout(text: string): number {
  if (text === '' || text === '0') return 0;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  try {
    return parseDuration(text);
  } catch {
    throw new KubeconfigError(
      `Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)`,
    );
  }
}

type Credentials = Pick<ClientConfig, 'clientCertificate' | 'clientKey' | 'token' | 'tokenFile' | 'basic' | 'exec'>;

async function resolveCredentials(
  flags: ConnectionFlags,
  user: NamedEntry | undefined,
  cluster: NamedEntry | undefined,
  reader: EntryReader,
): Promise<Credentials> {
  const fromFlags = flags.token !== '' || flags.username !== '';
  const clientCertificate =
    flags.clientCertificate === ''
      ? await reader.material(user, 'client-certificate')
      : await reader.file(flags.clientCertificate);
  const clientKey =
    flags.clientKey === '' ? await reader.material(user, 'client-key') : await reader.file(flags.clientKey);
  const token = flags.token === '' && !fromFlags ? textOf(user?.value['token']) : flags.token;
  const tokenFile = user === undefined || fromFlags ? '' : textOf(user.value['tokenFile']);
  const username = flags.username === '' && !fromFlags ? textOf(user?.value['username']) : flags.username;
  const password = flags.password === '' ? textOf(user?.value['password']) : flags.password;
  const exec = user?.value['exec'];
  return {
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(token === '' ? {} : { token }),
    ...(tokenFile === '' || user === undefined ? {} : { tokenFile: resolveEntryPath(user, tokenFile) }),
    ...(username === '' ? {} : { basic: { username, password } }),
    ...(isJsonObject(exec) && !fromFlags ? { exec: { configuration: exec, cluster: cluster?.value ?? {} } } : {}),
  };
}

function impersonation(
  flags: ConnectionFlags,
  user: NamedEntry | undefined,
): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf) : []);
  const as = flags.as === '' ? textOf(user?.value['as']) : flags.as;
  const groups = flags.asGroups.length > 0 ? flags.asGroups : list(user?.value['as-groups']);
  const uid = flags.asUid === '' ? textOf(user?.value['as-uid']) : flags.asUid;
  if (as === '') {
    if (groups.length > 0 || uid !== '' || flags.asUserExtra.length > 0) {
      throw new KubeconfigError('requesting uid, groups or user-extra without impersonating a user');
    }
    return headers;
  }
  headers['impersonate-user'] = as;
  if (groups.length > 0) headers['impersonate-group'] = groups;
  if (uid !== '') headers['impersonate-uid'] = uid;
  for (const pair of flags.asUserExtra) {
    const [key = '', ...value] = pair.split('=');
    headers[`impersonate-extra-${key.toLowerCase()}`] = value.join('=');
  }
  return headers;
}

/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY as Go's http package reads them. */
export function proxyFromEnvironment(server: string, env: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(server);
  const value = (name: string): string => env[name] ?? env[name.toLowerCase()] ?? '';
  const proxy = value(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (proxy === '' || host === 'localhost' || host.startsWith('127.') || host === '::1') return '';
  const excluded = value('NO_PROXY')
    .split(',')
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '');
  const isExcluded = excluded.some((rule) => {
    const name = rule.replace(/:\d+$/, '').replace(/^\*?\./, '');
    return rule === '*' || host === name || host.endsWith(`.${name}`);
  });
  if (isExcluded) return '';
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

async function inClusterConfig(flags: ConnectionFlags, options: ResolveOptions): Promise<ClientConfig | undefined> {
  const host = options.env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = options.env['KUBERNETES_SERVICE_PORT'] ?? '';
  const tokenFile = join(serviceAccountFolder, 'token');
  if (host === '' || port === '' || !(await options.files.exists(tokenFile))) return undefined;
  const read = async (name: string): Promise<string> => {
    const path = join(serviceAccountFolder, name);
    return (await options.files.exists(path)) ? Buffer.from(await options.files.readFile(path)).toString('utf8') : '';
  };
  const ca = await read('ca.crt');
  const namespace = flags.namespace === '' ? (await read('namespace')).trim() : flags.namespace;
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace === '' ? 'default' : namespace,
    namespaceIsExplicit: namespace !== '',
    insecureSkipTlsVerify: flags.insecureSkipTlsVerify === true,
    ...(ca === '' ? {} : { ca }),
    disableCompression: flags.disableCompression === true,
    timeoutMillis: parseTimeout(flags.requestTimeout),
    tokenFile,
    headers: impersonation(flags, undefined),
  };
}

/** Reads what an entry has inline or points to. */
class EntryReader {
  readonly #options: ResolveOptions;

  constructor(options: ResolveOptions) {
    this.#options = options;
  }

  /** `NAME-data` (base64) wins over `NAME` (a path). */
  async material(source: NamedEntry | undefined, name: string): Promise<string | undefined> {
    if (source === undefined) return undefined;
    const data = textOf(source.value[`${name}-data`]);
    if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
    const path = textOf(source.value[name]);
    return path === '' ? undefined : this.file(resolveEntryPath(source, path));
  }

  async file(path: string): Promise<string> {
    const full = path.startsWith('/') ? path : join(this.#options.cwd, path);
    try {
      return Buffer.from(await this.#options.files.readFile(full)).toString('utf8');
    } catch (error) {
      const reason = (error as { code?: string }).code === 'ENOENT' ? 'no such file or directory' : String(error);
      throw new KubeconfigError(`unable to read ${full}: open ${full}: ${reason}`);
    }
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
