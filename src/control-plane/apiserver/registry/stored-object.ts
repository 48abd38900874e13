import { setOwn, type JsonValue } from '../../../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../../../apimachinery/json-codec.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { StoredValue } from '../../storage/storage.ts';

/** Order of metadata's fields in what the server sends; resourceVersion is spliced in after uid. */
const metadataOrder = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'initializers',
  'finalizers',
  'managedFields',
];
const managedFieldsOrder = ['manager', 'operation', 'apiVersion', 'time', 'fieldsType', 'fieldsV1', 'subresource'];
const ownerReferenceOrder = ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'];

const uidMark = Buffer.from('"uid":"');
const quote = 0x22;

/** An object with kind, apiVersion and metadata first and metadata's fields in the order the server sends them. */
export function inServedOrder(object: Unstructured): Unstructured {
  const ordered: Record<string, unknown> = {};
  if (object.kind !== undefined) ordered['kind'] = object.kind;
  if (object.apiVersion !== undefined) ordered['apiVersion'] = object.apiVersion;
  if (object.metadata !== undefined) ordered['metadata'] = orderedMetadata(object.metadata as Record<string, unknown>);
  for (const [key, value] of Object.entries(object)) {
    if (key !== 'kind' && key !== 'apiVersion' && key !== 'metadata') setOwn(ordered, key, value);
  }
  return ordered as Unstructured;
}

function orderedMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const ordered = pick(metadata, metadataOrder);
  const entries = ordered['managedFields'];
  if (Array.isArray(entries)) {
    ordered['managedFields'] = entries.map((entry: Record<string, unknown>) => pick(entry, managedFieldsOrder));
  }
  const owners = ordered['ownerReferences'];
  if (Array.isArray(owners)) {
    ordered['ownerReferences'] = owners.map((owner: Record<string, unknown>) => pick(owner, ownerReferenceOrder));
  }
  return ordered;
}

/** The fields in this order, then whatever else there is. */
function pick(source: Readonly<Record<string, unknown>>, order: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const key of order) if (source[key] !== undefined) picked[key] = source[key];
  for (const [key, value] of Object.entries(source)) {
    if (!Object.hasOwn(picked, key) && value !== undefined) setOwn(picked, key, value);
  }
  return picked;
}

/** The bytes to store: JSON without resourceVersion, which the store itself knows. */
export function encodeStored(object: Unstructured): Uint8Array {
  const ordered = inServedOrder(object);
  delete ordered.metadata.resourceVersion;
  return Buffer.from(stringifyJson(ordered as unknown as JsonValue));
}

/** A stored object, its resourceVersion filled in. */
export function decodeStored(value: StoredValue, revision = value.modRevision): Unstructured {
  const object = parseJson(value.value) as unknown as Unstructured;
  object.metadata.resourceVersion = String(revision);
  return object;
}

/** The stored bytes with the resourceVersion spliced in: what a client gets, without parsing anything. */
export function servedBytes(value: StoredValue, revision = value.modRevision): Uint8Array {
  const bytes = Buffer.from(value.value.buffer, value.value.byteOffset, value.value.byteLength);
  const at = spliceIndex(bytes);
  return Buffer.concat([bytes.subarray(0, at), revisionField(revision), bytes.subarray(at)]);
}

/**
 * Appends the pieces of an item of a list: without kind and apiVersion for built-in kinds, whose list says them.
 * @param prefixLength bytes of `{"kind":…,"apiVersion":…,` to leave out; 0 to keep them.
 */
export function appendListItem(pieces: Uint8Array[], value: StoredValue, prefixLength: number): void {
  const bytes = Buffer.from(value.value.buffer, value.value.byteOffset, value.value.byteLength);
  const at = spliceIndex(bytes);
  if (prefixLength > 0) pieces.push(openBrace);
  pieces.push(bytes.subarray(prefixLength, at), revisionField(value.modRevision), bytes.subarray(at));
}

/** How many bytes `{"kind":"K","apiVersion":"v",` takes. */
export function kindPrefixLength(kind: string, apiVersion: string): number {
  return Buffer.byteLength(`{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`);
}

const openBrace = Buffer.from('{');

function revisionField(revision: number): Uint8Array {
  return Buffer.from(`,"resourceVersion":"${revision}"`);
}

/** Right after metadata's uid. A quote inside a JSON string is escaped, so the mark cannot be part of one. */
function spliceIndex(bytes: Buffer): number {
  const start = bytes.indexOf(uidMark);
  if (start < 0) throw new Error('a stored object has no uid');
  const end = bytes.indexOf(quote, start + uidMark.length);
  return end + 1;
}
