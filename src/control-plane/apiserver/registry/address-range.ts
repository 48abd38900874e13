import {
  blockContains,
  formatIp,
  formatIpBlock,
  type IpBlock,
  parseIp,
  parseIpBlock,
} from '../../../apimachinery/ip-address.ts';

/** The two families of addresses, as services name them. */
export type IpFamily = 'IPv4' | 'IPv6';

/** A range that services get addresses from. */
export interface AddressRange {
  /** As it is written. */
  readonly text: string;
  readonly family: IpFamily;
  readonly block: IpBlock;
  /** How many addresses it has. */
  readonly size: bigint;
  /** How many of them are for services: not its first one, and with IPv4 not its last one either. */
  readonly count: bigint;
  /** How many of them, from the first on, are left to those who ask for one (KEP-3070). */
  readonly reserved: bigint;
}

/** @returns undefined for what is no block of addresses */
export function parseAddressRange(text: string): AddressRange | undefined {
  const block = parseIpBlock(text);
  return block === undefined ? undefined : { ...addressRange(block), text };
}

/** The range of a block. */
export function addressRange(block: IpBlock): AddressRange {
  const isLater = block.family === 6;
  const size = 1n << BigInt((isLater ? 128 : 32) - block.prefixLength);
  const count = size - (isLater ? 1n : 2n);
  const [least, most] = [16n, 256n];
  const share = size / 16n;
  const reserved = size <= least ? 0n : share < least ? least : share > most ? most : share;
  return { text: formatIpBlock(block), family: isLater ? 'IPv6' : 'IPv4', block, size, count, reserved };
}

/** The address at a place of a range; that of services begin at 1. */
export function addressAt({ block }: AddressRange, place: bigint): string {
  return formatIp({ family: block.family, value: block.first + place });
}

/** Whether an address lies in a range. */
export function containsAddress({ block }: AddressRange, address: string): boolean {
  const parsed = parseIp(address);
  return parsed !== undefined && blockContains(block, parsed);
}

/** Whether an address of a range is one that services may have. */
export function isForServices({ block, count }: AddressRange, address: string): boolean {
  const parsed = parseIp(address);
  if (parsed?.family !== block.family) return false;
  const place = parsed.value - block.first;
  return place >= 1n && place <= count;
}
