import type { Secret } from '../api/types/core-v1.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import { aggregateMessages, goQuote } from '../apimachinery/field-error.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Client } from '../client/client.ts';
import type { Authenticator } from '../control-plane/authentication/authenticator.ts';
import { bootstrapTokens } from '../control-plane/authentication/bootstrap-token.ts';
import {
  clientCertificateAuthenticator,
  readCertificateBundle,
} from '../control-plane/authentication/client-certificate.ts';
import { passwordFileAuthenticator } from '../control-plane/authentication/password-file.ts';
import { requestHeaderAuthenticator } from '../control-plane/authentication/request-header.ts';
import { readTokenFile } from '../control-plane/authentication/token-file.ts';
import { cachedTokenChecker, type TokenCacheObserver } from '../control-plane/authentication/token-cache.ts';
import {
  bearerTokenAuthenticator,
  forApiAudiences,
  type TokenChecker,
  type TokenUsers,
  unionTokens,
} from '../control-plane/authentication/token-checker.ts';
import { webhookTokens } from '../control-plane/authentication/webhook-token.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import type { JwtMetricsObserver } from './authentication-metrics.ts';
import type { AnonymousSettings } from './authentication-configuration.ts';
import {
  ComponentArgumentError,
  booleanArgument,
  type ComponentArguments,
  durationArgument,
  listArgument,
} from './component-arguments.ts';
import { assembleJwt } from './jwt-assembly.ts';
import { readArgumentFile, watchFile } from './watched-file.ts';
import { openWebhook } from './webhook-client.ts';

export interface AuthenticatorAssemblyOptions {
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** PEM of the cluster's own authority, whose clients are always known. */
  readonly authority: string;
  readonly apiAudiences: readonly string[];
  /** Issuers of the tokens of service accounts. */
  readonly ownIssuers: readonly string[];
  /** The server's own client, for bootstrap tokens. */
  readonly client: Client;
  /** Knows the tokens of service accounts. */
  readonly serviceAccounts: TokenChecker;
  readonly observer: TokenCacheObserver & JwtMetricsObserver & { certificateUsed(remainingSeconds: number): void };
}

/** Everybody who can tell who asks, as the flags say. */
export interface AssembledAuthenticator {
  /** In the order in which they are asked (kube-apiserver's, local ones first). */
  readonly authenticators: readonly Authenticator[];
  /** Everybody who knows tokens. */
  readonly tokens: TokenChecker;
  /** Whether a request to a path may come without credentials. */
  readonly allowAnonymous: (path: string) => boolean;
  /** Where passwords are taken, browsers are told so, as until Kubernetes 1.18. */
  readonly challenge: string | undefined;
  /** PEM of the authorities that clients may come from; `onChange` is told of later ones. */
  readonly clientAuthorities: { current(): string; onChange(listener: (pem: string) => void): void };
  stop(): Promise<void>;
}

/** Puts the authenticators together. @throws ComponentArgumentError for flags and files that cannot be used */
export async function assembleAuthenticator(options: AuthenticatorAssemblyOptions): Promise<AssembledAuthenticator> {
  const { arguments: flags, apiAudiences } = options;
  const jwt = await assembleJwt(options);
  const anonymous = anonymousSettings(flags, jwt.anonymous);
  const bundles = new CertificateBundles(options);
  const proxies = await requestHeaders(options, bundles);
  const clients = await clientCertificates(options, bundles);
  const passwords = await fromFile(flags.get('basic-auth-file'), options, passwordFileAuthenticator);
  const tokenFile = await fromFile(flags.get('token-auth-file'), options, readTokenFile);
  const bootstrap = bootstrapTokensOf(options);
  const webhook = await tokenWebhook(options);
  const agnostic = (users: TokenUsers): TokenChecker => forApiAudiences(users, apiAudiences);
  const tokens = cachedTokenChecker({
    tokens: unionTokens([
      ...tokenFile.map(agnostic),
      options.serviceAccounts,
      ...[...bootstrap, jwt.tokens].map(agnostic),
      ...webhook.checkers,
    ]),
    successMillis: tokenCacheMillis,
    secret: options.random.uuid(),
    clock: options.clock,
    observer: options.observer,
  });
  return {
    authenticators: [...proxies, clients, ...passwords, bearerTokenAuthenticator(tokens, apiAudiences)],
    tokens,
    challenge: passwords.length > 0 ? 'Basic realm="kubernetes-master"' : undefined,
    allowAnonymous: (path) => anonymous.enabled && (anonymous.paths.length === 0 || anonymous.paths.includes(path)),
    clientAuthorities: bundles,
    async stop() {
      bundles.stop();
      await jwt.stop();
      await webhook.close();
    },
  };
}

