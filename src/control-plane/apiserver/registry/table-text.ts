import { escapeHtml, parseJson, stringifyJson } from '../../../apimachinery/json-codec.ts';
import type { ListMeta, Unstructured } from '../../../apimachinery/object-meta.ts';
import type { StoredValue } from '../../storage/storage.ts';
import type { ApiResource } from './api-resource.ts';
import { hasNullRows, rowOf, tableHead } from './table.ts';

/** Whether rows of a resource may carry the metadata as it is stored: not converted, and nothing of it left out. */
export function showsStoredMetadata({ custom, definition }: ApiResource): boolean {
  return (
    !custom &&
    definition.storage === undefined &&
    definition.versionAnnotations === undefined &&
    definition.compareRows === undefined
  );
}

/**
 * A Table of stored objects with their metadata, as JSON, piece by piece: the same as of toTable, but the metadata is
 * taken over as it is stored. That is most of the text, and who owns which fields need not be read at all.
 * @param resource one of which showsStoredMetadata is true
 */
export function* storedTablePieces(
  resource: ApiResource,
  values: readonly StoredValue[],
  metadata: ListMeta,
  options: { readonly version: string; readonly now: number },
): Generator<Uint8Array> {
  const head = escapeHtml(stringifyJson(tableHead(resource, metadata, { version: options.version })));
  if (values.length === 0 && hasNullRows(resource)) {
    yield Buffer.from(`${head.slice(0, -1)},"rows":null}\n`);
    return;
  }
  const about = `"object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${options.version}","metadata":`;
  let before = `${head.slice(0, -1)},"rows":[`;
  for (const value of values) {
    const { object, metadataText } = readStored(value);
    const row = escapeHtml(stringifyJson(rowOf(resource, object, options.now)));
    yield Buffer.from(`${before}${row.slice(0, -1)},${about}${metadataText}}}`);
    before = ',';
  }
  yield Buffer.from(`${values.length === 0 ? before : ''}]}\n`);
}

/** A stored object without its managedFields, and the text of its metadata with them. */
function readStored({ value, modRevision }: StoredValue): {
  readonly object: Unstructured;
  readonly metadataText: string;
} {
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  const start = text.indexOf(metadataMark) + metadataMark.length - 1;
  const { end, managedFieldsAt } = metadataEnd(text, start);
  // Nothing before the uid has a uid, and quotes inside of strings are escaped.
  const uidAt = text.indexOf(uidMark, start) + uidMark.length;
  const versionAt = text.indexOf('"', uidAt) + 1;
  const version = `,"resourceVersion":"${modRevision}"`;
  const isCut = managedFieldsAt > 0;
  const read = `${text.slice(0, versionAt)}${version}${text.slice(versionAt, isCut ? managedFieldsAt : end)}${text.slice(end)}`;
  return {
    object: parseJson(read) as unknown as Unstructured,
    metadataText: `${text.slice(start, versionAt)}${version}${text.slice(versionAt, end + 1)}`,
  };
}

const metadataMark = '"metadata":{';
const uidMark = '"uid":"';
const managedFieldsMark = ',"managedFields":[';
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openCurly = 0x7b;
const closeCurly = 0x7d;

/**
 * Where the object that starts at an offset ends, and where its managedFields begin, with the comma before them (0 for
 * none; they come last).
 */
function metadataEnd(text: string, start: number): { readonly end: number; readonly managedFieldsAt: number } {
  let depth = 0;
  let managedFieldsAt = 0;
  for (let at = start; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at);
        break;
      case comma:
        if (depth === 1 && text.startsWith(managedFieldsMark, at)) managedFieldsAt = at;
        break;
      case openCurly:
        depth++;
        break;
      case closeCurly:
        if (--depth === 0) return { end: at, managedFieldsAt };
        break;
    }
  }
  throw new Error('the metadata of a stored object does not end');
}

/** Offset of the quote that ends the string at an offset. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at++;
    else if (code === quote || Number.isNaN(code)) return at;
  }
}
