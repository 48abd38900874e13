import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import type { JsonObject } from '../../apimachinery/json.ts';
import type { ClaimSource, IdToken } from './id-token.ts';
import type { IdTokenVerifier } from './id-token-verifier.ts';
import type { ProviderRequests } from './provider-requests.ts';
import { untrustedIssuer } from './signed-token.ts';

export interface DistributedClaimsOptions {
  /** The claim that others may have. */
  readonly claim: string;
  readonly requests: ProviderRequests;
  /** Begins to look for an issuer's keys. */
  readonly verifierOf: (issuer: string) => IdTokenVerifier;
}

/**
 * Asks those that a token names for a claim that it does not have itself (OpenID Connect Core 1.0, 5.6.2). They answer
 * with a token of their own, whose issuer's keys are only looked for then: the first time that fails.
 */
export class DistributedClaims {
  readonly #options: DistributedClaimsOptions;
  readonly #verifiers = new Map<string, IdTokenVerifier>();

  constructor(options: DistributedClaimsOptions) {
    this.#options = options;
  }

  /** A token's claims, with the one that others have. @throws Error when they do not tell */
  async expand({ claims, claimNames, claimSources }: IdToken): Promise<JsonObject> {
    const { claim } = this.#options;
    if (claims[claim] !== undefined || claims['_claim_names'] === undefined) return claims;
    if (claims['_claim_sources'] === undefined) throw new Error('oidc: no claim sources');
    const name = Object.hasOwn(claimNames, claim) ? claimNames[claim] : undefined;
    const source = name === undefined ? undefined : claimSources[name];
    // Sources that have no endpoint bring the claims along; that is not supported.
    if (source === undefined || source.endpoint === '') return claims;
    return { ...claims, [claim]: await this.#resolve(source) };
  }

  close(): void {
    for (const { provider } of this.#verifiers.values()) provider.close();
  }

  async #resolve({ endpoint, accessToken }: ClaimSource): Promise<NonNullable<JsonObject[string]>> {
    const { claim } = this.#options;
    const token = await this.#ask(endpoint, accessToken).catch((error: unknown) => {
      throw new Error(`while getting distributed claim ${goQuote(claim)}: ${messageOf(error)}`, { cause: error });
    });
    const verifier = this.#verifierOf(issuerOf(token, endpoint, claim));
    const { claims } = await verifier.verify(token).catch((error: unknown) => {
      throw new Error(`verify distributed claim token: ${messageOf(error)}`, { cause: error });
    });
    const value = claims[claim];
    if (value !== undefined) return value as NonNullable<JsonObject[string]>;
    throw new Error(`jwt returned by distributed claim endpoint ${goQuote(endpoint)} did not contain claim: ${claim}`);
  }

  async #ask(endpoint: string, accessToken: string): Promise<string> {
    const { status, shownStatus, body } = await this.#options.requests.get(endpoint, accessToken);
    if (status >= 200 && status <= 226) return body.toString();
    throw new Error(`error while getting distributed claim JWT: ${shownStatus}`);
  }

  #verifierOf(issuer: string): IdTokenVerifier {
    let verifier = this.#verifiers.get(issuer);
    if (verifier === undefined) this.#verifiers.set(issuer, (verifier = this.#options.verifierOf(issuer)));
    if (verifier.provider.problem === undefined) return verifier;
    const why = `verifier not initialized for issuer: ${goQuote(issuer)}`;
    throw new Error(`verifying untrusted issuer ${issuer} failed: ${why}`);
  }
}

function issuerOf(token: string, endpoint: string, claim: string): string {
  try {
    return untrustedIssuer(token);
  } catch (error) {
    const why = messageOf(error);
    throw new Error(`getting untrusted issuer from endpoint ${endpoint} failed for claim ${goQuote(claim)}: ${why}`, {
      cause: error,
    });
  }
}
