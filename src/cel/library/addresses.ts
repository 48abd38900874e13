import { isIP } from 'node:net';
import { goQuote } from '../../apimachinery/field-error.ts';
import { declare, type FunctionDeclaration, member, overload } from '../declarations.ts';
import { type CelType, opaqueType, types } from '../types.ts';
import { CelEvaluationError, CelOpaque, noSuchOverload } from '../values.ts';
import { addressProblem } from './address-problem.ts';
import { opaqueOf, textOf } from './arguments.ts';

const { bool, int, string } = types;
const ipType = opaqueType('net.IP');
const cidrType = opaqueType('net.CIDR');

/** An address of IPv4 or IPv6. */
export class CelIp extends CelOpaque {
  readonly type: CelType = ipType;
  readonly bits: 32 | 128;
  readonly value: bigint;

  constructor(bits: 32 | 128, value: bigint) {
    super();
    this.bits = bits;
    this.value = value;
  }

  override get traversalSize(): number {
    return this.bits / 8;
  }

  equalTo(other: CelOpaque): boolean {
    return other instanceof CelIp && other.bits === this.bits && other.value === this.value;
  }

  override toString(): string {
    if (this.bits === 32) {
      return [24n, 16n, 8n, 0n].map((shift) => (this.value >> shift) & 0xffn).join('.');
    }
    const groups = Array.from({ length: 8 }, (_group, index) => (this.value >> BigInt(112 - index * 16)) & 0xffffn);
    return shortenZeros(groups.map((group) => group.toString(16)));
  }
}

/** The longest run of zeros, of at least two, becomes `::` (RFC 5952). */
function shortenZeros(groups: readonly string[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/** An address with the length of its network's prefix. */
export class CelCidr extends CelOpaque {
  readonly type: CelType = cidrType;
  readonly address: CelIp;
  readonly length: number;

  constructor(address: CelIp, length: number) {
    super();
    this.address = address;
    this.length = length;
  }

  override get traversalSize(): number {
    return Math.ceil(this.length / 8);
  }

  equalTo(other: CelOpaque): boolean {
    return other instanceof CelCidr && other.length === this.length && other.address.equalTo(this.address);
  }

  /** The network's first address. */
  masked(): CelCidr {
    const { bits, value } = this.address;
    const host = BigInt(bits - this.length);
    return new CelCidr(new CelIp(bits, (value >> host) << host), this.length);
  }

  containsIp(ip: CelIp): boolean {
    const host = BigInt(this.address.bits - this.length);
    return ip.bits === this.address.bits && ip.value >> host === this.address.value >> host;
  }

  containsCidr(other: CelCidr): boolean {
    return this.length <= other.length && this.containsIp(other.address);
  }

  override toString(): string {
    return `${this.address.toString()}/${this.length}`;
  }
}

/** The number that an address's text is; undefined for text that is none. */
function addressValue(text: string): CelIp | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  if (family === 4)
    return new CelIp(
      32,
      text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n),
    );
  const quad = /:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  let hex = text;
  if (quad !== undefined) {
    const [a = 0, b = 0, c = 0, d = 0] = quad.split('.').map(Number);
    hex = `${text.slice(0, -quad.length)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }
  const [head = '', tail] = hex.split('::');
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - before.length - after.length }, () => '0');
  const value = [...before, ...zeros, ...after].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
  return new CelIp(128, value);
}

function isMapped({ bits, value }: CelIp): boolean {
  return bits === 128 && value >> 32n === 0xffffn;
}

/** Reads an address. @throws CelEvaluationError */
export function parseIp(text: string): CelIp {
  if (text.includes('%')) {
    if (isIP(text) === 6) throw new CelEvaluationError(`IP address ${goQuote(text)} with zone value is not allowed`);
  }
  const address = text.includes('%') ? undefined : addressValue(text);
  if (address === undefined) {
    const quoted = goQuote(text);
    const why = `ParseAddr(${quoted}): ${addressProblem(text)}`;
    throw new CelEvaluationError(`IP Address ${quoted} parse error during conversion from string: ${why}`);
  }
  if (isMapped(address)) {
    throw new CelEvaluationError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`);
  }
  return address;
}

function parseCidr(text: string): CelCidr {
  const fail = (why: string): CelEvaluationError => {
    const prefix = 'network address parse error during conversion from string: ';
    return new CelEvaluationError(`${prefix}${prefix}netip.ParsePrefix(${goQuote(text)}): ${why}`);
  };
  const slash = text.lastIndexOf('/');
  if (slash < 0) throw fail("no '/'");
  const [head, length] = [text.slice(0, slash), text.slice(slash + 1)];
  if (head.includes('%') && isIP(head) === 6) throw fail('IPv6 zones cannot be present in a prefix');
  const address = head.includes('%') ? undefined : addressValue(head);
  if (address === undefined) throw fail(`ParseAddr(${goQuote(head)}): ${addressProblem(head)}`);
  if (!/^(?:0|[1-9]\d*)$/.test(length)) throw fail(`bad bits after slash: ${goQuote(length)}`);
  if (Number(length) > address.bits) throw fail('prefix length out of range');
  if (isMapped(address)) {
    const message = `IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`;
    throw new CelEvaluationError(`network address parse error during conversion from string: ${message}`);
  }
  return new CelCidr(address, Number(length));
}

