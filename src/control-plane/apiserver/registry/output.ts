import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { ListMeta, Unstructured } from '../../../apimachinery/object-meta.ts';
import type { StoredValue } from '../../storage/storage.ts';
import type { OutputFormat } from '../negotiation.ts';
import type { ApiRequest } from '../request-context.ts';
import { bytesResponse, objectResponse } from '../responses.ts';
import { parseIncludeObject } from '../endpoints/request-options.ts';
import type { ApiResource } from './api-resource.ts';
import type { ListPage } from './listing.ts';
import { mapInTurns } from './event-loop-turns.ts';
import type { Store } from './store.ts';
import { listItemPieces, kindPrefixLength, servedBytes } from './stored-object.ts';
import { checkTransform, listKindOf, toPartialMetadata, toTable } from './table.ts';
import { showsStoredMetadata, storedTablePieces } from './table-text.ts';

/** Whose objects are shown (a store, or the view of a subresource), and when. */
export interface ObjectSource {
  readonly resource: ApiResource;
  now(): number;
}

/** Whether the stored bytes are what this client asked for. */
export function servesStoredBytes(resource: ApiResource, format: OutputFormat): boolean {
  return format.as === '' && format.codec.isJson && !format.pretty && resource.definition.storage === undefined;
}

/** Whether a Table is asked for whose rows carry metadata as it is stored. */
function servesStoredMetadata(request: ApiRequest, resource: ApiResource, format: OutputFormat): boolean {
  if (format.as !== 'Table' || !format.codec.isJson || format.pretty) return false;
  return showsStoredMetadata(resource) && parseIncludeObject(request.query) === 'Metadata';
}

/** Answers with one stored object. */
export function storedObjectResponse(
  request: ApiRequest,
  store: Store,
  format: OutputFormat,
  value: StoredValue,
): HttpResponse {
  if (servesStoredBytes(store.resource, format)) {
    return bytesResponse(request, 200, format.codec.mediaType, Buffer.concat([servedBytes(value), newline]));
  }
  return singleObjectResponse(request, store, format, 200, store.decode(value));
}

/** Answers with an object that the store has just created. */
export function createdObjectResponse(
  request: ApiRequest,
  store: Store,
  format: OutputFormat,
  status: number,
  object: Unstructured,
): HttpResponse {
  const written = store.writtenValue(object);
  if (written === undefined || !servesStoredBytes(store.resource, format)) {
    return singleObjectResponse(request, store, format, status, object);
  }
  return bytesResponse(request, status, format.codec.mediaType, Buffer.concat([servedBytes(written), newline]));
}

/** Answers with one object in whatever form was asked for. */
export function singleObjectResponse(
  request: ApiRequest,
  source: ObjectSource,
  format: OutputFormat,
  status: number,
  object: Unstructured,
): HttpResponse {
  checkTransform(source.resource, format, false);
  return objectResponse(request, format, status, transformed(request, source, format, object));
}

/** One object as a Table, PartialObjectMetadata or itself. */
export function transformed(
  request: ApiRequest,
  source: ObjectSource,
  format: OutputFormat,
  object: Unstructured,
  withColumns = true,
): unknown {
  if (format.as === 'Table') {
    const { resourceVersion } = object.metadata;
    return toTable(source.resource, [object], resourceVersion === undefined ? {} : { resourceVersion }, {
      includeObject: parseIncludeObject(request.query),
      version: format.asVersion,
      now: source.now(),
      withColumns,
    });
  }
  return format.as === '' ? object : toPartialMetadata(source.resource, object, format.asVersion);
}

