import { messageOf } from '../apimachinery/error-message.ts';
import { aggregateMessages, goQuote } from '../apimachinery/field-error.ts';
import { createHttpTransport } from '../client/http-transport.ts';
import type { UserInfo } from '../control-plane/authentication/authenticator.ts';
import { IdTokenVerifier } from '../control-plane/authentication/id-token-verifier.ts';
import { IdentityProvider, type IdentityProviderOptions } from '../control-plane/authentication/identity-provider.ts';
import { signingAlgorithms } from '../control-plane/authentication/json-web-keys.ts';
import { type JwtSettings, JwtTokens } from '../control-plane/authentication/jwt-tokens.ts';
import { ProviderRequests } from '../control-plane/authentication/provider-requests.ts';
import type { TokenUsers } from '../control-plane/authentication/token-checker.ts';
import { type Clock, sleep } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import {
  type AnonymousSettings,
  readAuthenticationConfiguration,
  readFlagIssuer,
} from './authentication-configuration.ts';
import type { JwtMetricsObserver } from './authentication-metrics.ts';
import { ComponentArgumentError, type ComponentArguments, listArgument } from './component-arguments.ts';
import { NotNowError, readArgumentFile, watchFile } from './watched-file.ts';

export interface JwtAssemblyOptions {
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Logger;
  /** Issuers of the tokens of service accounts. */
  readonly ownIssuers: readonly string[];
  readonly observer: JwtMetricsObserver;
}

/** Users of OpenID Connect, and what the same file says of those without credentials. */
export interface AssembledJwt {
  readonly tokens: TokenUsers;
  readonly anonymous: AnonymousSettings | undefined;
  stop(): Promise<void>;
}

const configFlag = 'authentication-config';

/** Puts the issuers of --authentication-config, or of --oidc-*, together. @throws ComponentArgumentError */
export async function assembleJwt(options: JwtAssemblyOptions): Promise<AssembledJwt> {
  const { arguments: flags, files, clock, log } = options;
  const path = flags.get(configFlag);
  if (path === undefined) {
    const issuers = new Issuers(await issuersOfFlags(options), options);
    return { tokens: issuers, anonymous: undefined, stop: () => issuers.close() };
  }
  if (oidcFlags(flags).length > 0) {
    throw new ComponentArgumentError('authentication-config file and oidc-* flags are mutually exclusive');
  }
  const { observer } = options;
  const content = await readConfiguration(files, path);
  const from = { path, disallowedIssuers: options.ownIssuers };
  const { anonymous, issuers: settings } = readAuthenticationConfiguration(content, from);
  const issuers = new Issuers(settings, options);
  observer.loaded(content, false);
  const onChange = async (changed: string): Promise<void> => {
    const read = readAuthenticationConfiguration(changed, from);
    if (JSON.stringify(read.anonymous) !== JSON.stringify(anonymous)) {
      throw new Error('anonymous: Forbidden: changed from initial configuration file');
    }
    await issuers.replace(read.issuers);
    observer.loaded(changed, true);
    log.info('reloaded authentication config');
  };
  const onError = (reason: string): void => {
    observer.loaded(undefined, true);
    log.error('failed to load authentication config', { error: reason });
  };
  const stopWatching = watchFile({ files, clock, path, onChange, onError }, content);
  return {
    tokens: issuers,
    anonymous,
    async stop() {
      stopWatching();
      await issuers.close();
    },
  };
}

async function readConfiguration(files: FileSystem, path: string): Promise<string> {
  try {
    return await readArgumentFile(files, path);
  } catch (error) {
    const reason = messageOf(error);
    throw new ComponentArgumentError(`failed to load authentication configuration from file "${path}": ${reason}`);
  }
}

/** So long changed issuers may take until they answer, and the last ones stay open. */
const updateMillis = 60_000;
const lookAgainMillis = 10_000;
const graceMillis = 30_000;

/** Bearer tokens of the issuers there are now. */
class Issuers implements TokenUsers {
  readonly #options: JwtAssemblyOptions;
  #current: readonly JwtTokens[];
  #isClosed = false;

  constructor(settings: readonly JwtSettings[], options: JwtAssemblyOptions) {
    this.#options = options;
    this.#current = settings.map((one) => openIssuer(one, options));
  }

  async userOf(token: string): Promise<UserInfo | undefined> {
    for (const issuer of this.#current) {
      const user = await issuer.userOf(token);
      if (user !== undefined) return user;
    }
    return undefined;
  }

