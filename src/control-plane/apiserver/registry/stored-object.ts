import { parseJson } from '../../../apimachinery/json-codec.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { StoredValue } from '../../storage/storage.ts';
import { writeObjectJson } from '../codecs/object-json.ts';
import { withRawTexts } from '../codecs/raw-fields.ts';

const uidMark = Buffer.from('"uid":"');
const quote = 0x22;

/** What a client's answer is made of. */
export type ServableValue = Pick<StoredValue, 'value' | 'modRevision'>;

/** The bytes to store: JSON as clients get it, without resourceVersion, which the store itself knows. */
export function encodeStored(object: Unstructured): Uint8Array {
  const { resourceVersion: _known, ...metadata } = object.metadata;
  return Buffer.from(writeObjectJson({ ...object, metadata }));
}

/** A stored object, its resourceVersion filled in. */
export function decodeStored(value: StoredValue, revision = value.modRevision): Unstructured {
  const bytes = servedBytes(value, revision);
  return withRawTexts(parseJson(bytes), bytes) as unknown as Unstructured;
}

/** A written object as reading gives it, when that is something else; its resourceVersion stays. */
export function asReadBack(object: Unstructured, readBack: Uint8Array | undefined): Unstructured {
  if (readBack === undefined) return object;
  const read = parseJson(readBack) as unknown as Unstructured;
  const { resourceVersion } = object.metadata;
  return resourceVersion === undefined ? read : { ...read, metadata: { ...read.metadata, resourceVersion } };
}

/** The stored bytes with the resourceVersion spliced in: what a client gets, without parsing anything. */
export function servedBytes(value: ServableValue, revision = value.modRevision): Uint8Array {
  const bytes = Buffer.from(value.value.buffer, value.value.byteOffset, value.value.byteLength);
  const { at, field } = spliceOf(bytes, revision);
  return Buffer.concat([bytes.subarray(0, at), field, bytes.subarray(at)]);
}

/**
 * The pieces of an item of a list: without kind and apiVersion for built-in kinds, whose list says them.
 * @param prefixLength bytes of `{"kind":…,"apiVersion":…,` to leave out; 0 to keep them.
 */
export function listItemPieces(value: StoredValue, prefixLength: number): readonly Uint8Array[] {
  const bytes = Buffer.from(value.value.buffer, value.value.byteOffset, value.value.byteLength);
  const { at, field } = spliceOf(bytes, value.modRevision);
  const rest = [bytes.subarray(prefixLength, at), field, bytes.subarray(at)];
  return prefixLength > 0 ? [openBrace, ...rest] : rest;
}

/** How many bytes `{"kind":"K","apiVersion":"v",` takes. */
export function kindPrefixLength(kind: string, apiVersion: string): number {
  return Buffer.byteLength(`{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`);
}

const openBrace = Buffer.from('{');

/** Where the resourceVersion goes into stored bytes, and how. */
interface Splice {
  readonly at: number;
  readonly field: Uint8Array;
}

/** Custom resources have their keys sorted, so it stands before the uid; the others have it behind. */
function spliceOf(bytes: Buffer, revision: number): Splice {
  const field = `"resourceVersion":"${revision}"`;
  const isSorted = bytes[keyStart] === firstOfApiVersion;
  if (isSorted) return { at: uidOfMetadata(bytes), field: Buffer.from(`${field},`) };
  // Nothing before metadata's uid has a uid, and quotes inside of strings are escaped.
  const start = requireFound(bytes.indexOf(uidMark));
  return { at: bytes.indexOf(quote, start + uidMark.length) + 1, field: Buffer.from(`,${field}`) };
}

const keyStart = 2;
const firstOfApiVersion = 0x61;

/** Offset of the uid of metadata among sorted keys: labels and owner references with a uid may come before it. */
function uidOfMetadata(bytes: Buffer): number {
  const first = requireFound(bytes.indexOf(uidMark));
  if (bytes.indexOf(uidMark, first + 1) < 0) return first;
  let depth = 0;
  let isMetadata = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === openBracket || byte === openCurly) depth++;
    else if (byte === closeBracket || byte === closeCurly) depth--;
    else if (byte === quote) {
      if (depth === 2 && isMetadata && startsWith(bytes, at, uidMark)) return at;
      if (depth === 1) isMetadata = startsWith(bytes, at, metadataMark) || (isMetadata && bytes[at - 1] === colon);
      at = endOfString(bytes, at);
    }
  }
  return requireFound(-1);
}

const metadataMark = Buffer.from('"metadata":{');
const backslash = 0x5c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openCurly = 0x7b;
const closeCurly = 0x7d;

function startsWith(bytes: Buffer, at: number, mark: Uint8Array): boolean {
  return bytes.compare(mark, 0, mark.byteLength, at, Math.min(at + mark.byteLength, bytes.length)) === 0;
}

/** Offset of the quote that ends the string at an offset. */
function endOfString(bytes: Buffer, start: number): number {
  let end = bytes.indexOf(quote, start + 1);
  for (;;) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end;
    end = bytes.indexOf(quote, end + 1);
  }
}

function requireFound(offset: number): number {
  if (offset < 0) throw new Error('a stored object has no uid');
  return offset;
}
