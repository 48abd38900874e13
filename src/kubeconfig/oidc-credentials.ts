import { messageOf } from '../apimachinery/error-message.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { type HttpRequest, readBody, type Transport } from '../apimachinery/http.ts';
import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import type { HttpTransportOptions } from '../client/http-transport.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import { changeKubeconfigFile, KubeconfigError } from './kubeconfig.ts';

/** A user's `auth-provider` of the name oidc, and where it stands, so that new tokens can be kept there. */
export interface OidcUser {
  readonly settings: Readonly<Record<string, string>>;
  readonly userName: string;
  readonly file: string;
}

export interface OidcCredentialsOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  /** Opens connections to the provider. */
  readonly connect: (options: HttpTransportOptions) => Transport;
}

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly text: string;
}

/** A token that ends so soon is as good as over. */
const marginMillis = 10_000;
const maxShownBytes = 80;

/**
 * The ID token of a user of OpenID Connect: the kubeconfig's as long as it holds, then new ones for its refresh token
 * (OpenID Connect Core 1.0, 12), which are written back. Messages are client-go's.
 */
export class OidcCredentials {
  readonly #options: OidcCredentialsOptions;
  readonly #user: OidcUser;
  #settings: Readonly<Record<string, string>>;
  #asking: Promise<string> | undefined;

  /** @throws KubeconfigError for a user without an issuer or a client */
  constructor(user: OidcUser, options: OidcCredentialsOptions) {
    this.#user = user;
    this.#options = options;
    this.#settings = user.settings;
    for (const name of ['idp-issuer-url', 'client-id']) {
      if (this.#setting(name) === '') throw new KubeconfigError(`Must provide ${name}`);
    }
  }

  /** The token as it is to be sent now; many who ask at once get one answer. */
  token(): Promise<string> {
    this.#asking ??= this.#current().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  #setting(name: string): string {
    return this.#settings[name] ?? '';
  }

  async #current(): Promise<string> {
    const known = this.#setting('id-token');
    if (known !== '' && endOf(known) > this.#options.clock.now() + marginMillis) return known;
    const refreshToken = this.#setting('refresh-token');
    if (refreshToken === '') throw new KubeconfigError('No valid id-token, and cannot refresh without refresh-token');
    const answer = await this.#refreshed(await this.#tokenEndpoint(), refreshToken);
    const { id_token: token, refresh_token: next } = answer;
    if (typeof token !== 'string') {
      throw new KubeconfigError(
        'token response did not contain an id_token, either the scope "openid" wasn\'t requested upon login, or the provider doesn\'t support id_tokens as part of the refresh response',
      );
    }
    const kept = {
      ...this.#settings,
      'id-token': token,
      ...(typeof next === 'string' && next !== '' ? { 'refresh-token': next } : {}),
    };
    await this.#keep(kept);
    this.#settings = kept;
    return token;
  }

  async #keep(settings: Readonly<Record<string, string>>): Promise<void> {
    const { userName, file } = this.#user;
    try {
      await changeKubeconfigFile(this.#options.files, file, (document) => {
        const users = Array.isArray(document['users']) ? document['users'].filter(isJsonObject) : [];
        const user = users.find(({ name }) => name === userName)?.['user'];
        if (!isJsonObject(user) || !isJsonObject(user['auth-provider'])) return;
        user['auth-provider']['config'] = { ...settings };
      });
    } catch (error) {
      throw new KubeconfigError(`could not persist new tokens: ${messageOf(error)}`);
    }
  }

  async #tokenEndpoint(): Promise<string> {
    const issuer = this.#setting('idp-issuer-url').replace(/\/$/, '');
    const { status, statusText, text } = await this.#send('GET', `${issuer}/.well-known/openid-configuration`, {});
    if (status !== 200) {
      const shown = Buffer.byteLength(text) > maxShownBytes ? `${text.slice(0, maxShownBytes)}...` : text;
      throw new KubeconfigError(`oidc: failed to query metadata endpoint ${status} ${statusText}: ${goQuote(shown)}`);
    }
    const document = readObject(text);
    if (document === undefined) throw new KubeconfigError('oidc: failed to decode provider discovery object: no JSON');
    const endpoint = document['token_endpoint'];
    if (typeof endpoint === 'string' && endpoint !== '') return endpoint;
    throw new KubeconfigError("oidc: discovery object doesn't contain a token_endpoint");
  }

  /** Says who the client is in the header, and where the provider does not take that, in the form. */
  async #refreshed(endpoint: string, refreshToken: string): Promise<JsonObject> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const id = this.#setting('client-id');
    const secret = this.#setting('client-secret');
    const words = [id, secret].map((word) => encodeURIComponent(word).replaceAll('%20', '+')).join(':');
    const authorization = `Basic ${Buffer.from(words).toString('base64')}`;
    let answer = await this.#post(endpoint, form, { authorization });
    if (tokenProblem(answer) !== undefined) {
      const client = { client_id: id, ...(secret === '' ? {} : { client_secret: secret }) };
      answer = await this.#post(endpoint, { ...form, ...client }, {});
    }
    const problem = tokenProblem(answer);
    if (problem !== undefined) throw new KubeconfigError(`failed to refresh token: ${problem}`);
    return readObject(answer.text) ?? {};
  }

  #post(url: string, form: Readonly<Record<string, string>>, headers: HttpRequest['headers']): Promise<Answer> {
    const body = Buffer.from(new URLSearchParams(form).toString());
    return this.#send('POST', url, { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body);
  }

  async #send(method: string, address: string, headers: HttpRequest['headers'], body?: Buffer): Promise<Answer> {
    const url = new URL(address);
    const transport = this.#options.connect({ server: url.origin, ...(await this.#authority()) });
    try {
      const path = `${url.pathname}${url.search}`;
      const response = await transport.send({ method, path, headers, ...(body === undefined ? {} : { body }) });
      const text = Buffer.from(await readBody(response.body)).toString('utf8');
      const { STATUS_CODES } = await import('node:http');
      return { status: response.status, statusText: STATUS_CODES[response.status] ?? '', text };
    } finally {
      await transport.close();
    }
  }

  async #authority(): Promise<Pick<HttpTransportOptions, 'ca'>> {
    const data = this.#setting('idp-certificate-authority-data');
    if (data !== '') return { ca: Buffer.from(data, 'base64').toString('utf8') };
    const path = this.#setting('idp-certificate-authority');
    return path === '' ? {} : { ca: Buffer.from(await this.#options.files.readFile(path)).toString('utf8') };
  }
}

