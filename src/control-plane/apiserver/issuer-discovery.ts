import type { HttpResponse } from '../../apimachinery/http.ts';
import { requireMediaType } from './negotiation.ts';
import type { ApiRequest } from './request-context.ts';
import { bytesResponse } from './responses.ts';
import { methodNotAllowed } from './route-resource.ts';

/** Whose tokens others may want to check, and with what. */
export interface TokenIssuer {
  readonly issuer: string;
  /** Where clients find the keys. */
  readonly jwksUri: () => string;
  /** Public keys as JSON web keys (RFC 7517). */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Answers `/.well-known/openid-configuration` and `/openid/v1/jwks`, by which others check the tokens of service
 * accounts (OpenID Connect Discovery 1.0, KEP-1393). An issuer that is no https URL cannot be discovered.
 */
export function createIssuerDiscoveryRoute(
  issuer: TokenIssuer,
): (request: ApiRequest) => Promise<HttpResponse | undefined> {
  const isDiscoverable = /^https:\/\/[^/?#]+/.test(issuer.issuer);
  return async (request) => {
    const path = request.info.path.replace(/\/$/, '');
    const document = documents[path];
    if (document === undefined || !isDiscoverable) return undefined;
    if (request.method !== 'GET') throw methodNotAllowed();
    requireMediaType(request, [document.mediaType]);
    const text = JSON.stringify(document.of(issuer));
    const response = bytesResponse(request, 200, document.mediaType, Buffer.from(text));
    return { ...response, headers: { ...response.headers, 'cache-control': 'public, max-age=3600' } };
  };
}

const documents: Readonly<Record<string, { readonly mediaType: string; of(issuer: TokenIssuer): object }>> = {
  '/.well-known/openid-configuration': {
    mediaType: 'application/json',
    of: ({ issuer, jwksUri, keys }) => ({
      issuer,
      jwks_uri: jwksUri(),
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => String(alg)))].toSorted((left, right) =>
        left < right ? -1 : 1,
      ),
    }),
  },
  '/openid/v1/jwks': {
    mediaType: 'application/jwk-set+json',
    of: ({ keys }) => ({ keys: keys.map(inOrder) }),
  },
};

/** A key with its parts in the order in which the real server names them. */
function inOrder({ use, kty, kid, crv, alg, ...numbers }: Readonly<Record<string, unknown>>): object {
  return { use, kty, kid, crv, alg, ...numbers };
}
