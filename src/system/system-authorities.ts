import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as tls from 'node:tls';

/** Where distributions keep the authorities in one file; the first that is there counts. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
/** Where they, and administrators, keep one file for each. */
const folders = ['/etc/ssl/certs', '/etc/pki/tls/certs'];

const certificate = /-----BEGIN CERTIFICATE-----\r?\n[\s\S]*?-----END CERTIFICATE-----/g;

/** Node gained it with 22.15; older ones know their own list alone. */
type SystemCertificates = { readonly getCACertificates?: (type: 'system') => string[] };

/**
 * The authorities that this machine trusts, where Go's crypto/x509 looks for them: a bundle and folders, or what
 * $SSL_CERT_FILE and $SSL_CERT_DIR name instead; on Windows and macOS those of the system, as far as Node tells them.
 * What $NODE_EXTRA_CA_CERTS names is there, too.
 * @returns PEM, each certificate once; empty where nothing was found, which leaves Node's own list
 */
export async function systemAuthorities(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const add = (pem: string): void => {
    for (const [text] of pem.matchAll(certificate)) found.add(text);
  };
  if (platform === 'win32' || platform === 'darwin') {
    for (const pem of (tls as SystemCertificates).getCACertificates?.('system') ?? []) add(pem);
  } else {
    add(await firstOf(env['SSL_CERT_FILE'] ? [env['SSL_CERT_FILE']] : bundles));
    for (const folder of env['SSL_CERT_DIR'] ? env['SSL_CERT_DIR'].split(':') : folders) {
      for (const pem of await filesIn(folder)) add(pem);
    }
  }
  if (found.size > 0 && env['NODE_EXTRA_CA_CERTS']) add(await firstOf([env['NODE_EXTRA_CA_CERTS']]));
  return [...found];
}

async function firstOf(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const text = await textOf(path);
    if (text !== undefined) return text;
  }
  return '';
}

/** Texts of a folder's files; a link to another name in the same folder shows nothing new. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const texts = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink() && !(await readlink(path).catch(() => '')).includes('/')) return '';
    return (await textOf(path)) ?? '';
  });
  return Promise.all(texts);
}

/** @returns undefined for what cannot be read */
async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'latin1').catch(() => undefined);
}