/** @returns milliseconds since the epoch */
function endOf(token: string): number {
  const parts = token.split('.');
  if (parts.length !== 3) throw new KubeconfigError('ID Token is not a valid JWT');
  const claims = readObject(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
  if (claims === undefined) throw new KubeconfigError('parsing claims: the ID Token holds no JSON');
  return Number(claims['exp'] ?? 0) * 1000;
}

/** Why an answer brings no tokens (RFC 6749, 5.2), in the words of golang.org/x/oauth2. */
function tokenProblem({ status, statusText, text }: Answer): string | undefined {
  const answer = readObject(text);
  const { error, error_description: description, error_uri: uri } = answer ?? {};
  if (typeof error === 'string' && error !== '') {
    const details = [description, uri].filter(
      (detail): detail is string => typeof detail === 'string' && detail !== '',
    );
    return ['oauth2:', goQuote(error), ...details.map(goQuote)].join(' ');
  }
  if (status < 200 || status > 299) {
    return `oauth2: cannot fetch token: ${status} ${statusText}\nResponse: ${text}`;
  }
  if (answer === undefined) return 'oauth2: cannot parse json: the answer is no object';
  return typeof answer['access_token'] === 'string' && answer['access_token'] !== ''
    ? undefined
    : 'oauth2: server response missing access_token';
}

function readObject(text: string): JsonObject | undefined {
  try {
    const value = parseJson(Buffer.from(text));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
