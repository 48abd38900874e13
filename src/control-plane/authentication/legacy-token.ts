import { invalidSinceLabel, lastUsedLabel, type LegacyClaims, legacyClaims } from '../../api/core/v1/legacy-token.ts';
import type { Secret, ServiceAccount } from '../../api/types/core-v1.ts';
import type { UserInfo } from './authenticator.ts';

/** Looks up what a token of a secret speaks of. */
export interface LegacyTokenObjects {
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  account(namespace: string, name: string): Promise<ServiceAccount | undefined>;
  /** Notes the day on the secret. */
  markUsed(secret: Secret, day: string): Promise<void>;
}

const millisPerDay = 86_400_000;

/**
 * Who a token that a secret holds speaks for; its signature is good.
 * @param objects absent where secret and service account may be gone (--service-account-lookup=false)
 * @throws Error when secret or service account are gone, or not those it was made for.
 */
export async function checkLegacyToken(
  given: Partial<LegacyClaims>,
  token: string,
  objects: LegacyTokenObjects | undefined,
  now: number,
): Promise<UserInfo> {
  const claim = (name: 'namespace' | 'secret.name' | 'service-account.name' | 'service-account.uid'): string =>
    given[`kubernetes.io/serviceaccount/${name}`] ?? '';
  const namespace = claim('namespace');
  const secretName = claim('secret.name');
  const name = claim('service-account.name');
  const uid = claim('service-account.uid');
  if ((given.sub ?? '') === '') throw new Error('sub claim is missing');
  if (namespace === '') throw new Error('namespace claim is missing');
  if (secretName === '') throw new Error('secretName claim is missing');
  if (name === '') throw new Error('serviceAccountName claim is missing');
  if (uid === '') throw new Error('serviceAccountUID claim is missing');
  const { sub: username } = legacyClaims(namespace, { name, uid }, secretName);
  if (given.sub !== username) throw new Error('sub claim is invalid');
  if (objects !== undefined) await checkObjects({ namespace, secretName, name, uid }, token, objects, now);
  return {
    username,
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    extra: {},
  };
}

/** What a token was made for is there still. @throws Error when it is not */
async function checkObjects(
  made: { readonly namespace: string; readonly secretName: string; readonly name: string; readonly uid: string },
  token: string,
  objects: LegacyTokenObjects,
  now: number,
): Promise<void> {
  const { namespace, secretName, name, uid } = made;
  const secret = await objects.secret(namespace, secretName);
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) {
    throw new Error('Token has been invalidated');
  }
  if (Buffer.from(secret.data?.['token'] ?? '', 'base64').toString('utf8') !== token) {
    throw new Error("Token does not match server's copy");
  }
  const account = await objects.account(namespace, name);
  if (account === undefined) throw new Error(`serviceaccount "${name}" not found`);
  if (account.metadata.deletionTimestamp !== undefined) {
    throw new Error(`ServiceAccount ${namespace}/${name} has been deleted`);
  }
  if (account.metadata.uid !== uid) {
    throw new Error(`ServiceAccount UID (${account.metadata.uid ?? ''}) does not match claim (${uid})`);
  }
  await noteUse(secret, objects, now);
  if ((secret.metadata.labels?.[invalidSinceLabel] ?? '') !== '') {
    throw new Error(
      `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`,
    );
  }
}

async function noteUse(secret: Secret, objects: LegacyTokenObjects, now: number): Promise<void> {
  const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
  const today = dayOf(now);
  const lastUsed = secret.metadata.labels?.[lastUsedLabel];
  if (lastUsed === today || lastUsed === dayOf(now + millisPerDay)) return;
  // A token holds whether or not it could be noted.
  await objects.markUsed(secret, today).catch(() => undefined);
}
