import { isAbsolute, join } from 'node:path';
import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { parseDuration } from '../apimachinery/duration.ts';
import type { FileSystem } from '../system/file-system.ts';
import { ConfigurationError } from './configuration-error.ts';
import { configurationProblems } from './configuration-problems.ts';
import { type Kubeconfig, KubeconfigError } from './kubeconfig.ts';
import { type MergedCluster, type MergedEntries, mergeEntries, type MergedUser } from './merged-entries.ts';
import type { OidcUser } from './oidc-credentials.ts';
import { proxyFromEnvironment } from './proxy-environment.ts';
import { systemReason, systemReasonOrMessage } from '../system/file-errors.ts';

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

/** Nothing said by flags: the kubeconfig alone counts. */
export const noConnectionFlags: ConnectionFlags = {
  server: '',
  token: '',
  username: '',
  password: '',
  clientCertificate: '',
  clientKey: '',
  certificateAuthority: '',
  insecureSkipTlsVerify: undefined,
  tlsServerName: '',
  as: '',
  asGroups: [],
  asUid: '',
  asUserExtra: [],
  context: '',
  cluster: '',
  user: '',
  namespace: '',
  requestTimeout: '',
  disableCompression: undefined,
};

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
  /** A user's credential plugin, and what it is told of the cluster when it asks. */
  readonly exec?: { readonly configuration: JsonObject; readonly cluster: JsonObject };
  /** A user of OpenID Connect, whose tokens are renewed. */
  readonly oidc?: OidcUser;
  /** Impersonate-* headers. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export interface ResolveOptions {
  readonly files: FileSystem;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Asks for a user name and password where a server is spoken to over TLS and nothing else says who one is. */
  readonly askForLogin?: () => Promise<{ readonly username: string; readonly password: string }>;
}

const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Puts flags, kubeconfig and, where neither says anything inside a pod, the service account together, as clientcmd
 * does: flags win, credentials are used over TLS alone, every problem of the configuration is found before it is used.
 * @throws KubeconfigError, ConfigurationError
 */
export async function resolveClientConfig(
  kubeconfig: Kubeconfig,
  flags: ConnectionFlags,
  options: ResolveOptions,
): Promise<ClientConfig> {
  const reader = new MaterialReader(options);
  const defaultServer = options.env['KUBERNETES_MASTER'] || 'http://localhost:8080';
  const entries = mergeEntries(kubeconfig, flags, defaultServer);
  const problems = await configurationProblems(entries, (path) => reader.openProblem(path));
  if (problems.length > 0) throw new ConfigurationError(problems, { isMissingContext: !entries.contextExists });
  const { cluster, user } = entries;
  const timeoutMillis = parseTimeout(flags.requestTimeout);
  const server = serverUrl(cluster.server);
  const isSecure = server.startsWith('https:');
  const saysNothing = !isSecure && cluster.server === defaultServer && user.as === '' && timeoutMillis === 0;
  if (saysNothing && cluster.proxyUrl === '') {
    const inCluster = await inClusterConfig(entries, flags, reader, options);
    if (inCluster !== undefined) return inCluster;
  }
  const proxyUrl = cluster.proxyUrl || proxyFromEnvironment(server, options.env);
  return {
    server,
    namespace: entries.namespace || 'default',
    namespaceIsExplicit: entries.namespace !== '',
    insecureSkipTlsVerify: isSecure && cluster.insecureSkipTlsVerify,
    ...(proxyUrl === '' ? {} : { proxyUrl }),
    disableCompression: cluster.disableCompression,
    timeoutMillis,
    headers: impersonation(user),
    ...(isSecure ? await trust(cluster, reader) : {}),
    ...(isSecure ? await credentials(user, entries.userName, cluster, reader, options) : {}),
  };
}

/** The server with its scheme, http where none is given; a path stays, as the prefix of every request's. */
function serverUrl(text: string): string {
  const hasScheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/]/.test(text);
  const full = hasScheme ? text : `http://${text}`;
  const problem = new KubeconfigError(`host must be a URL or a host:port pair: ${goQuote(text)}`);
  if (!URL.canParse(full)) throw problem;
  const url = new URL(full);
  if (!hasScheme && url.pathname !== '/') throw problem;
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