  /**
   * Takes other issuers as soon as all of them answer; until then the last ones stay.
   * @throws NotNowError when they do not within a minute
   */
  async replace(settings: readonly JwtSettings[]): Promise<void> {
    const { clock, observer } = this.#options;
    const next = settings.map((one) => openIssuer(one, this.#options));
    for (let left = updateMillis; ; left -= lookAgainMillis) {
      await Promise.all(next.map(({ provider }) => provider.tried()));
      const problems = next.flatMap(({ provider, settings: { issuer } }) =>
        provider.problem === undefined
          ? []
          : [`oidc: authenticator for issuer ${goQuote(issuer)} is not healthy: ${provider.problem}`],
      );
      if (problems.length === 0) break;
      if (left <= 0 || this.#isClosed) {
        await closeAll(next);
        throw new NotNowError(aggregateMessages([aggregateMessages(problems), 'context deadline exceeded']));
      }
      await sleep(clock, lookAgainMillis);
    }
    const last = this.#current;
    this.#current = next;
    const gone = last.filter(({ settings: { issuer } }) => !settings.some((one) => one.issuer === issuer));
    // Requests that are on their way may still need the last ones.
    clock.setTimer(() => void closeAll(last), updateMillis, { unref: true });
    const forget = (): void => gone.forEach(({ settings: { issuer } }) => observer.forgotten(issuer));
    clock.setTimer(forget, updateMillis + graceMillis, { unref: true });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await closeAll(this.#current);
  }
}

async function closeAll(issuers: readonly JwtTokens[]): Promise<void> {
  await Promise.all(issuers.map((issuer) => issuer.close()));
}

function openIssuer(settings: JwtSettings, { clock, log, observer }: JwtAssemblyOptions): JwtTokens {
  const { issuer, discoveryUrl, certificateAuthority, audiences, algorithms } = settings;
  const ca = certificateAuthority === undefined ? {} : { ca: certificateAuthority };
  const requests = new ProviderRequests({ connect: (server) => createHttpTransport({ server, ...ca }), clock });
  const providerOf = (name: string, more: Partial<IdentityProviderOptions>): IdentityProvider =>
    new IdentityProvider({
      issuer: name,
      requests,
      clock,
      onError: (reason) => log.error(reason, { issuer: name }),
      ...more,
    });
  const verifierOf = (name: string, provider: IdentityProvider): IdTokenVerifier =>
    new IdTokenVerifier({ issuer: name, audiences, algorithms, provider, clock });
  const own = providerOf(issuer, {
    ...(discoveryUrl === undefined ? {} : { discoveryUrl }),
    onKeys: (keySet) => observer.keysFetched(issuer, keySet),
  });
  return new JwtTokens({
    settings,
    verifier: verifierOf(issuer, own),
    requests,
    verifierOf: (name) => verifierOf(name, providerOf(name, {})),
    clock,
    observer: (result, seconds) => observer.checked(issuer, result, seconds),
  });
}

function oidcFlags(flags: ComponentArguments): string[] {
  return [...flags.keys()].filter((flag) => flag.startsWith('oidc-'));
}

async function issuersOfFlags(options: JwtAssemblyOptions): Promise<readonly JwtSettings[]> {
  const { arguments: flags, files, ownIssuers } = options;
  if (oidcFlags(flags).length === 0) return [];
  const url = flags.get('oidc-issuer-url') ?? '';
  const clientId = flags.get('oidc-client-id') ?? '';
  if (url === '' || clientId === '') {
    throw new ComponentArgumentError(
      'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
    );
  }
  const algorithms = listArgument(flags, 'oidc-signing-algs') ?? ['RS256'];
  const unknown = algorithms.find((algorithm) => !signingAlgorithms.includes(algorithm));
  if (unknown !== undefined) throw new ComponentArgumentError(`oidc: unsupported signing alg: ${goQuote(unknown)}`);
  const claim = flags.get('oidc-username-claim') ?? 'sub';
  const groupsClaim = flags.get('oidc-groups-claim') ?? '';
  const authority = flags.get('oidc-ca-file');
  const fields = {
    issuer: {
      url,
      audiences: [clientId],
      ...(authority === undefined ? {} : { certificateAuthority: await readArgumentFile(files, authority) }),
    },
    claimMappings: {
      username: { claim, prefix: usernamePrefix(flags.get('oidc-username-prefix') ?? '', claim, url) },
      ...(groupsClaim === '' ? {} : { groups: { claim: groupsClaim, prefix: flags.get('oidc-groups-prefix') ?? '' } }),
    },
    claimValidationRules: requiredClaims(flags.get('oidc-required-claim')),
  };
  return readFlagIssuer(fields, ownIssuers, algorithms);
}

/** Names other than addresses get the issuer before them, so that they clash with nobody's; `-` asks for none. */
function usernamePrefix(flag: string, claim: string, issuer: string): string {
  if (flag === '-') return '';
  return flag === '' && claim !== 'email' ? `${issuer}#` : flag;
}

function requiredClaims(flag: string | undefined): { claim: string; requiredValue: string }[] {
  return (flag ?? '')
    .split('\n')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      if (at < 0) throw new ComponentArgumentError(`malformed pair, expect string=string`);
      return { claim: pair.slice(0, at).trim(), requiredValue: pair.slice(at + 1).trim() };
    });
}
