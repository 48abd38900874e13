import { messageOf } from '../../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import { type HttpRequest, readBody, type Transport } from '../../apimachinery/http.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import type { Clock, Timer } from '../../system/clock.ts';
import { hasSigned, type NamedKey, readKeySet, type SignedToken } from './json-web-keys.ts';

export interface IdentityProviderOptions {
  readonly issuer: string;
  /** Where its document is, when not below the issuer. */
  readonly discoveryUrl?: string;
  /** Opens connections to a server, by its URL. */
  readonly connect: (url: string) => Transport;
  readonly clock: Clock;
  /** Told why the provider cannot be asked. */
  readonly onError: (reason: string) => void;
}

const retryMillis = 10_000;
const timeoutMillis = 30_000;

/**
 * The keys of an OpenID Connect provider (OpenID Connect Discovery 1.0): its document is asked for until there is one,
 * its keys when a token comes that none of them signed.
 */
export class IdentityProvider {
  readonly #options: IdentityProviderOptions;
  readonly #transports = new Map<string, Transport>();
  #keysUrl: string | undefined;
  #keys: readonly NamedKey[] = [];
  #finding: Promise<void>;
  #fetching: Promise<void> | undefined;
  #retry: Timer | undefined;
  #isClosed = false;

  constructor(options: IdentityProviderOptions) {
    this.#options = options;
    this.#finding = this.#find();
  }

  /** Whether one of the provider's keys signed a token. @throws Error when the provider cannot be asked */
  async hasSigned(token: SignedToken): Promise<boolean> {
    await this.#finding;
    const { issuer } = this.#options;
    const url = this.#keysUrl;
    if (url === undefined) throw new Error(`authenticator for issuer ${goQuote(issuer)} not initialized`);
    if (this.#isSignedByKnown(token)) return true;
    this.#fetching ??= this.#fetchKeys(url).finally(() => (this.#fetching = undefined));
    await this.#fetching;
    return this.#isSignedByKnown(token);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    await Promise.all(Array.from(this.#transports.values(), (transport) => transport.close()));
  }

  #isSignedByKnown(token: SignedToken): boolean {
    return this.#keys.some(({ keyId, key }) => (token.keyId === '' || token.keyId === keyId) && hasSigned(key, token));
  }

  async #find(): Promise<void> {
    const { issuer, discoveryUrl, clock, onError } = this.#options;
    try {
      const document = await this.#get(discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
      if (document['issuer'] !== issuer) {
        const got = typeof document['issuer'] === 'string' ? document['issuer'] : '';
        throw new Error(
          `oidc: issuer did not match the issuer returned by provider, expected ${goQuote(issuer)} got ${goQuote(got)}`,
        );
      }
      if (typeof document['jwks_uri'] !== 'string') throw new Error('provider did not return JWKS URL');
      this.#keysUrl = document['jwks_uri'];
    } catch (error) {
      if (this.#isClosed) return;
      onError(`oidc authenticator: initializing plugin: ${messageOf(error)}`);
      const again = (): void => {
        this.#finding = this.#find();
      };
      this.#retry = clock.setTimer(again, retryMillis, { unref: true });
    }
  }

  async #fetchKeys(url: string): Promise<void> {
    try {
      this.#keys = readKeySet(await this.#get(url));
    } catch (error) {
      const why = messageOf(error);
      throw new Error(`failed to verify signature: fetching keys oidc: ${why}`, { cause: error });
    }
  }

  async #get(address: string): Promise<JsonObject> {
    const { connect, clock } = this.#options;
    const url = new URL(address);
    let transport = this.#transports.get(url.origin);
    if (transport === undefined) {
      transport = connect(url.origin);
      this.#transports.set(url.origin, transport);
    }
    const abort = new AbortController();
    const timer = clock.setTimer(() => abort.abort(new Error('timed out')), timeoutMillis, { unref: true });
    try {
      const headers = { accept: 'application/json', 'user-agent': 'kube-apiserver/v1.36.2' };
      const request: HttpRequest = {
        method: 'GET',
        path: `${url.pathname}${url.search}`,
        headers,
        signal: abort.signal,
      };
      const response = await transport.send(request);
      const body = await readBody(response.body);
      if (response.status !== 200) throw new Error(`${response.status}: ${Buffer.from(body).toString().slice(0, 200)}`);
      const answer = parseJson(body);
      if (!isJsonObject(answer)) throw new Error('the answer is no object');
      return answer;
    } finally {
      timer.cancel();
    }
  }
}
