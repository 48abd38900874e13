import { isIP } from 'node:net';
import { type DnsRecord, type DnsType, dnsTypes } from './dns-record.ts';
import { formatIp, parseIp } from './ip-address.ts';

const dnsCodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
/** Why a name server has no records, by the words of RFC 1035. */
export type DnsCode = keyof typeof dnsCodes;

/** What a client asks. */
export interface DnsQuestion {
  /** With a dot at its end. */
  readonly name: string;
  /** Undefined for a kind of record that is not known here. */
  readonly type: DnsType | undefined;
}

/** A query as it came. */
export interface DnsQuery extends DnsQuestion {
  readonly id: number;
  /** Its question, to be repeated in the answer. */
  readonly question: Uint8Array;
  readonly flags: number;
}

/** What a name server answers. */
export interface DnsAnswer {
  readonly code: DnsCode;
  readonly records: readonly DnsRecord[];
  /** It is the one who knows. */
  readonly isAuthoritative?: boolean;
}

const headerBytes = 12;
const classInternet = 1;
const numbers: Readonly<Record<DnsType, number>> = { A: 1, CNAME: 5, PTR: 12, AAAA: 28, SRV: 33 };
const usualSeconds = 30;
const [responseFlag, authoritativeFlag, recursionDesired, recursionAvailable] = [0x80_00, 0x04_00, 0x01_00, 0x00_80];
const mostLabels = 128;
const wrappedFour = 0xff_ffn << 32n;

/** A query for the records of a name, as RFC 1035 has it. @throws Error for a name that is none */
export function encodeDnsQuery(id: number, { name, type = 'A' }: DnsQuestion): Uint8Array {
  const head = Buffer.alloc(headerBytes);
  head.writeUInt16BE(id & 0xff_ff, 0);
  head.writeUInt16BE(recursionDesired, 2);
  head.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(numbers[type], 0);
  tail.writeUInt16BE(classInternet, 2);
  return Buffer.concat([head, encodeName(name), tail]);
}

/** Reads a query; undefined for bytes that are none. */
export function decodeDnsQuery(message: Uint8Array): DnsQuery | undefined {
  const bytes = Buffer.from(message);
  if (bytes.length < headerBytes) return undefined;
  const flags = bytes.readUInt16BE(2);
  if ((flags & responseFlag) !== 0 || bytes.readUInt16BE(4) !== 1) return undefined;
  const name = decodeName(bytes, headerBytes);
  if (name === undefined || name.end + 4 > bytes.length) return undefined;
  const type = typeOf(bytes.readUInt16BE(name.end));
  const question = bytes.subarray(headerBytes, name.end + 4);
  return { id: bytes.readUInt16BE(0), name: name.text, type, question, flags };
}

/** The answer to a query. */
export function encodeDnsAnswer(query: DnsQuery, { code, records, isAuthoritative = false }: DnsAnswer): Uint8Array {
  const head = Buffer.alloc(headerBytes);
  head.writeUInt16BE(query.id, 0);
  const authority = isAuthoritative ? authoritativeFlag : 0;
  const flags = responseFlag | authority | (query.flags & recursionDesired) | recursionAvailable | dnsCodes[code];
  head.writeUInt16BE(flags, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, query.question, ...records.map(encodeRecord)]);
}

/** Reads an answer; undefined for bytes that are none, or that are not the answer to the query of this number. */
export function decodeDnsAnswer(message: Uint8Array, id: number): DnsAnswer | undefined {
  const bytes = Buffer.from(message);
  if (bytes.length < headerBytes || bytes.readUInt16BE(0) !== (id & 0xff_ff)) return undefined;
  const flags = bytes.readUInt16BE(2);
  if ((flags & responseFlag) === 0) return undefined;
  let at = headerBytes;
  for (let left = bytes.readUInt16BE(4); left > 0; left--) {
    const name = decodeName(bytes, at);
    if (name === undefined) return undefined;
    at = name.end + 4;
  }
  const records: DnsRecord[] = [];
  for (let left = bytes.readUInt16BE(6); left > 0; left--) {
    const name = decodeName(bytes, at);
    if (name === undefined || name.end + 10 > bytes.length) return undefined;
    const start = name.end + 10;
    at = start + bytes.readUInt16BE(name.end + 8);
    if (at > bytes.length) return undefined;
    const type = typeOf(bytes.readUInt16BE(name.end));
    const data = type === undefined ? undefined : decodeData(bytes, type, start, at);
    if (type !== undefined && data !== undefined) {
      records.push({ name: name.text, type, data, seconds: bytes.readUInt32BE(name.end + 4) });
    }
  }
  const code = (Object.keys(dnsCodes) as DnsCode[]).find((each) => dnsCodes[each] === (flags & 0xf)) ?? 'SERVFAIL';
  return { code, records, isAuthoritative: (flags & authoritativeFlag) !== 0 };
}

