import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../system/clock.ts';

/** The time for which a server's certificate is good, and when that was looked at. Milliseconds since the epoch. */
export interface CertificateValidity {
  readonly from: number;
  readonly to: number;
  readonly seen: number;
}

/**
 * Notes for how long the certificate is good that a server shows on a connection which is being made: once it is refused
 * the connection is gone, and nothing can be asked of it any more.
 */
export function noteValidity(socket: Socket): () => CertificateValidity | undefined {
  let validity: CertificateValidity | undefined;
  if (!('encrypted' in socket)) return () => undefined;
  const secure = socket as TLSSocket;
  // Before Node itself looks whether it trusts the certificate.
  secure.prependOnceListener('secure', () => {
    const { valid_from: from, valid_to: to } = secure.getPeerCertificate();
    validity = { from: Date.parse(from), to: Date.parse(to), seen: systemClock.now() };
  });
  return () => validity;
}

/** What Go's crypto/x509 says after that a certificate is not good now; empty when it is, and another one is not. */
export function lapseText({ from, to, seen }: CertificateValidity): string {
  if (seen < from) return `: current time ${localTime(seen)} is before ${utcTime(from)}`;
  return seen > to ? `: current time ${localTime(seen)} is after ${utcTime(to)}` : '';
}

function utcTime(millis: number): string {
  return new Date(millis).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** RFC 3339, in the time zone of this machine. */
function localTime(millis: number): string {
  const ahead = -new Date(millis).getTimezoneOffset();
  if (ahead === 0) return utcTime(millis);
  const two = (part: number): string => String(part).padStart(2, '0');
  const size = Math.abs(ahead);
  const zone = `${ahead < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return utcTime(millis + ahead * 60_000).replace('Z', zone);
}
