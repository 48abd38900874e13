import type { CertificateExtensions, GeneralName } from './certificate-extensions.ts';

/**
 * Whether the names of a certificate are ones that an authority above it may speak for (RFC 5280, 4.2.1.10): none that
 * it excludes, and where it permits some of a type, one of those.
 */
export function namesAreWithin(names: readonly GeneralName[], authority: CertificateExtensions): boolean {
  return names.every((name) => {
    if (authority.excludedNames.some((constraint) => isBelow(name, constraint))) return false;
    const permitted = authority.permittedNames.filter(({ type }) => type === name.type);
    return permitted.length === 0 || permitted.some((constraint) => isBelow(name, constraint));
  });
}

function isBelow(name: GeneralName, constraint: GeneralName): boolean {
  if (name.type === 'ip' && constraint.type === 'ip') return isInNetwork(name.bytes, constraint.bytes);
  if (name.type === 'dns' && constraint.type === 'dns') return isInDomain(name.value, constraint.value);
  if (name.type === 'email' && constraint.type === 'email') return isMailbox(name.value, constraint.value);
  if (name.type === 'uri' && constraint.type === 'uri') return isHost(hostOf(name.value), constraint.value);
  return false;
}

/** An address and its mask follow each other. */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const { length } = address;
  if (network.length !== length * 2) return false;
  return address.every((byte, index) => {
    const mask = network[length + index] ?? 0;
    return (byte & mask) === ((network[index] ?? 0) & mask);
  });
}

/** A domain itself and everything below it. */
function isInDomain(name: string, constraint: string): boolean {
  const domain = constraint.toLowerCase().replace(/^\./, '');
  const lower = name.toLowerCase();
  return domain === '' || lower === domain || lower.endsWith(`.${domain}`);
}

/** A host itself, or with a leading dot everything below it. */
function isHost(host: string, constraint: string): boolean {
  const domain = constraint.toLowerCase();
  return domain.startsWith('.') ? host.toLowerCase().endsWith(domain) : domain === '' || host.toLowerCase() === domain;
}

function isMailbox(address: string, constraint: string): boolean {
  const at = address.lastIndexOf('@');
  if (!constraint.includes('@')) return isHost(address.slice(at + 1), constraint);
  const mark = constraint.lastIndexOf('@');
  const sameHost = address.slice(at + 1).toLowerCase() === constraint.slice(mark + 1).toLowerCase();
  return sameHost && address.slice(0, at) === constraint.slice(0, mark);
}

function hostOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).hostname : '';
}
