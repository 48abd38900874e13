import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { ConnectionFlags } from './client-config.ts';
import { type Kubeconfig, MissingEntryError, type NamedEntry, resolveEntryPath } from './kubeconfig.ts';

/** The cluster, user and context of one invocation: the entries of the files with the flags put over them. */
export interface MergedEntries {
  readonly contextName: string;
  /** Whether the context of that name exists; true without a name. */
  readonly contextExists: boolean;
  readonly namespace: string;
  readonly clusterName: string;
  readonly cluster: MergedCluster;
  readonly userName: string;
  readonly user: MergedUser;
}

/** Paths are those of flags as they are, or absolute ones from a file. */
export interface MergedCluster {
  readonly server: string;
  readonly tlsServerName: string;
  readonly insecureSkipTlsVerify: boolean;
  readonly certificateAuthority: string;
  /** base64. */
  readonly certificateAuthorityData: string;
  readonly proxyUrl: string;
  readonly disableCompression: boolean;
  /** What an extension of the cluster holds for credential plugins. */
  readonly execConfig: JsonValue | undefined;
}

export interface MergedUser {
  readonly clientCertificate: string;
  readonly clientCertificateData: string;
  readonly clientKey: string;
  readonly clientKeyData: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly username: string;
  readonly password: string;
  readonly as: string;
  readonly asUid: string;
  readonly asGroups: readonly string[];
  readonly asUserExtra: Readonly<Record<string, readonly string[]>>;
  readonly exec: JsonObject | undefined;
  readonly authProvider: JsonObject | undefined;
  /** The file that the user's entry is in. */
  readonly file: string;
}

/** The extension of a cluster whose value a credential plugin is given (KEP-541). */
const execExtension = 'client.authentication.k8s.io/exec';

/**
 * Puts the flags over the entries they name. @param defaultServer where no server is named at all
 * @throws MissingEntryError for a context, cluster or user that a flag names and no file has
 */
export function mergeEntries(kubeconfig: Kubeconfig, flags: ConnectionFlags, defaultServer: string): MergedEntries {
  const contextName = flags.context === '' ? kubeconfig.currentContext : flags.context;
  const context = kubeconfig.contexts.get(contextName);
  const userName = flags.user === '' ? textOf(context?.value['user']) : flags.user;
  const user = kubeconfig.users.get(userName);
  if (user === undefined && flags.user !== '') throw new MissingEntryError('users', userName);
  if (context === undefined && flags.context !== '') {
    throw new MissingEntryError('contexts', contextName);
  }
  const clusterName = flags.cluster === '' ? textOf(context?.value['cluster']) : flags.cluster;
  const cluster = kubeconfig.clusters.get(clusterName);
  if (cluster === undefined && flags.cluster !== '') {
    throw new MissingEntryError('clusters', clusterName);
  }
  return {
    contextName,
    contextExists: contextName === '' || context !== undefined,
    namespace: flags.namespace === '' ? textOf(context?.value['namespace']) : flags.namespace,
    clusterName,
    cluster: mergeCluster(cluster, flags, defaultServer),
    userName,
    user: mergeUser(user, flags),
  };
}

function mergeCluster(cluster: NamedEntry | undefined, flags: ConnectionFlags, defaultServer: string): MergedCluster {
  const value = cluster?.value ?? {};
  // Skipping verification and naming an authority contradict each other, so a flag for one clears both of the file.
  const trustIsFlagged = flags.insecureSkipTlsVerify === true || flags.certificateAuthority !== '';
  const nameIsFlagged = flags.tlsServerName !== '' || flags.server !== '';
  return {
    server: flags.server || textOf(value['server']) || defaultServer,
    tlsServerName: nameIsFlagged ? flags.tlsServerName : textOf(value['tls-server-name']),
    insecureSkipTlsVerify: trustIsFlagged
      ? flags.insecureSkipTlsVerify === true
      : value['insecure-skip-tls-verify'] === true,
    certificateAuthority: trustIsFlagged ? flags.certificateAuthority : pathIn(cluster, 'certificate-authority'),
    certificateAuthorityData: trustIsFlagged ? '' : textOf(value['certificate-authority-data']),
    proxyUrl: textOf(value['proxy-url']),
    disableCompression: flags.disableCompression === true || value['disable-compression'] === true,
    execConfig: extensionOf(value, execExtension),
  };
}

function mergeUser(user: NamedEntry | undefined, flags: ConnectionFlags): MergedUser {
  const value = user?.value ?? {};
  const certificateIsFlagged = flags.clientCertificate !== '';
  const keyIsFlagged = flags.clientKey !== '';
  return {
    clientCertificate: certificateIsFlagged ? flags.clientCertificate : pathIn(user, 'client-certificate'),
    clientCertificateData: certificateIsFlagged ? '' : textOf(value['client-certificate-data']),
    clientKey: keyIsFlagged ? flags.clientKey : pathIn(user, 'client-key'),
    clientKeyData: keyIsFlagged ? '' : textOf(value['client-key-data']),
    token: flags.token || textOf(value['token']),
    tokenFile: pathIn(user, 'tokenFile'),
    username: flags.username || textOf(value['username']),
    password: flags.password || textOf(value['password']),
    as: flags.as || textOf(value['as']),
    asUid: flags.asUid || textOf(value['as-uid']),
    asGroups: flags.asGroups.length > 0 ? flags.asGroups : textsOf(value['as-groups']),
    asUserExtra: { ...extraOfEntry(value['as-user-extra']), ...extraOfFlags(flags.asUserExtra) },
    exec: execOf(user),
    authProvider: isJsonObject(value['auth-provider']) ? value['auth-provider'] : undefined,
    file: user?.file ?? '',
  };
}

/** A program that is a path, not a name to look up, is relative to the kubeconfig. */
function execOf(user: NamedEntry | undefined): JsonObject | undefined {
  const exec = user?.value['exec'];
  if (user === undefined || !isJsonObject(exec)) return undefined;
  const command = textOf(exec['command']);
  return command.includes('/') ? { ...exec, command: resolveEntryPath(user, command) } : exec;
}

function extraOfFlags(pairs: readonly string[]): Record<string, readonly string[]> {
  const extra: Record<string, string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at >= 0) (extra[pair.slice(0, at)] ??= []).push(pair.slice(at + 1));
  }
  return extra;
}

function extraOfEntry(value: JsonValue | undefined): Record<string, readonly string[]> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, list]) => [key, textsOf(list)]));
}

function extensionOf(value: JsonObject, name: string): JsonValue | undefined {
  const { extensions } = value;
  const list = Array.isArray(extensions) ? extensions.filter(isJsonObject) : [];
  return list.find((one) => one['name'] === name)?.['extension'];
}

function pathIn(source: NamedEntry | undefined, name: string): string {
  const path = textOf(source?.value[name]);
  return path === '' || source === undefined ? path : resolveEntryPath(source, path);
}

function textsOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
