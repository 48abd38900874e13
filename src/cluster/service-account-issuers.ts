import { goQuote } from '../apimachinery/field-error.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';

const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';

/**
 * Issuers of tokens of service accounts (--service-account-issuer, which may stand several times): the first makes
 * tokens, those of the others are taken too.
 * @throws ComponentArgumentError for one that is empty or stands twice
 */
export function serviceAccountIssuers(flags: ComponentArguments): readonly [string, ...string[]] {
  const [first = '', ...others] = (flags.get('service-account-issuer') ?? defaultIssuer).split('\n');
  const seen = new Set<string>();
  for (const issuer of [first, ...others]) {
    if (issuer === '') throw new ComponentArgumentError('service-account-issuer should not be an empty string');
    if (seen.has(issuer)) {
      throw new ComponentArgumentError(`service-account-issuer ${goQuote(issuer)} is already specified`);
    }
    seen.add(issuer);
  }
  return [first, ...others];
}
