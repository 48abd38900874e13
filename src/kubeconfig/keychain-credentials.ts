import { createHash } from 'node:crypto';
import type { JsonObject } from '../apimachinery/json.ts';
import { keychainHelper } from './keychain-account.ts';
import { KubeconfigError } from './kubeconfig.ts';

/** Credentials of a user that the system keychain keeps. */
export interface KeptCredentials {
  readonly token?: string;
  /** PEM; always with the key. */
  readonly clientCertificate?: string;
  /** PEM. */
  readonly clientKey?: string;
}

/** What the secret of a user is filed under: users of the same name in several files are not the same. */
export function keychainAccount(user: string, file: string): string {
  return `${user}@${createHash('sha256').update(file).digest('hex').slice(0, 12)}`;
}

/** The part of a user's entry that lets any kubectl ask for what the keychain keeps (client.authentication.k8s.io/v1). */
export function keychainExec(account: string): JsonObject {
  return {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: keychainHelper.command,
    args: [keychainHelper.argument, account],
    installHint:
      'The credentials of this user are in the system keychain, and kubectl-ts hands them out: npm install -g kubectl-ts',
    interactiveMode: 'Never',
    provideClusterInfo: false,
  };
}

/** Credentials as the keychain keeps them: a text, for all systems alike. */
export function encodeCredentials(credentials: KeptCredentials): string {
  return JSON.stringify(credentials);
}

/**
 * The answer of a credential plugin: an ExecCredential with what the keychain keeps.
 * @param secret as `encodeCredentials` made it
 * @param apiVersion the version that was asked in
 * @throws KubeconfigError for a secret that is none of ours
 */
export function execCredential(secret: string, apiVersion: string): JsonObject {
  let kept: unknown;
  try {
    kept = JSON.parse(secret);
  } catch {
    kept = undefined;
  }
  const { token, clientCertificate, clientKey } = (kept ?? {}) as KeptCredentials;
  const status: JsonObject = {
    ...(token === undefined ? {} : { token }),
    ...(clientCertificate === undefined || clientKey === undefined
      ? {}
      : { clientCertificateData: clientCertificate, clientKeyData: clientKey }),
  };
  if (Object.keys(status).length === 0) throw new KubeconfigError('the keychain keeps something else under this name');
  return { apiVersion, kind: 'ExecCredential', status };
}
