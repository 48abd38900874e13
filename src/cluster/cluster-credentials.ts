import { join } from 'node:path';
import { createCertificateAuthority, issueCertificate, type CertificatePair } from '../pki/certificates.ts';
import { generateRsaKeyPair } from '../pki/key-pair.ts';
import { readCertificate } from '../pki/client-identity.ts';
import type { FileSystem } from '../system/file-system.ts';

/** Keys and certificates of a cluster, PEM. */
export interface ClusterCredentials {
  /** Signs serving and client certificates. */
  readonly authority: CertificatePair;
  readonly server: CertificatePair;
  /** Of `kubernetes-admin`, in the group system:masters. */
  readonly admin: CertificatePair;
  /** What servers of aggregated groups know the API server by; an authority of its own, as nobody else may use it. */
  readonly frontProxy: { readonly authority: CertificatePair; readonly client: CertificatePair };
  /** Signs the tokens of service accounts. */
  readonly serviceAccountKey: string;
  /** What these tokens are checked with (--service-account-key-file); the key itself when absent. */
  readonly serviceAccountVerificationKeys?: readonly string[];
  /** What signs certificate requests (--cluster-signing-cert-file); the authority when absent. */
  readonly signingAuthority?: CertificatePair;
}

export interface CredentialOptions {
  readonly files: FileSystem;
  /** Folder of the cluster; the files are in its `pki`. */
  readonly folder: string;
  /** Addresses the server is reached at, besides 127.0.0.1 and the service's. */
  readonly addresses: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Certificates are made anew when they end within this time. */
const renewBeforeMillis = 30 * 86_400_000;

/** Reads the cluster's credentials; what is missing, or ends soon, is made (the authority and the keys stay). */
export async function loadCredentials(options: CredentialOptions): Promise<ClusterCredentials> {
  const { files, folder, now } = options;
  const pki = join(folder, 'pki');
  await files.makeFolder(pki, 0o700);
  const keyPath = join(pki, 'sa.key');
  const authority =
    (await readPair(files, join(pki, 'ca'))) ??
    (await savePair(files, join(pki, 'ca'), await createCertificateAuthority('kubernetes', now)));
  const isFresh = (pair: CertificatePair | undefined): pair is CertificatePair =>
    pair !== undefined && readCertificate(pair.certificate).notAfter > now + renewBeforeMillis;
  const server = await readPair(files, join(pki, 'apiserver'));
  const admin = await readPair(files, join(pki, 'admin'));
  const proxyAuthority =
    (await readPair(files, join(pki, 'front-proxy-ca'))) ??
    (await savePair(files, join(pki, 'front-proxy-ca'), await createCertificateAuthority('front-proxy-ca', now)));
  const proxyClient = await readPair(files, join(pki, 'front-proxy-client'));
  let serviceAccountKey = (await files.exists(keyPath)) ? await readText(files, keyPath) : '';
  if (serviceAccountKey === '') {
    serviceAccountKey = generateRsaKeyPair().privateKey;
    await files.writeFileAtomic(keyPath, serviceAccountKey, 0o600);
  }
  return {
    authority,
    server: isFresh(server) ? server : await newServerPair(files, pki, authority, options),
    admin: isFresh(admin) ? admin : await newAdminPair(files, pki, authority, now),
    frontProxy: {
      authority: proxyAuthority,
      client: isFresh(proxyClient) ? proxyClient : await newProxyPair(files, pki, proxyAuthority, now),
    },
    serviceAccountKey,
  };
}

async function newServerPair(
  files: FileSystem,
  pki: string,
  authority: CertificatePair,
  options: CredentialOptions,
): Promise<CertificatePair> {
  const pair = await issueCertificate(authority, {
    subject: { commonName: 'kube-apiserver' },
    usage: 'server',
    dnsNames: [
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ],
    ipAddresses: [...new Set(['127.0.0.1', '::1', ...options.addresses])],
    now: options.now,
  });
  return savePair(files, join(pki, 'apiserver'), pair);
}

async function newAdminPair(
  files: FileSystem,
  pki: string,
  authority: CertificatePair,
  now: number,
): Promise<CertificatePair> {
  const pair = await issueCertificate(authority, {
    subject: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
    usage: 'client',
    now,
  });
  return savePair(files, join(pki, 'admin'), pair);
}

async function newProxyPair(
  files: FileSystem,
  pki: string,
  authority: CertificatePair,
  now: number,
): Promise<CertificatePair> {
  const subject = { commonName: 'front-proxy-client' };
  return savePair(
    files,
    join(pki, 'front-proxy-client'),
    await issueCertificate(authority, { subject, usage: 'client', now }),
  );
}

async function readPair(files: FileSystem, path: string): Promise<CertificatePair | undefined> {
  if (!(await files.exists(`${path}.crt`)) || !(await files.exists(`${path}.key`))) return undefined;
  return { certificate: await readText(files, `${path}.crt`), privateKey: await readText(files, `${path}.key`) };
}

async function savePair(files: FileSystem, path: string, pair: CertificatePair): Promise<CertificatePair> {
  await files.writeFileAtomic(`${path}.key`, pair.privateKey, 0o600);
  await files.writeFileAtomic(`${path}.crt`, pair.certificate, 0o644);
  return pair;
}

async function readText(files: FileSystem, path: string): Promise<string> {
  return Buffer.from(await files.readFile(path)).toString('utf8');
}
