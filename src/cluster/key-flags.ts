import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { messageOf } from '../apimachinery/error-message.ts';
import type { CertificatePair } from '../pki/certificates.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { ClusterCredentials } from './cluster-credentials.ts';
import { type ComponentArguments, ComponentArgumentError } from './component-arguments.ts';
import { readArgumentFile, readText } from './watched-file.ts';

/** The components whose flags name keys. */
export interface KeyFlags {
  readonly apiServer: ComponentArguments;
  readonly controllerManager: ComponentArguments;
}

/**
 * The cluster's credentials with those in place of them that flags name: what tokens of service accounts are signed and
 * checked with, and what signs certificate requests. Puts the serving certificate into --cert-dir.
 * @throws ComponentArgumentError
 */
export async function credentialsOf(
  own: ClusterCredentials,
  { apiServer, controllerManager }: KeyFlags,
  files: FileSystem,
): Promise<ClusterCredentials> {
  const signingFile = apiServer.get('service-account-signing-key-file');
  const keyFiles = apiServer.get('service-account-key-file')?.split('\n') ?? [];
  const verificationKeys: string[] = [];
  for (const path of keyFiles) verificationKeys.push(...publicKeys(path, await readArgumentFile(files, path)));
  const signingAuthority = await authorityOf(controllerManager, files);
  const folder = apiServer.get('cert-dir');
  if (folder !== undefined) await putServingPair(own.server, folder, files);
  return {
    ...own,
    ...(signingFile === undefined ? {} : { serviceAccountKey: await signingKey(signingFile, files) }),
    ...(keyFiles.length === 0 ? {} : { serviceAccountVerificationKeys: verificationKeys }),
    ...(signingAuthority === undefined ? {} : { signingAuthority }),
  };
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

/** The public halves of all keys and certificates of a file. */
function publicKeys(path: string, content: string): string[] {
  const found = [...content.matchAll(pemBlock)].flatMap(([block]) => {
    try {
      const key = createPublicKey(block);
      return isForTokens(key.asymmetricKeyType) ? [key.export({ type: 'spki', format: 'pem' }).toString()] : [];
    } catch {
      return [];
    }
  });
  if (found.length > 0) return found;
  throw new ComponentArgumentError(
    `error reading public key file ${path}: data does not contain any valid RSA or ECDSA public keys`,
  );
}

async function signingKey(path: string, files: FileSystem): Promise<string> {
  const content = await readArgumentFile(files, path);
  for (const [block] of content.matchAll(pemBlock)) {
    try {
      const key = createPrivateKey(block);
      if (isForTokens(key.asymmetricKeyType)) return key.export({ type: 'pkcs8', format: 'pem' }).toString();
    } catch {
      // A block of another kind.
    }
  }
  throw new ComponentArgumentError(
    `failed to parse service-account-issuer-key-file: error reading private key file ${path}: data does not contain a valid RSA or ECDSA private key`,
  );
}

function isForTokens(type: string | undefined): boolean {
  return type === 'rsa' || type === 'ec';
}

/** What --cluster-signing-cert-file and --cluster-signing-key-file name. */
async function authorityOf(flags: ComponentArguments, files: FileSystem): Promise<CertificatePair | undefined> {
  const [certificateFile, keyFile] = ['cert', 'key'].map((part) => flags.get(`cluster-signing-${part}-file`));
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile === undefined || keyFile === undefined) {
    throw new ComponentArgumentError('--cluster-signing-cert-file and --cluster-signing-key-file go together');
  }
  const pair = {
    certificate: await readArgumentFile(files, certificateFile),
    privateKey: await readArgumentFile(files, keyFile),
  };
  let matches: boolean;
  try {
    const key = createPrivateKey(pair.privateKey);
    pair.privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    matches = new X509Certificate(pair.certificate).checkPrivateKey(key);
  } catch (error) {
    const reason = messageOf(error);
    throw new ComponentArgumentError(`error reading CA cert and key from ${certificateFile} and ${keyFile}: ${reason}`);
  }
  if (matches) return pair;
  throw new ComponentArgumentError(
    `the private key in ${keyFile} is not that of the certificate in ${certificateFile}`,
  );
}

/** Leaves alone what somebody else has put there. */
async function putServingPair(pair: CertificatePair, folder: string, files: FileSystem): Promise<void> {
  const path = join(folder, 'apiserver.crt');
  const known = (await files.exists(path)) ? await readText(files, path) : undefined;
  if (known === pair.certificate) return;
  if (known !== undefined && !isOfSameIssuer(known, pair.certificate)) {
    throw new ComponentArgumentError(
      `--cert-dir: ${path} is not of this cluster's authority; this server shows its own certificate`,
    );
  }
  await files.makeFolder(folder, 0o755);
  await files.writeFileAtomic(join(folder, 'apiserver.key'), pair.privateKey, 0o600);
  await files.writeFileAtomic(path, pair.certificate, 0o644);
}

function isOfSameIssuer(left: string, right: string): boolean {
  try {
    return new X509Certificate(left).issuer === new X509Certificate(right).issuer;
  } catch {
    return false;
  }
}
