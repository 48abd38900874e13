import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote, goQuoteList } from '../../apimachinery/field-error.ts';
import { showGoTime } from '../../apimachinery/go-time.ts';
import type { Clock } from '../../system/clock.ts';
import { type IdToken, readIdToken } from './id-token.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { readSignedToken, type SignedToken } from './signed-token.ts';

export interface IdTokenVerifierOptions {
  readonly issuer: string;
  /** One of them must be the token's. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly provider: IdentityProvider;
  readonly clock: Clock;
}

/** So much may clocks differ. */
const notBeforeLeewayMillis = 60_000;

/** Tells whether ID tokens of an issuer hold (OpenID Connect Core 1.0, 3.1.3.7). */
export class IdTokenVerifier {
  readonly #options: IdTokenVerifierOptions;

  constructor(options: IdTokenVerifierOptions) {
    this.#options = options;
  }

  get provider(): IdentityProvider {
    return this.#options.provider;
  }

  /** @returns what it says. @throws Error for a token that does not hold, in the words of go-oidc */
  async verify(text: string): Promise<IdToken> {
    const { issuer, audiences, algorithms } = this.#options;
    const signed = readOr('oidc: malformed jwt', () => readSignedToken(text));
    if (!algorithms.includes(signed.algorithm)) {
      const wanted = goQuoteList(algorithms);
      throw new Error(
        `oidc: id token signed with unsupported algorithm, expected ${wanted} got ${goQuote(signed.algorithm)}`,
      );
    }
    await this.#checkSignature(signed);
    const token = readOr('oidc: failed to unmarshal claims', () => readIdToken(signed.payload));
    checkSources(token);
    if (token.issuer !== issuer) {
      const got = goQuote(token.issuer);
      throw new Error(`oidc: id token issued by a different provider, expected ${goQuote(issuer)} got ${got}`);
    }
    const isMeant = audiences.some((audience) => token.audiences.includes(audience));
    const got = goQuoteList(token.audiences);
    const [only = ''] = audiences;
    if (!isMeant && audiences.length === 1) throw new Error(`oidc: expected audience ${goQuote(only)} got ${got}`);
    this.#checkTimes(token);
    if (!isMeant) throw new Error(`oidc: expected audience in ${goQuoteList(audiences.toSorted())} got ${got}`);
    return token;
  }

  async #checkSignature(token: SignedToken): Promise<void> {
    let isSigned = false;
    try {
      isSigned = await this.#options.provider.hasSigned(token);
    } catch (error) {
      throw new Error(`failed to verify signature: ${messageOf(error)}`, { cause: error });
    }
    if (!isSigned) throw new Error('failed to verify signature: failed to verify id token signature');
  }

  #checkTimes({ expires, notBefore }: IdToken): void {
    const now = this.#options.clock.now();
    if (expires.seconds * 1000 < now) throw new Error(`oidc: token is expired (Token Expiry: ${expires.shown})`);
    if (notBefore === undefined || now + notBeforeLeewayMillis >= notBefore.seconds * 1000) return;
    throw new Error(`oidc: current time ${showGoTime(now)} before the nbf (not before) time: ${notBefore.shown}`);
  }
}

function readOr<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error });
  }
}

function checkSources({ claimNames, claimSources }: IdToken): void {
  for (const source of Object.values(claimNames)) {
    if (source === '') throw new Error('oidc: failed to obtain source from claim name');
    if (!Object.hasOwn(claimSources, source)) throw new Error('oidc: source does not exist');
  }
}