/** Answers with a page of a list. */
export async function listResponse(
  request: ApiRequest,
  store: Store,
  format: OutputFormat,
  page: ListPage,
): Promise<HttpResponse> {
  checkTransform(store.resource, format, true);
  const metadata: ListMeta = { resourceVersion: String(page.revision) };
  if (page.continueToken !== '') metadata.continue = page.continueToken;
  if (page.continueToken !== '' && page.remaining !== undefined) metadata.remainingItemCount = page.remaining;
  if (servesStoredBytes(store.resource, format)) {
    return bytesResponse(request, 200, format.codec.mediaType, listPieces(store.resource, page.values, metadata));
  }
  if (servesStoredMetadata(request, store.resource, format)) {
    const options = { version: format.asVersion, now: store.now() };
    const pieces = storedTablePieces(store.resource, page.values, metadata, options);
    return bytesResponse(request, 200, format.codec.mediaType, pieces);
  }
  const { lists, mediaType } = format.codec;
  if (lists !== undefined && format.as === '') {
    const { gvk } = store.resource;
    const { kind, apiVersion } = listKindOf(store.resource);
    const items = await mapInTurns(page.values, (value) =>
      encodedOnce(value, apiVersion, () => lists.item(apiVersion, gvk.kind, store.decode(value))),
    );
    return bytesResponse(request, 200, mediaType, lists.list(apiVersion, kind, metadata, items));
  }
  const objects = await mapInTurns(page.values, (value) => store.decode(value));
  return objectResponse(request, format, 200, listObject(request, store, format, objects, metadata));
}

/** Items of lists as they were encoded in a version, as long as what is stored stays as it is. */
const encodedItems = new WeakMap<StoredValue, Map<string, Uint8Array>>();

/** Every part of a control plane lists the same objects when it starts, and all that are written in Go ask for this form. */
function encodedOnce(value: StoredValue, apiVersion: string, encode: () => Uint8Array): Uint8Array {
  const versions = encodedItems.get(value) ?? new Map<string, Uint8Array>();
  const known = versions.get(apiVersion);
  if (known !== undefined) return known;
  const item = encode();
  versions.set(apiVersion, item);
  encodedItems.set(value, versions);
  return item;
}

/** A list of decoded objects in the form that was asked for. */
export function listObject(
  request: ApiRequest,
  store: Store,
  format: OutputFormat,
  objects: readonly Unstructured[],
  metadata: ListMeta,
): unknown {
  const { resource } = store;
  if (format.as === 'Table') {
    return toTable(resource, objects, metadata, {
      includeObject: parseIncludeObject(request.query),
      version: format.asVersion,
      now: store.now(),
    });
  }
  if (format.as === 'PartialObjectMetadataList') {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${format.asVersion}`,
      metadata,
      items:
        objects.length === 0
          ? null
          : objects.map((object) => toPartialMetadata(store.resource, object, format.asVersion)),
    };
  }
  return {
    ...listKindOf(resource),
    metadata: listMetadata(resource, metadata),
    items: objects.map((object) => (resource.custom ? object : withoutKind(object))),
  };
}

/** The stored bytes of a page side by side, nothing parsed. */
function* listPieces(resource: ApiResource, values: readonly StoredValue[], metadata: ListMeta): Generator<Uint8Array> {
  const { kind, apiVersion } = listKindOf(resource);
  const meta = JSON.stringify(listMetadata(resource, metadata));
  const [head, tail] = resource.custom
    ? [`{"apiVersion":"${apiVersion}","items":[`, `],"kind":"${kind}","metadata":${meta}}\n`]
    : [`{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${meta},"items":[`, ']}\n'];
  yield Buffer.from(head);
  const prefixLength = resource.custom ? 0 : kindPrefixLength(resource.gvk.kind, resource.apiVersion);
  let first = true;
  for (const value of values) {
    if (!first) yield comma;
    first = false;
    yield* listItemPieces(value, prefixLength);
  }
  yield Buffer.from(tail);
}

/** Lists of custom resources show that there is no more, and have their keys sorted. */
function listMetadata(resource: ApiResource, metadata: ListMeta): ListMeta {
  if (!resource.custom) return metadata;
  const { resourceVersion, ...rest } = metadata;
  return { continue: '', ...rest, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}

const newline = Buffer.from('\n');
const comma = Buffer.from(',');

function withoutKind(object: Unstructured): Record<string, unknown> {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
