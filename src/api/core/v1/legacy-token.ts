/** The type of secrets that hold a token of a service account for as long as both are there. */
export const tokenSecretType = 'kubernetes.io/service-account-token';
export const accountNameAnnotation = 'kubernetes.io/service-account.name';
export const accountUidAnnotation = 'kubernetes.io/service-account.uid';
/** The issuer of such tokens. */
export const legacyIssuer = 'kubernetes/serviceaccount';
/** The day such a token was used last, on its secret. */
export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
/** On secrets whose token must not be used any more. */
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

const prefix = 'kubernetes.io/serviceaccount';

/** What a token in a secret says. */
export interface LegacyClaims {
  readonly iss: string;
  readonly [`kubernetes.io/serviceaccount/namespace`]: string;
  readonly [`kubernetes.io/serviceaccount/secret.name`]: string;
  readonly [`kubernetes.io/serviceaccount/service-account.name`]: string;
  readonly [`kubernetes.io/serviceaccount/service-account.uid`]: string;
  readonly sub: string;
}

/** The claims of the token that a secret holds: no audience, and no end. */
export function legacyClaims(
  namespace: string,
  account: { readonly name: string; readonly uid: string },
  secretName: string,
): LegacyClaims {
  return {
    iss: legacyIssuer,
    [`${prefix}/namespace`]: namespace,
    [`${prefix}/secret.name`]: secretName,
    [`${prefix}/service-account.name`]: account.name,
    [`${prefix}/service-account.uid`]: account.uid,
    sub: `system:serviceaccount:${namespace}:${account.name}`,
  };
}
