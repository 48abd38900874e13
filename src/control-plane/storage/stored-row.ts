import { crc32 } from 'node:zlib';
import type { StoredValue } from './storage.ts';

/**
 * What the embedded store keeps for one change, under the key `r` + revision (8 bytes, big endian):
 * checksum of the row's key and the rest (4 bytes, CRC-32), type (1), create revision (8), expiry in milliseconds since
 * the epoch or 0 (8), length of the key (4), key (UTF-8), value. Numbers are big endian.
 */
export interface StoredRow {
  readonly revision: number;
  readonly key: string;
  /** Absent for a deletion. */
  readonly current?: StoredValue;
}

const rowMark = 0x72;
const typePut = 1;
const typeDelete = 2;
const headerBytes = 25;

/** The bounds of all rows after a revision, as LevelDB takes them. */
export function rowsAfter(revision: number): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  return { gte: rowKey(revision + 1), lt: Buffer.from([rowMark + 1]) };
}

/** The database key of a change. */
export function rowKey(revision: number): Uint8Array {
  const key = new Uint8Array(9);
  key[0] = rowMark;
  new DataView(key.buffer).setBigUint64(1, BigInt(revision));
  return key;
}

/** The revision in a database key. */
export function revisionOfRow(key: Uint8Array): number {
  return Number(viewOf(key).getBigUint64(1));
}

/** The database value of a change. */
export function encodeRow(row: StoredRow): Uint8Array {
  const { current } = row;
  const keyBytes = Buffer.from(row.key);
  const bytes = new Uint8Array(headerBytes + keyBytes.length + (current?.value.byteLength ?? 0));
  const view = viewOf(bytes);
  bytes[4] = current === undefined ? typeDelete : typePut;
  view.setBigUint64(5, BigInt(current?.createRevision ?? 0));
  view.setBigUint64(13, BigInt(Math.trunc(current?.expiresAtMillis ?? 0)));
  view.setUint32(21, keyBytes.length);
  bytes.set(keyBytes, headerBytes);
  if (current !== undefined) bytes.set(current.value, headerBytes + keyBytes.length);
  view.setUint32(0, checksum(rowKey(row.revision), bytes));
  return bytes;
}

/**
 * Reads a change; its value is a view of `bytes`, not a copy.
 * @returns undefined when the row is damaged.
 */
export function decodeRow(key: Uint8Array, bytes: Uint8Array): StoredRow | undefined {
  if (key.byteLength !== 9 || bytes.byteLength < headerBytes) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0) !== checksum(key, bytes) || (bytes[4] !== typePut && bytes[4] !== typeDelete)) return undefined;
  const revision = revisionOfRow(key);
  const valueStart = headerBytes + view.getUint32(21);
  const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', headerBytes, valueStart);
  if (bytes[4] === typeDelete) return { revision, key: name };
  const expiresAtMillis = Number(view.getBigUint64(13));
  const current: StoredValue = {
    key: name,
    value: bytes.subarray(valueStart),
    createRevision: Number(view.getBigUint64(5)),
    modRevision: revision,
    ...(expiresAtMillis === 0 ? {} : { expiresAtMillis }),
  };
  return { revision, key: name, current };
}

/** A number of the store's own, as kept under `m/…`. */
export function encodeNumber(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, BigInt(value));
  return bytes;
}

/** The number, or 0 when there is none. */
export function decodeNumber(bytes: Uint8Array | undefined): number {
  return bytes?.byteLength === 8 ? Number(viewOf(bytes).getBigUint64(0)) : 0;
}

function checksum(key: Uint8Array, bytes: Uint8Array): number {
  return crc32(bytes.subarray(4), crc32(key));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
