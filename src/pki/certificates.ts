import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import type * as X509 from '@peculiar/x509';
import { generateKeyPair, type KeyPair } from './key-pair.ts';

/** A certificate and its private key, PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface SubjectName {
  /** CN: the user's name for a client. */
  readonly commonName: string;
  /** O: the user's groups for a client. */
  readonly organizations?: readonly string[];
}

export interface CertificateRequestOptions {
  readonly subject: SubjectName;
  readonly usage: 'server' | 'client';
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly validDays?: number;
}

const dayMillis = 86_400_000;
/** Clocks of clients may be behind. */
const backdateMillis = 300_000;

type X509Module = typeof X509;
let loaded: Promise<X509Module> | undefined;

/** The library takes a while to load, so only those who make certificates do. */
function x509(): Promise<X509Module> {
  // The library's dependency injection wants the polyfill first; Node's own WebCrypto it finds by itself.
  loaded ??= import('reflect-metadata').then(() => import('@peculiar/x509'));
  return loaded;
}

/** Object identifier of subjectAltName. */
const alternativeNames = '2.5.29.17';
const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new certificate authority, valid for ten years. */
export async function createCertificateAuthority(commonName: string, now: number): Promise<CertificatePair> {
  const lib = await x509();
  const pair = generateKeyPair();
  const keys = await importKeys(pair);
  const certificate = await lib.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${escapeName(commonName)}`,
    notBefore: new Date(now - backdateMillis),
    notAfter: new Date(now + 3650 * dayMillis),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new lib.BasicConstraintsExtension(true, undefined, true),
      new lib.KeyUsagesExtension(lib.KeyUsageFlags.keyCertSign | lib.KeyUsageFlags.digitalSignature, true),
      await lib.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, privateKey: pair.privateKey };
}

/** A certificate signed by the authority, with a key of its own. Valid for a year when not said. */
export async function issueCertificate(
  authority: CertificatePair,
  options: CertificateRequestOptions,
): Promise<CertificatePair> {
  const lib = await x509();
  const pair = generateKeyPair();
  const keys = await importKeys(pair);
  const usage = options.usage === 'server' ? lib.ExtendedKeyUsage.serverAuth : lib.ExtendedKeyUsage.clientAuth;
  const names = [
    ...(options.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(options.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await sign(lib, authority, {
    subject: subjectText(options.subject),
    publicKey: keys.publicKey,
    notBefore: new Date(options.now - backdateMillis),
    notAfter: new Date(options.now + (options.validDays ?? 365) * dayMillis),
    extensions: [
      new lib.KeyUsagesExtension(lib.KeyUsageFlags.digitalSignature | lib.KeyUsageFlags.keyEncipherment, true),
      new lib.ExtendedKeyUsageExtension([usage]),
      ...(names.length > 0 ? [new lib.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate, privateKey: pair.privateKey };
}

/** Usages of certificates.k8s.io/v1 that become key usages or extended key usages. */
const usageFlags: Readonly<Record<string, keyof typeof X509.KeyUsageFlags>> = {
  signing: 'digitalSignature',
  'digital signature': 'digitalSignature',
  'content commitment': 'nonRepudiation',
  'key encipherment': 'keyEncipherment',
  'key agreement': 'keyAgreement',
  'data encipherment': 'dataEncipherment',
  'cert sign': 'keyCertSign',
  'crl sign': 'cRLSign',
  'encipher only': 'encipherOnly',
  'decipher only': 'decipherOnly',
};
const extendedUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

/**
 * Signs a PKCS 10 request: its subject, key and names, with the usages asked for.
 * @param usages as in certificates.k8s.io/v1. @returns PEM. @throws Error for a request whose signature is wrong.
 */
export async function signCertificateRequest(
  authority: CertificatePair,
  requestPem: string,
  options: { readonly usages: readonly string[]; readonly now: number; readonly expirationSeconds: number },
): Promise<string> {
  const lib = await x509();
  const request = new lib.Pkcs10CertificateRequest(requestPem);
  if (!(await request.verify())) throw new Error('the signature of the certificate request is wrong');
  const flags: number = options.usages
    .map((usage) => usageFlags[usage])
    .reduce((sum, flag) => (flag === undefined ? sum : sum | lib.KeyUsageFlags[flag]), 0);
  const extended = options.usages.map((usage) => extendedUsages[usage]).filter((usage) => usage !== undefined);
  const names = request.getExtension(alternativeNames);
  const caEnd = new X509Certificate(authority.certificate).validTo;
  const notAfter = Math.min(options.now + options.expirationSeconds * 1000, Date.parse(caEnd));
  return sign(lib, authority, {
    subject: request.subject,
    publicKey: request.publicKey,
    notBefore: new Date(options.now - backdateMillis),
    notAfter: new Date(notAfter),
    extensions: [
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- a sum of flags
      ...(flags === 0 ? [] : [new lib.KeyUsagesExtension(flags, true)]),
      ...(extended.length > 0 ? [new lib.ExtendedKeyUsageExtension(extended)] : []),
      new lib.BasicConstraintsExtension(false, undefined, true),
      ...(names === null ? [] : [names]),
    ],
  });
}

/** What a certificate request says of itself. */
export interface ParsedCertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** @throws Error for what is no PKCS 10 request. */
export async function parseCertificateRequest(pem: string): Promise<ParsedCertificateRequest> {
  const lib = await x509();
  const request = new lib.Pkcs10CertificateRequest(pem);
  const field = (name: string): string[] => request.subjectName.getField(name);
  const extension = request.getExtension(alternativeNames);
  const names = extension instanceof lib.SubjectAlternativeNameExtension ? extension.names.items : [];
  const ofType = (type: string): string[] => names.filter((name) => name.type === type).map((name) => name.value);
  return {
    // The last one counts, as it will for the server that reads the certificate.
    commonName: field('CN').at(-1) ?? '',
    organizations: field('O'),
    dnsNames: ofType('dns'),
    ipAddresses: ofType('ip'),
  };
}

interface SignOptions {
  readonly subject: string;
  readonly publicKey: webcrypto.CryptoKey | X509.PublicKey;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: X509.Extension[];
}

async function sign(lib: X509Module, authority: CertificatePair, options: SignOptions): Promise<string> {
  const issuer = new lib.X509Certificate(authority.certificate);
  const certificate = await lib.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: options.subject,
    issuer: issuer.subject,
    notBefore: options.notBefore,
    notAfter: options.notAfter,
    signingAlgorithm: signatureAlgorithm(authority.privateKey),
    publicKey: options.publicKey,
    signingKey: await importPrivateKey(authority.privateKey),
    extensions: [...options.extensions, await lib.AuthorityKeyIdentifierExtension.create(issuer)],
  });
  return `${certificate.toString('pem')}\n`;
}

async function importKeys(pair: KeyPair): Promise<webcrypto.CryptoKeyPair> {
  const spki = Buffer.from(pair.publicKey.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return {
    privateKey: await importPrivateKey(pair.privateKey),
    publicKey: await webcrypto.subtle.importKey('spki', spki, signing, true, ['verify']),
  };
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, signatureAlgorithm(pem), true, ['sign']);
}

const curves: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

interface SignatureAlgorithm {
  readonly name: string;
  readonly hash: string;
  readonly namedCurve?: string;
}

/** How a key signs; authorities made by others (kubeadm's) often have RSA keys. @throws Error for a key of another kind. */
function signatureAlgorithm(pem: string): SignatureAlgorithm {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const curve = curves[asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined) throw new Error(`certificates cannot be signed with a key of type ${asymmetricKeyType}`);
  return { name: 'ECDSA', ...curve };
}

/** Positive, 127 bits of chance. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function subjectText(subject: SubjectName): string {
  const organizations = (subject.organizations ?? []).map((name) => `O=${escapeName(name)}`);
  return [...organizations, `CN=${escapeName(subject.commonName)}`].join(', ');
}

function escapeName(text: string): string {
  return text.replaceAll(/([,+"\\<>;=#])/g, '\\$1');
}
