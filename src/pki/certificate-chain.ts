import type { X509Certificate } from 'node:crypto';
import { type CertificateExtensions, readCertificateExtensions } from './certificate-extensions.ts';
import { namesAreWithin } from './name-constraints.ts';
import { messageOf } from '../apimachinery/error-message.ts';

/** A chain that holds, and for how long. */
export interface VerifiedChain {
  /** From the leaf to an authority that is trusted. */
  readonly certificates: readonly X509Certificate[];
  /** Milliseconds since the epoch, in which every certificate of it is valid. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface ChainOptions {
  readonly intermediates: readonly X509Certificate[];
  readonly trusted: readonly X509Certificate[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Object identifier of the extended key usage that every certificate must allow. */
  readonly usage: string;
}

const anyUsage = '2.5.29.37.0';
const maxLength = 10;

interface Link {
  readonly certificate: X509Certificate;
  readonly extensions: CertificateExtensions;
}

/**
 * Finds a chain from a certificate to a trusted one that holds at a time (RFC 5280, 6; as Go's crypto/x509 does it, which
 * looks at validity and constraints of the trusted ones too).
 * @throws Error with what is wrong with the last chain that was tried
 */
export function verifyChain(leaf: X509Certificate, options: ChainOptions): VerifiedChain {
  const search = new ChainSearch(options);
  const found = search.from(leaf);
  if (found === undefined) throw new Error(`x509: ${search.problem}`);
  const times = (field: 'validFrom' | 'validTo'): number[] => found.map((one) => Date.parse(one[field]));
  return {
    certificates: found,
    notBefore: Math.max(...times('validFrom')),
    notAfter: Math.min(...times('validTo')),
  };
}

/** What one chain after the other comes to. */
class ChainSearch {
  problem = 'certificate signed by unknown authority';
  readonly #options: ChainOptions;

  constructor(options: ChainOptions) {
    this.#options = options;
  }

  from(leaf: X509Certificate): X509Certificate[] | undefined {
    const first = this.#link(leaf);
    if (first === undefined || !this.#isUsable(first, [])) return undefined;
    const isTrusted = this.#options.trusted.some(({ fingerprint256 }) => fingerprint256 === leaf.fingerprint256);
    const chain = isTrusted ? this.#whole([first]) : this.#above([first]);
    return chain?.map(({ certificate }) => certificate);
  }

  #above(below: readonly Link[]): readonly Link[] | undefined {
    const child = below.at(-1)?.certificate;
    if (child === undefined || below.length >= maxLength) return undefined;
    for (const authority of this.#options.trusted) {
      const chain = this.#joined(below, child, authority);
      const whole = chain === undefined ? undefined : this.#whole(chain);
      if (whole !== undefined) return whole;
    }
    for (const authority of this.#options.intermediates) {
      if (below.some(({ certificate }) => certificate.fingerprint256 === authority.fingerprint256)) continue;
      const chain = this.#joined(below, child, authority);
      // A trusted one need not say that it is an authority as long as it says nothing else.
      if (chain?.at(-1)?.extensions.basicConstraints?.isAuthority !== true) continue;
      const whole = this.#above(chain);
      if (whole !== undefined) return whole;
    }
    return undefined;
  }

  /** The chain with the authority that signed its last one; undefined when it did not, or may not. */
  #joined(below: readonly Link[], child: X509Certificate, authority: X509Certificate): readonly Link[] | undefined {
    if (!child.checkIssued(authority) || !child.verify(authority.publicKey)) return undefined;
    const link = this.#link(authority);
    return link !== undefined && this.#isUsable(link, below) ? [...below, link] : undefined;
  }

  #link(certificate: X509Certificate): Link | undefined {
    try {
      return { certificate, extensions: readCertificateExtensions(certificate.raw) };
    } catch (error) {
      this.problem = messageOf(error);
      return undefined;
    }
  }

  #isUsable(link: Link, below: readonly Link[]): boolean {
    const problem = problemWith(link, below, this.#options.now);
    if (problem !== undefined) this.problem = problem;
    return problem === undefined;
  }

  #whole(chain: readonly Link[]): readonly Link[] | undefined {
    const { usage } = this.#options;
    const allows = ({ extensions: { extendedUsages } }: Link): boolean =>
      extendedUsages.length === 0 || extendedUsages.includes(usage) || extendedUsages.includes(anyUsage);
    if (chain.every(allows)) return chain;
    this.problem = 'certificate specifies an incompatible key usage';
    return undefined;
  }
}

/** Why a certificate cannot stand where it does. @param below from the leaf on, nothing for the leaf itself */
function problemWith({ certificate, extensions }: Link, below: readonly Link[], now: number): string | undefined {
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
    return 'certificate has expired or is not yet valid';
  }
  if (extensions.unknownDemands.length > 0) return 'unhandled critical extension';
  if (below.length === 0) return undefined;
  const { version, basicConstraints, maySign } = extensions;
  const isAuthority = basicConstraints?.isAuthority ?? version < 3;
  if (!isAuthority || maySign === false) return 'certificate is not authorized to sign other certificates';
  if (basicConstraints?.pathLength !== undefined && below.length - 1 > basicConstraints.pathLength) {
    return 'too many intermediates for path length constraint';
  }
  const isWithin = below.every((link) => namesAreWithin(link.extensions.alternativeNames, extensions));
  return isWithin ? undefined : 'a name is not permitted by any constraint of the issuer';
}
