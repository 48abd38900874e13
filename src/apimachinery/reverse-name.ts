import { formatIp, parseIp } from './ip-address.ts';

/** The name that leads back from an address (`10.0.96.10.in-addr.arpa.`); undefined for what is no address. */
export function reverseName(text: string): string | undefined {
  const address = parseIp(text);
  if (address === undefined) return undefined;
  if (address.family === 4) return `${formatIp(address).split('.').toReversed().join('.')}.in-addr.arpa.`;
  const digits = address.value.toString(16).padStart(32, '0').split('');
  return `${digits.toReversed().join('.')}.ip6.arpa.`;
}