function encodeRecord({ name, type, data, seconds = usualSeconds }: DnsRecord): Uint8Array {
  const content = encodeData(type, data);
  const middle = Buffer.alloc(10);
  middle.writeUInt16BE(numbers[type], 0);
  middle.writeUInt16BE(classInternet, 2);
  middle.writeUInt32BE(seconds, 4);
  middle.writeUInt16BE(content.length, 8);
  return Buffer.concat([encodeName(name), middle, content]);
}

function encodeData(type: DnsType, data: string): Uint8Array {
  switch (type) {
    case 'A':
      return Uint8Array.from(data.split('.').map(Number));
    case 'AAAA':
      return addressBytes(data);
    case 'SRV': {
      const [priority = '0', weight = '0', port = '0', target = '.'] = data.split(' ');
      const head = Buffer.alloc(6);
      for (const [index, part] of [priority, weight, port].entries()) head.writeUInt16BE(Number(part), index * 2);
      return Buffer.concat([head, encodeName(target)]);
    }
    default:
      return encodeName(data);
  }
}

function decodeData(bytes: Buffer, type: DnsType, start: number, end: number): string | undefined {
  const length = end - start;
  if (type === 'A') return length === 4 ? [...bytes.subarray(start, end)].join('.') : undefined;
  if (type === 'AAAA') {
    if (length !== 16) return undefined;
    return formatIp({ family: 6, value: BigInt(`0x${bytes.toString('hex', start, end)}`) });
  }
  if (type === 'SRV' && length < 7) return undefined;
  const target = decodeName(bytes, type === 'SRV' ? start + 6 : start)?.text;
  if (type !== 'SRV' || target === undefined) return target;
  return `${[0, 2, 4].map((offset) => bytes.readUInt16BE(start + offset)).join(' ')} ${target}`;
}

function encodeName(name: string): Uint8Array {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => {
      const text = Buffer.from(label, 'utf8');
      if (text.length > 63) throw new Error(`the label ${JSON.stringify(label)} is longer than 63 bytes`);
      return Buffer.concat([Uint8Array.of(text.length), text]);
    }),
    Uint8Array.of(0),
  ]);
}

/** A name at a place, which may go on at an earlier one; undefined when there is none. */
function decodeName(bytes: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (let turns = 0; turns < mostLabels && at < bytes.length; turns++) {
    const length = bytes.readUInt8(at);
    if (length === 0) return { text: `${labels.join('.')}.`, end: end ?? at + 1 };
    if (length >= 0xc0) {
      if (at + 2 > bytes.length) return undefined;
      end ??= at + 2;
      at = bytes.readUInt16BE(at) & 0x3f_ff;
    } else {
      if (length > 63 || at + 1 + length > bytes.length) return undefined;
      labels.push(bytes.toString('utf8', at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
  return undefined;
}

function typeOf(number: number): DnsType | undefined {
  return dnsTypes.find((type) => numbers[type] === number);
}

/** The sixteen bytes of an address of IPv6, one of IPv4 as it is wrapped in those. */
function addressBytes(text: string): Uint8Array {
  const address = parseIp(text);
  if (address === undefined || isIP(text) !== 6) throw new Error(`${JSON.stringify(text)} is not an address of IPv6`);
  const { family, value } = address;
  return Buffer.from((family === 4 ? value | wrappedFour : value).toString(16).padStart(32, '0'), 'hex');
}