function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof CelEvaluationError) return false;
    throw error;
  }
}

function ipTest(name: string, id: string, test: (ip: CelIp) => boolean): FunctionDeclaration {
  return declare(
    name,
    member(id, [ipType], bool, ([ip]) => test(opaqueOf(ip, CelIp))),
  );
}

const loopback6 = 1n;

function isLoopback({ bits, value }: CelIp): boolean {
  return bits === 32 ? value >> 24n === 127n : value === loopback6;
}

function isMulticast({ bits, value }: CelIp): boolean {
  return bits === 32 ? value >> 28n === 0xen : value >> 120n === 0xffn;
}

function isLinkLocalMulticast({ bits, value }: CelIp): boolean {
  return bits === 32 ? value >> 8n === 0xe0_00_00n : ((value >> 112n) & 0xff0fn) === 0xff02n;
}

function isLinkLocalUnicast({ bits, value }: CelIp): boolean {
  return bits === 32 ? value >> 16n === 0xa9fen : value >> 118n === 0xfe80n >> 6n;
}

function isGlobalUnicast(ip: CelIp): boolean {
  const isBroadcast = ip.bits === 32 && ip.value === 0xffff_ffffn;
  return ip.value !== 0n && !isBroadcast && !isLoopback(ip) && !isMulticast(ip) && !isLinkLocalUnicast(ip);
}

/** Kubernetes' functions for addresses and networks. */
export const addressLibrary: readonly FunctionDeclaration[] = [
  declare(
    'ip',
    overload('string_to_ip', [string], ipType, ([text]) => parseIp(textOf(text))),
    member('cidr_ip', [cidrType], ipType, ([cidr]) => opaqueOf(cidr, CelCidr).address),
  ),
  declare(
    'family',
    member('ip_family', [ipType], int, ([ip]) => (opaqueOf(ip, CelIp).bits === 32 ? 4n : 6n)),
  ),
  declare(
    'ip.isCanonical',
    overload('ip_is_canonical', [string], bool, ([text]) => parseIp(textOf(text)).toString() === text),
  ),
  ipTest('isUnspecified', 'ip_is_unspecified', ({ value }) => value === 0n),
  ipTest('isLoopback', 'ip_is_loopback', isLoopback),
  ipTest('isLinkLocalMulticast', 'ip_is_link_local_multicast', isLinkLocalMulticast),
  ipTest('isLinkLocalUnicast', 'ip_is_link_local_unicast', isLinkLocalUnicast),
  ipTest('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
  declare(
    'isIP',
    overload('is_ip', [string], bool, ([text]) => succeeds(() => parseIp(textOf(text)))),
  ),
  declare(
    'cidr',
    overload('string_to_cidr', [string], cidrType, ([text]) => parseCidr(textOf(text))),
  ),
  declare(
    'containsIP',
    member('cidr_contains_ip_string', [cidrType, string], bool, ([cidr, text]) => {
      // The real library takes a text that is no address for a value of the wrong type.
      if (!succeeds(() => parseIp(textOf(text)))) throw noSuchOverload();
      return opaqueOf(cidr, CelCidr).containsIp(parseIp(textOf(text)));
    }),
    member('cidr_contains_ip_ip', [cidrType, ipType], bool, ([cidr, ip]) =>
      opaqueOf(cidr, CelCidr).containsIp(opaqueOf(ip, CelIp)),
    ),
  ),
  declare(
    'containsCIDR',
    member('cidr_contains_cidr_string', [cidrType, string], bool, ([cidr, text]) =>
      opaqueOf(cidr, CelCidr).containsCidr(parseCidr(textOf(text))),
    ),
    member('cidr_contains_cidr', [cidrType, cidrType], bool, ([cidr, other]) =>
      opaqueOf(cidr, CelCidr).containsCidr(opaqueOf(other, CelCidr)),
    ),
  ),
  declare(
    'prefixLength',
    member('cidr_prefix_length', [cidrType], int, ([cidr]) => BigInt(opaqueOf(cidr, CelCidr).length)),
  ),
  declare(
    'masked',
    member('cidr_masked', [cidrType], cidrType, ([cidr]) => opaqueOf(cidr, CelCidr).masked()),
  ),
  declare(
    'isCIDR',
    overload('is_cidr', [string], bool, ([text]) => succeeds(() => parseCidr(textOf(text)))),
  ),
  declare(
    'string',
    overload('ip_to_string', [ipType], string, ([ip]) => opaqueOf(ip, CelIp).toString()),
    overload('cidr_to_string', [cidrType], string, ([cidr]) => opaqueOf(cidr, CelCidr).toString()),
  ),
];
