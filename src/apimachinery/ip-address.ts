import { isIP } from 'node:net';

/** An address as a number, with its family; an IPv6 address that only wraps an IPv4 one counts as that one. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A block of addresses: its first one, and how many leading bits its addresses share. */
export interface IpBlock {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly prefixLength: number;
}

const mappedPrefix = 0xffffn << 32n;
const notAnAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const notABlock = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** Reads an address; leading zeros of IPv4 octets are passed over, as Kubernetes always did. */
export function parseIp(text: string): IpAddress | undefined {
  if (text.includes('%')) return undefined;
  const plain = text.replace(/(^|[.:])0+(?=\d+(\.|$))/g, '$1');
  const dotted = /^(.*:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain);
  if (dotted !== null && dotted[1] === undefined) {
    return isIP(plain) === 4 ? { family: 4, value: octets(dotted.slice(2)) } : undefined;
  }
  if (isIP(text) !== 6) return undefined;
  const [head = '', tail] = (dotted === null ? text : `${dotted[1] ?? ''}${hexPair(octets(dotted.slice(2)))}`).split(
    '::',
  );
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
  return value >> 32n === mappedPrefix >> 32n ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

function octets(parts: readonly string[]): bigint {
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function hexPair(value: bigint): string {
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

/** The one way an address is written: dotted, or RFC 5952 for IPv6. */
export function formatIp({ family, value }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn);
  let [start, length] = [-1, 1];
  for (let index = 0; index < 8; index++) {
    let run = 0;
    while (index + run < 8 && groups[index + run] === 0n) run++;
    if (run > length) [start, length] = [index, run];
  }
  const write = (list: readonly bigint[]): string => list.map((group) => group.toString(16)).join(':');
  return start < 0 ? write(groups) : `${write(groups.slice(0, start))}::${write(groups.slice(start + length))}`;
}

/** An address in the one way it is written; what is no address stays as it is. */
export function canonicalIp(text: string): string {
  const address = parseIp(text);
  return address === undefined ? text : formatIp(address);
}

/** Reads a block such as `10.9.8.0/24`; bits beyond the prefix are cut off. */
export function parseIpBlock(text: string): IpBlock | undefined {
  const match = /^([^/]+)\/(\d+)$/.exec(text);
  const address = parseIp(match?.[1] ?? '');
  const prefixLength = Number(match?.[2]);
  if (match === null || address === undefined) return undefined;
  const width = address.family === 4 ? 32 : 128;
  if (prefixLength > width) return undefined;
  const hostBits = BigInt(width - prefixLength);
  return { family: address.family, first: (address.value >> hostBits) << hostBits, prefixLength };
}

/** The one way a block is written. */
export function formatIpBlock({ family, first, prefixLength }: IpBlock): string {
  return `${formatIp({ family, value: first })}/${prefixLength}`;
}

/** Whether an address lies within a block. */
export function blockContains({ family, first, prefixLength }: IpBlock, address: IpAddress): boolean {
  if (family !== address.family) return false;
  const hostBits = BigInt((family === 4 ? 32 : 128) - prefixLength);
  return address.value >> hostBits === first >> hostBits;
}

/** Whether a block lies within another one and is smaller. */
export function isStrictSubset(inner: IpBlock, outer: IpBlock): boolean {
  if (inner.family !== outer.family || inner.prefixLength <= outer.prefixLength) return false;
  const hostBits = BigInt((outer.family === 4 ? 32 : 128) - outer.prefixLength);
  return inner.first >> hostBits === outer.first >> hostBits;
}

/** An IP address without leading zeros, not an IPv4 one in the clothes of IPv6; other ways of writing are let pass. */
export function isValidIp(value: string): string[] {
  const address = parseIp(value);
  if (address === undefined) return [notAnAddress];
  if (isIP(value) === 0) return ['must not have leading 0s'];
  return address.family === 4 && value.includes(':') ? ['must not be an IPv4-mapped IPv6 address'] : [];
}

/** An IP address in the one way it is written. */
export function isCanonicalIp(value: string): string[] {
  const messages = isValidIp(value);
  const address = parseIp(value);
  if (messages.length > 0 || address === undefined) return messages;
  const canonical = formatIp(address);
  return canonical === value ? [] : [`must be in canonical form ("${canonical}")`];
}

/** An address block such as `10.9.8.0/24`, without leading zeros and without bits beyond its prefix. */
export function isValidCidr(value: string): string[] {
  const block = parseIpBlock(value);
  if (block === undefined) return [notABlock];
  const [text = '', length = ''] = value.split('/');
  if (isIP(text) === 0 || !/^(0|[1-9]\d*)$/.test(length)) return ['must not have leading 0s in IP or prefix length'];
  if (block.family === 4 && text.includes(':')) return ['must not have an IPv4-mapped IPv6 address'];
  return parseIp(text)?.value === block.first ? [] : ['must not have bits set beyond the prefix length'];
}

/** An address block in the one way it is written. */
export function isCanonicalCidr(value: string): string[] {
  const messages = isValidCidr(value);
  const block = parseIpBlock(value);
  if (messages.length > 0 || block === undefined) return messages;
  const canonical = formatIpBlock(block);
  return canonical === value ? [] : [`must be in canonical form ("${canonical}")`];
}

/** What is let pass of an address, though it should be written another way; with its path in front. */
export function ipWarnings(path: string, value: string): string[] {
  const address = parseIp(value);
  if (address === undefined) return [];
  const canonical = formatIp(address);
  if (isValidIp(value).length > 0)
    return [`${path}: non-standard IP address "${value}" is invalid: use "${canonical}"`];
  if (address.family === 4 || canonical === value) return [];
  return [`${path}: IPv6 address "${value}" should be in RFC 5952 canonical format ("${canonical}")`];
}

/** The same for a block. */
export function cidrWarnings(path: string, value: string): string[] {
  const block = parseIpBlock(value);
  const address = parseIp(value.split('/')[0] ?? '');
  if (block === undefined || address === undefined) return [];
  const canonical = formatIpBlock(block);
  const warnings: string[] = [];
  if (address.value !== block.first) {
    const single = `${formatIp(address)}/${block.family === 4 ? 32 : 128}`;
    warnings.push(
      `${path}: CIDR value "${value}" is ambiguous in this context (should be "${canonical}" or "${single}"?)`,
    );
  }
  const [problem] = isValidCidr(value);
  if (problem !== undefined && !problem.includes('beyond')) {
    warnings.push(`${path}: non-standard CIDR value "${value}" is invalid: use "${canonical}"`);
  } else if (warnings.length === 0 && block.family === 6 && canonical !== value) {
    warnings.push(`${path}: IPv6 CIDR value "${value}" should be in RFC 5952 canonical format ("${canonical}")`);
  }
  return warnings;
}