function parseTimeout(text: string): number {
  if (text === '') return 0;
  if (/^\+?\d+$/.test(text)) return Number(text) * 1000;
  try {
    return parseDuration(text);
  } catch {
    throw new KubeconfigError(
      'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)',
    );
  }
}

async function trust(
  cluster: MergedCluster,
  reader: MaterialReader,
): Promise<Pick<ClientConfig, 'ca' | 'tlsServerName'>> {
  const ca = await reader.material(cluster.certificateAuthorityData, cluster.certificateAuthority);
  if (ca !== undefined && cluster.insecureSkipTlsVerify) {
    throw new KubeconfigError('specifying a root certificates file with the insecure flag is not allowed');
  }
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    const reason = ca.includes('-----BEGIN ')
      ? 'no valid certificate authority data seen'
      : 'unable to parse bytes as PEM block';
    throw new KubeconfigError(`unable to load root certificates: ${reason}`);
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cluster.tlsServerName === '' ? {} : { tlsServerName: cluster.tlsServerName }),
  };
}

type Credentials = Pick<
  ClientConfig,
  'clientCertificate' | 'clientKey' | 'token' | 'tokenFile' | 'basic' | 'exec' | 'oidc'
>;

async function credentials(
  user: MergedUser,
  userName: string,
  cluster: MergedCluster,
  reader: MaterialReader,
  options: ResolveOptions,
): Promise<Credentials> {
  const hasCertificate = user.clientCertificate !== '' || user.clientCertificateData !== '';
  const certificate: Credentials = hasCertificate ? await clientCertificate(user, reader) : {};
  // A file that cannot be read is an error only where no token stands beside it.
  const token = user.token === '' && user.tokenFile !== '' ? await reader.text(user.tokenFile) : user.token;
  const hasBasic = user.username !== '' || user.password !== '';
  if (!hasBasic && !hasCertificate && token === '' && user.exec === undefined && user.authProvider === undefined) {
    const login = await options.askForLogin?.();
    return login === undefined ? certificate : { ...certificate, basic: login };
  }
  if (token !== '' && hasBasic) throw new KubeconfigError('username/password or bearer token may be set, but not both');
  // A plugin is asked only where nothing else says who one is.
  const usesPlugin = user.exec !== undefined && token === '' && !hasBasic && !hasCertificate;
  const hasUser = user.exec !== undefined || token !== '' || hasBasic;
  const provider = hasUser ? undefined : user.authProvider;
  const oidc = provider === undefined ? undefined : oidcUser(provider, userName, user.file);
  return {
    ...certificate,
    ...(token === '' ? {} : { token: token.trim() }),
    ...(user.tokenFile === '' ? {} : { tokenFile: reader.absolute(user.tokenFile) }),
    ...(hasBasic ? { basic: { username: user.username, password: user.password } } : {}),
    ...(oidc === undefined ? {} : { oidc }),
    ...(usesPlugin && user.exec !== undefined
      ? { exec: { configuration: user.exec, cluster: await pluginCluster(cluster, reader) } }
      : {}),
  };
}

const removedProviders = {
  gcp: `The gcp auth plugin has been removed.
Please use the "gke-gcloud-auth-plugin" kubectl/client-go credential plugin instead.
See https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke for further details`,
  azure: `The azure auth plugin has been removed.
Please use the https://github.com/Azure/kubelogin kubectl/client-go credential plugin instead.
See https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins for further details`,
} as const;

/** @throws KubeconfigError for a provider that there is not, or not any more */
function oidcUser(provider: JsonObject, userName: string, file: string): OidcUser {
  const name = typeof provider['name'] === 'string' ? provider['name'] : '';
  if (name === 'gcp' || name === 'azure') throw new KubeconfigError(removedProviders[name]);
  if (name !== 'oidc') throw new KubeconfigError(`no Auth Provider found for name ${goQuote(name)}`);
  const fields = isJsonObject(provider['config']) ? Object.entries(provider['config']) : [];
  const texts = fields.filter((field): field is [string, string] => typeof field[1] === 'string');
  return { settings: Object.fromEntries(texts), userName, file };
}

