import type { TlsLimits } from '../control-plane/apiserver/listen.ts';
import { ComponentArgumentError, type ComponentArguments, listArgument } from './component-arguments.ts';

const versions: Readonly<Record<string, 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'>> = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};

/** What OpenSSL calls the suites that have one name in the registry of IANA, by which Go calls them. */
const suites: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
};

/** Those of TLS 1.3, which are always there: Go does not choose among them. */
const suitesOfTls13: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
];

/** Go's numbers of key exchanges (CurveID), as OpenSSL names them. */
const curves: Readonly<Record<string, string>> = { 23: 'P-256', 24: 'P-384', 25: 'P-521', 29: 'X25519' };

/**
 * Reads `--tls-min-version`, `--tls-cipher-suites` and `--tls-curve-preferences`.
 * @throws ComponentArgumentError for what there is not
 */
export function tlsLimits(flags: ComponentArguments): TlsLimits {
  const version = flags.get('tls-min-version') ?? '';
  if (version !== '' && versions[version] === undefined) {
    throw new ComponentArgumentError(`unknown tls version ${JSON.stringify(version)}`);
  }
  const minVersion = versions[version];
  const ciphers = cipherList(listArgument(flags, 'tls-cipher-suites') ?? [], minVersion);
  const groups = (listArgument(flags, 'tls-curve-preferences') ?? []).map(curveName);
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(groups.length === 0 ? {} : { curves: groups.join(':') }),
  };
}

function cipherList(asked: readonly string[], minVersion: string | undefined): string | undefined {
  const names = asked.map((name) => {
    const known = suitesOfTls13.includes(name) ? name : suites[name];
    if (known === undefined) throw new ComponentArgumentError(`Cipher suite ${name} not supported or doesn't exist`);
    return known;
  });
  // OpenSSL has TLS before 1.2 on its lowest level of security alone.
  const isOld = minVersion === 'TLSv1' || minVersion === 'TLSv1.1';
  if (names.length === 0) return isOld ? 'DEFAULT@SECLEVEL=0' : undefined;
  return `${[...new Set([...names, ...suitesOfTls13])].join(':')}${isOld ? '@SECLEVEL=0' : ''}`;
}

function curveName(id: string): string {
  const number = Number(id);
  if (number < 1 || number > 65_535) {
    throw new ComponentArgumentError(`curve preference ${id} is out of range (must be 1-65535)`);
  }
  const name = curves[id];
  if (name === undefined) {
    const known = Object.entries(curves).map(([one, text]) => `${one} (${text})`);
    throw new ComponentArgumentError(`curve preference ${id} is not known here; there are ${known.join(', ')}`);
  }
  return name;
}