/** How long a token that holds is known without another look (kube-apiserver's TokenSuccessCacheTTL). */
const tokenCacheMillis = 10_000;

function anonymousSettings(flags: ComponentArguments, fromFile: AnonymousSettings | undefined): AnonymousSettings {
  const enabled = booleanArgument(flags, 'anonymous-auth', true);
  if (fromFile !== undefined && flags.has('anonymous-auth')) {
    throw new ComponentArgumentError(
      'anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    );
  }
  // Where everything is allowed, nobody may come without a name, whatever the flag says.
  const allowsAll = listArgument(flags, 'authorization-mode')?.includes('AlwaysAllow') === true;
  return fromFile ?? { enabled: enabled && !allowsAll, paths: [] };
}

async function fromFile<T>(
  path: string | undefined,
  { files }: AuthenticatorAssemblyOptions,
  read: (content: string, path: string) => T,
): Promise<T[]> {
  if (path === undefined) return [];
  const content = await readArgumentFile(files, path);
  try {
    return [read(content, path)];
  } catch (error) {
    throw new ComponentArgumentError(messageOf(error));
  }
}

/** The authorities of clients, read again when their files change. */
class CertificateBundles {
  readonly #options: AuthenticatorAssemblyOptions;
  readonly #bundles = new Map<string, string>();
  readonly #stops: (() => void)[] = [];
  #listener: ((pem: string) => void) | undefined;

  constructor(options: AuthenticatorAssemblyOptions) {
    this.#options = options;
  }

  current(): string {
    return [this.#options.authority, ...this.#bundles.values()].join('\n');
  }

  onChange(listener: (pem: string) => void): void {
    this.#listener = listener;
  }

  /** An authenticator that follows a file. @param name of the bundle in messages */
  async follow(path: string, name: string, make: (pem: string) => Authenticator): Promise<Authenticator> {
    const { files, clock, log } = this.#options;
    const content = await readArgumentFile(files, path);
    requireCertificates(content, name, path);
    this.#bundles.set(name, content);
    let current = make(content);
    const onChange = (changed: string): void => {
      requireCertificates(changed, name, path);
      current = make(changed);
      this.#bundles.set(name, changed);
      this.#listener?.(this.current());
      log.info('Loaded a new CA Bundle and Verifier', { name: `${name}::${path}` });
    };
    const onError = (reason: string): void => log.error('failed to load the CA bundle', { name, error: reason });
    this.#stops.push(watchFile({ files, clock, path, onChange, onError }, content));
    return { name: current.name, authenticate: (request) => current.authenticate(request) };
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

function requireCertificates(content: string, name: string, path: string): void {
  const problem =
    readCertificateBundle(content).length === 0 ? 'data does not contain any valid RSA or ECDSA certificates' : '';
  if (content.trim() === '') throw new ComponentArgumentError(`missing content for CA bundle "${name}::${path}"`);
  if (problem !== '') {
    throw new ComponentArgumentError(`error loading CA bundle for "${name}::${path}": ${problem}`);
  }
}

async function clientCertificates(
  { arguments: flags, authority, clock, observer }: AuthenticatorAssemblyOptions,
  bundles: CertificateBundles,
): Promise<Authenticator> {
  const onUse = (remaining: number): void => observer.certificateUsed(remaining);
  const path = flags.get('client-ca-file');
  // The cluster's own authority is who its administrator and its nodes come from.
  if (path === undefined) return clientCertificateAuthenticator([authority], clock, onUse);
  return bundles.follow(path, 'client-ca-bundle', (pem) =>
    clientCertificateAuthenticator([authority, pem], clock, onUse),
  );
}

const headerFlags = [
  'requestheader-username-headers',
  'requestheader-group-headers',
  'requestheader-extra-headers-prefix',
  'requestheader-allowed-names',
  'requestheader-uid-headers',
];

async function requestHeaders(
  { arguments: flags, files, clock, authority }: AuthenticatorAssemblyOptions,
  bundles: CertificateBundles,
): Promise<Authenticator[]> {
  const named = (flag: string): string[] => listArgument(flags, flag) ?? [];
  const lower = (flag: string): string[] => named(flag).map((name) => name.trim().toLowerCase());
  const problems = headerFlags
    .filter((flag) => named(flag).some((name) => name.trim() === ''))
    .map((flag) => `empty value in ${goQuote(flag)}`);
  const uidHeaders = lower('requestheader-uid-headers');
  if (uidHeaders.length > 0 && !uidHeaders.includes('x-remote-uid')) {
    problems.push(
      '--requestheader-uid-headers is set without specifying the standard X-Remote-Uid header - API aggregation will not work',
    );
  }
  const path = flags.get('requestheader-client-ca-file');
  const allowedNames = named('requestheader-allowed-names');
  if (path !== undefined && allowedNames.length === 0) {
    const clientFile = flags.get('client-ca-file');
    const clients = [authority, clientFile === undefined ? '' : await readArgumentFile(files, clientFile)].join('\n');
    const known = new Set(readCertificateBundle(clients).map(({ fingerprint256 }) => fingerprint256));
    const proxies = readCertificateBundle(await readArgumentFile(files, path));
    if (proxies.some(({ fingerprint256 }) => known.has(fingerprint256))) {
      problems.push(
        '--requestheader-client-ca-file and --client-ca-file contain overlapping certificates; --requestheader-allowed-names must be specified to ensure regular client certificates cannot set authenticating proxy headers for arbitrary users',
      );
    }
  }
  if (problems.length > 0) throw new ComponentArgumentError(aggregateMessages(problems));
  if (path === undefined) return [];
  const headers = {
    allowedNames,
    usernameHeaders: lower('requestheader-username-headers'),
    uidHeaders,
    groupHeaders: lower('requestheader-group-headers'),
    extraHeaderPrefixes: lower('requestheader-extra-headers-prefix'),
    clock,
  };
  return [
    await bundles.follow(path, 'request-header', (pem) =>
      requestHeaderAuthenticator({ ...headers, authorities: [pem] }),
    ),
  ];
}

async function tokenWebhook({
  arguments: flags,
  files,
  clock,
  random,
  apiAudiences,
}: AuthenticatorAssemblyOptions): Promise<{ readonly checkers: readonly TokenChecker[]; close(): Promise<void> }> {
  const kubeconfig = flags.get('authentication-token-webhook-config-file') ?? '';
  const version = flags.get('authentication-token-webhook-version') ?? 'v1beta1';
  const cacheMillis = durationArgument(flags, 'authentication-token-webhook-cache-ttl') ?? 120_000;
  if (kubeconfig === '') return { checkers: [], close: () => Promise.resolve() };
  if (version !== 'v1' && version !== 'v1beta1') {
    throw new ComponentArgumentError(
      `unsupported authentication webhook version ${goQuote(version)}, supported versions are "v1", "v1beta1"`,
    );
  }
  const webhook = await openWebhook({ kubeconfig, timeoutMillis: 30_000, files, clock, random });
  return {
    checkers: [webhookTokens({ webhook, version, apiAudiences, cacheMillis, clock })],
    close: () => webhook.close(),
  };
}

function bootstrapTokensOf({ arguments: flags, clock, client }: AuthenticatorAssemblyOptions): TokenUsers[] {
  if (flags.get('enable-bootstrap-token-auth') !== 'true') return [];
  const secrets = client.resource<Secret>({ group: '', version: 'v1', resource: 'secrets' }, 'kube-system');
  const secretOf = async (name: string): Promise<Secret | undefined> => {
    try {
      return await secrets.get(name);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  };
  return [bootstrapTokens(secretOf, clock)];
}