async function clientCertificate(user: MergedUser, reader: MaterialReader): Promise<Credentials> {
  const certificate = (await reader.material(user.clientCertificateData, user.clientCertificate)) ?? '';
  const key = (await reader.material(user.clientKeyData, user.clientKey)) ?? '';
  const looksRight =
    certificate.includes('-----BEGIN CERTIFICATE-----') && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key);
  if (!looksRight) {
    const { checkTlsKeyPair, TlsKeyPairError } = await import('../apimachinery/tls-key-pair.ts');
    try {
      checkTlsKeyPair(certificate, key);
    } catch (error) {
      throw error instanceof TlsKeyPairError ? new KubeconfigError(error.message) : error;
    }
  }
  return { clientCertificate: certificate, clientKey: key };
}

/** The `spec.cluster` of an ExecCredential. */
async function pluginCluster(cluster: MergedCluster, reader: MaterialReader): Promise<JsonObject> {
  const ca = await reader.material(cluster.certificateAuthorityData, cluster.certificateAuthority);
  return {
    server: cluster.server,
    ...(cluster.tlsServerName === '' ? {} : { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(cluster.proxyUrl === '' ? {} : { 'proxy-url': cluster.proxyUrl }),
    ...(cluster.disableCompression ? { 'disable-compression': true } : {}),
    config: cluster.execConfig ?? null,
  };
}

function impersonation(user: MergedUser): Record<string, string | readonly string[]> {
  if (user.as === '') return {};
  const headers: Record<string, string | readonly string[]> = { 'impersonate-user': user.as };
  if (user.asUid !== '') headers['impersonate-uid'] = user.asUid;
  if (user.asGroups.length > 0) headers['impersonate-group'] = user.asGroups;
  for (const [key, values] of Object.entries(user.asUserExtra)) {
    headers[`impersonate-extra-${escapeHeaderKey(key).toLowerCase()}`] = values;
  }
  return headers;
}

/** Percent-encodes what may not stand in a header's name, and the percent sign. */
function escapeHeaderKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[!#$&'*+.^_`|~0-9A-Za-z-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

async function inClusterConfig(
  entries: MergedEntries,
  flags: ConnectionFlags,
  reader: MaterialReader,
  options: ResolveOptions,
): Promise<ClientConfig | undefined> {
  const { env } = options;
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  const tokenFile = join(serviceAccountFolder, 'token');
  if (host === '' || port === '' || !(await options.files.exists(tokenFile))) return undefined;
  const ofAccount = async (name: string): Promise<string> => {
    const path = join(serviceAccountFolder, name);
    return (await options.files.exists(path)) ? reader.text(path) : '';
  };
  const ca =
    flags.certificateAuthority === '' ? await ofAccount('ca.crt') : await reader.text(flags.certificateAuthority);
  const namespace = entries.namespace || env['POD_NAMESPACE'] || (await ofAccount('namespace')).trim();
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace || 'default',
    namespaceIsExplicit: namespace !== '',
    insecureSkipTlsVerify: false,
    ...(ca === '' ? {} : { ca }),
    disableCompression: false,
    timeoutMillis: 0,
    ...(flags.token === '' ? { tokenFile } : { token: flags.token }),
    headers: {},
  };
}

/** Reads what an entry has inline or points to. Paths that are not absolute are relative to the working folder. */
class MaterialReader {
  readonly #options: ResolveOptions;

  constructor(options: ResolveOptions) {
    this.#options = options;
  }

  absolute(path: string): string {
    return isAbsolute(path) ? path : join(this.#options.cwd, path);
  }

  /** Inline base64 wins over a path; undefined without either. */
  async material(data: string, path: string): Promise<string | undefined> {
    if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
    return path === '' ? undefined : this.text(path);
  }

  async text(path: string): Promise<string> {
    try {
      return Buffer.from(await this.#options.files.readFile(this.absolute(path))).toString('utf8');
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (code === 'EISDIR') throw new KubeconfigError(`read ${path}: is a directory`);
      const reason = systemReason(error);
      throw reason === undefined ? error : new KubeconfigError(`open ${path}: ${reason}`);
    }
  }

  /** Why a file cannot be opened; a folder can. */
  async openProblem(path: string): Promise<string | undefined> {
    try {
      await this.#options.files.readFile(this.absolute(path));
      return undefined;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      return code === 'EISDIR' ? undefined : `open ${path}: ${systemReasonOrMessage(error)}`;
    }
  }
}
