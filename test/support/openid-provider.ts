import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';

/** A private key as the provider takes it. */
export type SigningKey = Readonly<Record<string, unknown>> & { readonly kid: string };

/** A user of the provider. */
export interface Account {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/** The OpenID provider of npm's oidc-provider, over HTTPS on this machine. */
export interface OpenIdProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** PEM, and the file it is in. */
  readonly authority: string;
  readonly authorityFile: string;
  /** What was asked for, in order: `GET /jwks`. */
  readonly asked: string[];
  /** A refresh token as a login leaves it behind. */
  login(account: string): Promise<string>;
  /** Exchanges a refresh token at the token endpoint. */
  refresh(refreshToken: string): Promise<{ readonly idToken: string; readonly refreshToken: string }>;
  /** Signs with other keys from now on, the first of them; those left out are gone. */
  useKeys(keys: readonly SigningKey[]): void;
}

export interface OpenIdProviderOptions {
  readonly accounts: readonly Account[];
  readonly keys?: readonly SigningKey[];
}

/** A key of the algorithms that the provider signs with. */
export function signingKey(kid: string, algorithm: 'RS256' | 'ES256' = 'RS256'): SigningKey {
  const { privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: algorithm };
}

interface Model {
  save(): Promise<string>;
}

/** What we use of the package, which has no types of its own. */
interface ProviderClass {
  new (issuer: string, configuration: object): ProviderInstance;
}

interface ProviderInstance {
  callback(): RequestListener;
  on(event: string, listener: (...args: readonly unknown[]) => void): void;
  readonly Client: { find(id: string): Promise<unknown> };
  readonly Grant: new (properties: object) => Model & { addOIDCScope(scope: string): void };
  readonly RefreshToken: new (properties: object) => Model;
}

const scope = 'openid offline_access profile';
// Not in words that the type checker would follow: the package says nothing of its types.
const packageName: string = 'oidc-provider';

/** Starts a provider, which is gone after the test. */
export async function openIdProvider(
  context: TestContext,
  folder: string,
  { accounts, keys = [signingKey('first')] }: OpenIdProviderOptions,
): Promise<OpenIdProvider> {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('authority of the provider', now);
  const subject = { commonName: 'provider' };
  const pair = await issueCertificate(authority, { subject, usage: 'server', ipAddresses: ['127.0.0.1'], now });
  const asked: string[] = [];
  let listener: RequestListener | undefined;
  const server = createServer({ cert: pair.certificate, key: pair.privateKey }, (request, response) => {
    asked.push(`${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`);
    listener?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientId = 'kubernetes';
  const clientSecret = 'kept-by-kubectl';
  const { Provider } = (await import(packageName)) as { readonly Provider: ProviderClass };
  // Tokens outlive a change of keys.
  const stored = new Map<string, object>();
  const adapter = class {
    readonly #model: string;
    constructor(model: string) {
      this.#model = model;
    }
    upsert(id: string, payload: object): Promise<void> {
      stored.set(`${this.#model} ${id}`, payload);
      return Promise.resolve();
    }
    find(id: string): Promise<object | undefined> {
      return Promise.resolve(stored.get(`${this.#model} ${id}`));
    }
    consume(id: string): Promise<void> {
      const found = stored.get(`${this.#model} ${id}`);
      if (found !== undefined) Object.assign(found, { consumed: Math.floor(systemClock.now() / 1000) });
      return Promise.resolve();
    }
    destroy(id: string): Promise<void> {
      stored.delete(`${this.#model} ${id}`);
      return Promise.resolve();
    }
    revokeByGrantId(): Promise<void> {
      return Promise.resolve();
    }
  };
  const claimNames = [...new Set(accounts.flatMap((account) => Object.keys(account)))];
  const open = (signing: readonly SigningKey[]): ProviderInstance => {
    const made = new Provider(issuer, {
      adapter,
      jwks: { keys: signing },
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: ['https://localhost/callback'],
          id_token_signed_response_alg: signing[0]?.['alg'] ?? 'RS256',
        },
      ],
      claims: { openid: claimNames },
      conformIdTokenClaims: false,
      rotateRefreshToken: true,
      ttl: { AccessToken: 3600, Grant: 86_400, IdToken: 3600, RefreshToken: 86_400 },
      features: { devInteractions: { enabled: false } },
      cookies: { keys: ['only-for-tests'] },
      findAccount: (_: unknown, id: string) => {
        const account = accounts.find(({ sub }) => sub === id);
        return account === undefined ? undefined : { accountId: id, claims: () => account };
      },
    });
    listener = made.callback();
    return made;
  };
  let provider = open(keys);
  const authorityFile = join(folder, `provider-${(server.address() as AddressInfo).port}.crt`);
  writeFileSync(authorityFile, authority.certificate);
  return {
    issuer,
    clientId,
    clientSecret,
    authority: authority.certificate,
    authorityFile,
    asked,
    useKeys: (next) => void (provider = open(next)),
    async login(accountId) {
      const grant = new provider.Grant({ accountId, clientId });
      grant.addOIDCScope(scope);
      const client = await provider.Client.find(clientId);
      const properties = { accountId, client, grantId: await grant.save(), scope, gty: 'authorization_code' };
      return new provider.RefreshToken(properties).save();
    },
    async refresh(refreshToken) {
      const { createHttpTransport } = await import('../../src/client/http-transport.ts');
      const { readBody } = await import('../../src/apimachinery/http.ts');
      const transport = createHttpTransport({ server: issuer, ca: authority.certificate });
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
      const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
      const response = await transport.send({
        method: 'POST',
        path: '/token',
        headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(form.toString()),
      });
      const text = Buffer.from(await readBody(response.body)).toString('utf8');
      await transport.close();
      if (response.status !== 200) throw new Error(text);
      const answer = JSON.parse(text) as { readonly id_token: string; readonly refresh_token: string };
      return { idToken: answer.id_token, refreshToken: answer.refresh_token };
    },
  };
}
