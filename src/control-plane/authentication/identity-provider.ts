import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { header, type HttpHeaders } from '../../apimachinery/http.ts';
import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import type { Clock, Timer } from '../../system/clock.ts';
import { hasSigned, type NamedKey, readKeySet } from './json-web-keys.ts';
import type { ProviderAnswer, ProviderRequests } from './provider-requests.ts';
import type { SignedToken } from './signed-token.ts';

export interface IdentityProviderOptions {
  readonly issuer: string;
  /** Where its document is, when not below the issuer. */
  readonly discoveryUrl?: string;
  readonly requests: ProviderRequests;
  readonly clock: Clock;
  /** Told why the provider cannot be asked. */
  readonly onError: (reason: string) => void;
  /** Told of each time that the keys were asked for. @param keySet what came; undefined where no keys did */
  readonly onKeys?: (keySet: string | undefined) => void;
}

const retryMillis = 10_000;
/** So long before their end keys may be asked for again. */
const earlyMillis = 30_000;

/**
 * The keys of an OpenID Connect provider (OpenID Connect Discovery 1.0): its document is asked for until there is one,
 * its keys when a token comes that none of them signed.
 */
export class IdentityProvider {
  readonly #options: IdentityProviderOptions;
  #keysUrl: string | undefined;
  #keys: readonly NamedKey[] = [];
  #keysGoodUntil = 0;
  #problem: string | undefined = 'not initialized';
  #finding: Promise<void>;
  #fetching: Promise<void> | undefined;
  #retry: Timer | undefined;
  #isClosed = false;

  constructor(options: IdentityProviderOptions) {
    this.#options = options;
    this.#finding = this.#find();
  }

  /** Why the provider is not known yet; undefined when it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Resolves when the provider's document was asked for, whatever came of that. */
  tried(): Promise<void> {
    return this.#finding;
  }

  /** Whether one of the provider's keys signed a token. @throws Error when they cannot be had */
  async hasSigned(token: SignedToken): Promise<boolean> {
    const url = this.#keysUrl;
    if (url === undefined) throw new Error('provider did not return JWKS URL');
    if (this.#isSignedByKnown(token)) return true;
    if (this.#options.clock.now() + earlyMillis <= this.#keysGoodUntil) return false;
    this.#fetching ??= this.#fetchKeys(url).finally(() => (this.#fetching = undefined));
    await this.#fetching;
    return this.#isSignedByKnown(token);
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
  }

  #isSignedByKnown(token: SignedToken): boolean {
    return this.#keys.some(
      ({ keyId, key }) => (token.keyId === '' || token.keyId === keyId) && key !== undefined && hasSigned(key, token),
    );
  }

  async #find(): Promise<void> {
    const { issuer, discoveryUrl, requests, clock, onError } = this.#options;
    try {
      const wellKnown = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
      const answer = await requests.get(discoveryUrl ?? wellKnown);
      if (answer.status !== 200) throw new Error(`${answer.shownStatus}: ${answer.body.toString()}`);
      const document = readJson(answer, 'oidc: failed to decode provider discovery object: ', (value) => value);
      const { issuer: got = '', jwks_uri: keysUrl = '' } = isJsonObject(document) ? document : {};
      if (got !== issuer) {
        const shown = goQuote(typeof got === 'string' ? got : '');
        throw new Error(
          `oidc: issuer did not match the issuer returned by provider, expected ${goQuote(issuer)} got ${shown}`,
        );
      }
      if (typeof keysUrl !== 'string' || keysUrl === '') throw new Error('provider did not return JWKS URL');
      this.#keysUrl = keysUrl;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = messageOf(error);
      if (this.#isClosed) return;
      onError(`oidc authenticator: initializing plugin: ${this.#problem}`);
      const again = (): void => {
        this.#finding = this.#find();
      };
      this.#retry = clock.setTimer(again, retryMillis, { unref: true });
    }
  }

  async #fetchKeys(url: string): Promise<void> {
    const { requests, clock, onKeys } = this.#options;
    try {
      const answer = await requests.get(url).catch((error: unknown) => {
        throw new Error(`oidc: get keys failed ${messageOf(error)}`, { cause: error });
      });
      const body = answer.body.toString();
      if (answer.status !== 200) throw new Error(`oidc: get keys failed: ${answer.shownStatus} ${body}`);
      try {
        this.#keys = readJson(answer, '', readKeySet);
      } catch (error) {
        throw new Error(`oidc: failed to decode keys: ${messageOf(error)} ${body}`, { cause: error });
      }
      const now = clock.now();
      this.#keysGoodUntil = now + freshMillis(answer.headers, now);
      onKeys?.(body);
    } catch (error) {
      onKeys?.(undefined);
      throw new Error(`fetching keys ${messageOf(error)}`, { cause: error });
    }
  }
}

/** @throws Error that tells whether the answer said that it is JSON */
function readJson<T>({ body, contentType }: ProviderAnswer, prefix: string, read: (value: JsonValue) => T): T {
  try {
    return read(parseJson(body));
  } catch (error) {
    const [mediaType = ''] = contentType.split(';');
    const isJson = mediaType.trim().toLowerCase() === 'application/json';
    const what = isJson
      ? 'got Content-Type = application/json, but could not unmarshal as JSON'
      : `expected Content-Type = application/json, got ${goQuote(contentType)}`;
    throw new Error(`${prefix}${what}: ${messageOf(error)}`, { cause: error });
  }
}

const day = 24 * 3600 * 1000;

/** How long an answer may be kept, in milliseconds (RFC 9111, 4.2); a guess where it tells only how old it is. */
function freshMillis(headers: HttpHeaders, now: number): number {
  const directives = header(headers, 'cache-control')?.split(',') ?? [];
  for (const name of ['s-maxage', 'max-age']) {
    const [, seconds] =
      directives.map((text) => text.trim().toLowerCase().split('=')).find(([key]) => key === name) ?? [];
    if (seconds !== undefined && /^\d+$/.test(seconds)) return Number(seconds) * 1000;
  }
  const timeOf = (name: string): number => Date.parse(header(headers, name) ?? '');
  const expires = timeOf('expires');
  if (!Number.isNaN(expires)) return expires - (timeOf('date') || now);
  const modified = timeOf('last-modified');
  return Number.isNaN(modified) ? 0 : Math.min((now - modified) / 10, day);
}
