import { createSecureContext } from 'node:tls';
import { messageOf } from '../apimachinery/error-message.ts';
import { verifyChain } from '../pki/certificate-chain.ts';
import type { CertificatePair } from '../pki/certificates.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import { readCertificateBundle } from '../control-plane/authentication/client-certificate.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';
import { readArgumentFile, watchFile } from './watched-file.ts';

export interface ServingCertificateOptions {
  readonly arguments: ComponentArguments;
  /** What is shown where the flags name nothing. */
  readonly own: CertificatePair;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The certificate that the server shows, now and later. */
export interface ServingCertificate {
  readonly initial: CertificatePair;
  /** Begins to look at the files. @param onChange told of every other pair that can be used */
  follow(onChange: (pair: CertificatePair) => void): void;
  stop(): void;
}

/**
 * The pair of --tls-cert-file and --tls-private-key-file, read again when one of the files changes: while the two do not
 * belong together the last one that did goes on being shown.
 * @throws ComponentArgumentError for files that cannot be used
 */
export async function servingCertificate(options: ServingCertificateOptions): Promise<ServingCertificate> {
  const { arguments: flags, own, files, clock, log } = options;
  const [certificateFile = '', keyFile = ''] = ['tls-cert-file', 'tls-private-key-file'].map((flag) => flags.get(flag));
  if (certificateFile === '' && keyFile === '') {
    return { initial: own, follow: () => undefined, stop: () => undefined };
  }
  if (certificateFile === '' || keyFile === '') throw new ComponentArgumentError('missing filename for serving cert');
  const name = `serving-cert::${certificateFile}::${keyFile}`;
  const read = async (): Promise<CertificatePair> => {
    const certificate = await readArgumentFile(files, certificateFile);
    const privateKey = await readArgumentFile(files, keyFile);
    if (certificate.trim() === '' || privateKey.trim() === '') {
      throw new ComponentArgumentError(`missing content for serving cert "${name}"`);
    }
    requirePair(certificate, privateKey);
    return { certificate, privateKey };
  };
  let current = await read();
  const stops: (() => void)[] = [];
  return {
    initial: current,
    follow(onChange) {
      const reload = async (): Promise<void> => {
        const next = await read();
        if (next.certificate === current.certificate && next.privateKey === current.privateKey) return;
        current = next;
        onChange(next);
        log.info('Loaded a new cert/key pair', { name });
      };
      const onError = (error: string): void => log.error('failed to load the serving certificate', { name, error });
      for (const [path, content] of [
        [certificateFile, current.certificate],
        [keyFile, current.privateKey],
      ] as const) {
        stops.push(watchFile({ files, clock, path, onChange: reload, onError }, content));
      }
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}

const serverAuthUsage = '1.3.6.1.5.5.7.3.1';

/**
 * Whom the cluster's kubeconfig must trust beside the cluster's own authority: authorities that stand in the file of the
 * serving certificate with it.
 * @param host that clients are told to go to. @returns PEM, empty when the cluster's own authority is enough
 * @throws ComponentArgumentError for a certificate that kubectl could not verify
 */
export function servingAuthorities(certificate: string, own: string, host: string, now: number): string {
  const [leaf, ...rest] = readCertificateBundle(certificate);
  if (leaf === undefined) throw new ComponentArgumentError('tls: failed to find any PEM data in certificate input');
  const roots = [leaf, ...rest].filter((one) => one.checkIssued(one));
  const trusted = [...readCertificateBundle(own), ...roots];
  try {
    verifyChain(leaf, { intermediates: rest, trusted, now, usage: serverAuthUsage });
  } catch (error) {
    const reason = messageOf(error);
    throw new ComponentArgumentError(
      `--tls-cert-file: ${reason}; put the certificate of its authority into the file too, the cluster's kubeconfig will name it`,
    );
  }
  if (leaf.checkIP(host) === undefined && leaf.checkHost(host) === undefined) {
    throw new ComponentArgumentError(
      `--tls-cert-file: the certificate is not for ${host}, where this cluster is reached`,
    );
  }
  return roots.map(String).join('');
}

const certificateBlock = /-----BEGIN CERTIFICATE-----/;
const keyBlock = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** @throws ComponentArgumentError in the words of crypto/tls */
function requirePair(cert: string, key: string): void {
  const wrong = (problem: string): ComponentArgumentError => new ComponentArgumentError(`tls: ${problem}`);
  if (!certificateBlock.test(cert)) {
    if (!keyBlock.test(cert)) throw wrong('failed to find any PEM data in certificate input');
    throw wrong(
      'failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    );
  }
  if (!keyBlock.test(key)) {
    if (!certificateBlock.test(key)) throw wrong('failed to find any PEM data in key input');
    throw wrong('found a certificate rather than a key in the PEM for the private key');
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const { code } = error as { code?: string };
    const isMismatch = code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' || code === 'ERR_OSSL_X509_KEY_TYPE_MISMATCH';
    const reason = messageOf(error);
    throw new ComponentArgumentError(isMismatch ? 'tls: private key does not match public key' : `tls: ${reason}`);
  }
}
