import { Readable } from 'node:stream';
import { messageOf } from '../../../apimachinery/error-message.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { formatGroupVersion, parseGroupVersion, type GroupVersionKind } from '../../../apimachinery/gvk.ts';
import { header, type HttpRequest } from '../../../apimachinery/http.ts';
import {
  isJsonObject,
  notAnObjectText,
  type JsonObject,
  type JsonValue,
  notTextOfKind,
} from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest, StatusError } from '../../../apimachinery/status.ts';
import { BodyContentError, BodySyntaxError, type DecodedBody, type MediaTypeCodec } from '../negotiation.ts';
import type { ApiResource, ResourceRegistry } from '../registry/api-resource.ts';
import { internalGroupOf, isUnservedKind } from '../registry/unserved-kinds.ts';
import { withoutEmptyParts } from '../../../apimachinery/decoding/empty-parts.ts';
import { otherKindText } from './other-kind.ts';
import { applySchemaDefaults } from '../../../apimachinery/decoding/schema-defaults.ts';
import { decodeTyped, type TypedDecodeOptions } from '../../../apimachinery/decoding/typed-decoder.ts';
import { TypedDecodeError } from '../../../apimachinery/decoding/typed-decode-error.ts';

/** The largest body a write may have. */
export const maxBodyBytes = 3 * 1024 * 1024;

/** Unknown and duplicate fields: refused, told as warnings, or passed over. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** A kind that a body may be. */
export interface ExpectedKind {
  readonly gvk: GroupVersionKind;
  /** Full name of the type in the schema source of the resource. */
  readonly type: string;
}

/** Reads a body up to the limit. @throws StatusError 413 */
export async function readLimitedBody(http: HttpRequest): Promise<Uint8Array> {
  const { body } = http;
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) {
    if (body.byteLength > maxBodyBytes) throw requestTooLarge();
    return body;
  }
  // Most bodies say that they fit; listening to them costs a fraction of what iterating does.
  const length = Number(header(http.headers, 'content-length'));
  if (length > maxBodyBytes) throw requestTooLarge();
  const isKnownToFit = length <= maxBodyBytes;
  if (isKnownToFit && body instanceof Readable) return readWhole(body);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) throw requestTooLarge();
    chunks.push(chunk);
  }
  return joined(chunks);
}

function readWhole(body: Readable): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    const onClose = (): void => {
      if (!body.readableEnded) reject(new Error('the body ended early'));
    };
    // What is closed already says nothing any more.
    if (body.destroyed) onClose();
    body.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    body.once('end', () => resolve(joined(chunks)));
    body.once('error', reject);
    body.once('close', onClose);
  });
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function requestTooLarge(): StatusError {
  return new StatusError({
    message: `Request entity too large: limit is ${maxBodyBytes}`,
    reason: 'RequestEntityTooLarge',
    code: 413,
  });
}

/** Turns bytes of any media type into JSON. @throws StatusError 400 in the words for a body of this kind */
export function parseBody(codec: MediaTypeCodec, bytes: Uint8Array, expected: GroupVersionKind): DecodedBody {
  const expectedKind = expected.kind;
  try {
    return codec.decode(bytes, expected);
  } catch (error) {
    if (error instanceof BodyContentError) {
      const { kind, apiVersion, message } = error;
      const version = goQuote(apiVersion.split('/').at(-1) ?? '');
      throw badRequest(`${kind} in version ${version} cannot be handled as a ${expectedKind}: ${message}`);
    }
    if (!(error instanceof BodySyntaxError)) throw error;
    throw unrecognized(expectedKind, error.message, error.shownBody);
  }
}

/**
 * Makes an object of a parsed body: kind checked, typed, unknown fields dealt with as asked, defaults filled in.
 * @param bytes what was sent, for messages
 * @param options whether empty lists and maps stay, for an object that is stored
 * @throws StatusError 400
 */
export function decodeObject(
  body: DecodedBody,
  resource: ApiResource,
  expected: ExpectedKind,
  registry: ResourceRegistry,
  fieldValidation: FieldValidation,
  warn: (text: string) => void,
  bytes: Uint8Array,
  options: Pick<TypedDecodeOptions, 'keepsEmpty'> = {},
): Unstructured {
  const { value } = body;
  if (value !== null && !isJsonObject(value)) {
    throw unrecognized(
      expected.gvk.kind,
      `couldn't get version/kind; json parse error: ${notAnObjectText(value)}`,
      summarizeBody(bytes),
    );
  }
  // A scale is of a built-in kind, whatever it is of.
  const isCustomKind = resource.custom && expected.type === resource.definition.type;
  if (isCustomKind) refuseHugeNumber(body, expected, bytes);
  const first = body.firstValue?.();
  if (isJsonObject(first)) saidKind(first, expected, bytes);
  const gvk = isCustomKind
    ? checkCustomKind(value ?? {}, expected, bytes)
    : checkKind(value ?? {}, expected, registry, bytes);
  const typed = (resource.custom ? undefined : body.typedValue?.()) ?? value;
  const read: TypedDecodeOptions =
    body.numberLiterals === undefined ? options : { ...options, numberLiterals: body.numberLiterals() };
  if (!resource.custom && first !== undefined) typedObject(first, gvk, resource, expected, () => undefined, read);
  const object = typedObject(
    typed ?? {},
    gvk,
    resource,
    expected,
    (unknown) => reportStrictErrors(complaintsOf(body, unknown, resource.custom), gvk, expected, fieldValidation, warn),
    read,
  );
  if (body.hugeNumber !== undefined && hasInfinity(object)) refuseHugeNumber(body, expected, bytes);
  return object;
}

/** @throws StatusError 400 where a number is too large for what keeps it */
function refuseHugeNumber({ hugeNumber }: DecodedBody, { gvk }: ExpectedKind, bytes: Uint8Array): void {
  if (hugeNumber === undefined) return;
  throw unrecognized(gvk.kind, `couldn't get version/kind; json parse error: ${hugeNumber}`, summarizeBody(bytes));
}

function hasInfinity(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === Infinity || value === -Infinity;
  return Object.values(value).some(hasInfinity);
}

/** What strict reading complains about, in order; about a built-in kind that ends with the hundredth. */
function complaintsOf(body: DecodedBody, unknown: readonly string[], isCustom: boolean): readonly string[] {
  const isWithin = (path: string, outer: string): boolean =>
    path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
  const unknownErrors = unknown.map((path) => `unknown field ${goQuote(path)}`);
  if (isCustom) return [...body.strictErrors, ...unknownErrors];
  // What is unknown is skipped whole, so nothing in it is there twice.
  const skipped = unknown.map((path) => goQuote(path).slice(1, -1));
  const twice = body.strictErrors.filter((error) => {
    const [, path] = /^duplicate field "(.*)"$/s.exec(error) ?? [];
    return path === undefined || !skipped.some((outer) => isWithin(path, outer));
  });
  const places = twice.length > 0 && unknown.length > 0 ? body.places?.() : undefined;
  const complaints = [...twice, ...unknownErrors];
  return (places === undefined ? complaints : inOrder(complaints, places)).slice(0, maxComplaints);
}

const maxComplaints = 100;

/** Complaints about a built-in kind come as the document is read; about custom ones, duplicates come first. */
function inOrder(complaints: readonly string[], places: ReadonlyMap<string, number>): string[] {
  const placeOf = (complaint: string): number => places.get(complaint) ?? Infinity;
  return complaints.toSorted((left, right) => placeOf(left) - placeOf(right));
}

/** How an object is read into its type. */
export interface TypedObjectOptions extends TypedDecodeOptions {
  /** Null stays in custom objects where it may not be. */
  readonly keepsNulls?: boolean;
}

/** Reads JSON that the server made itself (a patched object) into its type. @throws StatusError with `wrap` */
export function typedObject(
  value: JsonValue,
  gvk: GroupVersionKind,
  resource: ApiResource,
  expected: ExpectedKind,
  report: (unknownFields: readonly string[]) => void,
  options: TypedObjectOptions = {},
): Unstructured {
  let decoded: { object: JsonObject; unknownFields: readonly string[] };
  try {
    const own = expected.type === resource.definition.type ? resource.decode : undefined;
    decoded =
      own === undefined ? decodeTyped(value, expected.type, resource.types, options) : own(value, options.keepsNulls);
  } catch (error) {
    if (!(error instanceof TypedDecodeError)) throw error;
    throw cannotHandle(gvk, expected, error.message);
  }
  report(decoded.unknownFields);
  const { object } = decoded;
  // The kind of a custom object is for validation to refuse.
  object['kind'] = resource.custom ? gvk.kind : expected.gvk.kind;
  object['apiVersion'] = formatGroupVersion(expected.gvk);
  if (!isJsonObject(object['metadata'])) object['metadata'] = {};
  return object as unknown as Unstructured;
}

/** Fills in defaults: the schema's, then the version's own. */
export function applyDefaults(object: Unstructured, resource: ApiResource): void {
  if (!resource.custom) {
    applySchemaDefaults(object as unknown as JsonObject, resource.definition.type, resource.types);
  }
  resource.definition.setDefaults?.(object);
}

/** An object as webhooks, expressions, owners of fields and the audit log see it: as JSON that Go writes. */
export function asWritten<T extends object>(
  object: T,
  {
    custom,
    definition,
    types,
  }: Pick<ApiResource, 'custom' | 'types'> & { readonly definition: { readonly type: string } },
): T {
  return custom ? object : withoutEmptyParts(object, definition.type, types);
}

/** Refuses or tells of what strict reading complains about. */
export function reportStrictErrors(
  complaints: readonly string[],
  gvk: GroupVersionKind,
  expected: ExpectedKind,
  fieldValidation: FieldValidation,
  warn: (text: string) => void,
): void {
  if (complaints.length === 0 || fieldValidation === 'Ignore') return;
  if (fieldValidation === 'Strict') {
    throw cannotHandle(gvk, expected, `strict decoding error: ${complaints.join(', ')}`);
  }
  // YAML's keys that stand twice are one complaint, and a warning each.
  for (const complaint of complaints) {
    for (const line of complaint.replace(/^yaml: unmarshal errors:\n\s*/, '').split(/\n\s*/)) warn(line);
  }
}

/** The kind of a custom object, which it has to say: any, but in the version of the request. */
function checkCustomKind(value: JsonObject, expected: ExpectedKind, bytes: Uint8Array): GroupVersionKind {
  const { apiVersion, kind } = saidKind(value, expected, bytes);
  const refused = (why: string): StatusError => unrecognized(expected.gvk.kind, why, summarizeBody(bytes));
  if (kind === '') throw refused(`Object 'Kind' is missing in '${Buffer.from(bytes).toString('utf8')}'`);
  const wanted = formatGroupVersion(expected.gvk);
  if (apiVersion === wanted) return { ...expected.gvk, kind };
  try {
    parseGroupVersion(apiVersion);
  } catch (error) {
    throw refused(messageOf(error));
  }
  throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`);
}

/** What a body says of its kind, empty where it says nothing. @throws StatusError 400 when that is no text */
function saidKind(
  value: JsonObject,
  expected: ExpectedKind,
  bytes: Uint8Array,
): { readonly apiVersion: string; readonly kind: string } {
  const said = { apiVersion: '', kind: '' };
  for (const [name, given] of Object.entries(value)) {
    // Go's decoder finds fields whatever the case of their letters is.
    const field = /^apiversion$/i.test(name) ? 'apiVersion' : /^kind$/i.test(name) ? 'kind' : undefined;
    if (field === undefined || given === null) continue;
    if (typeof given === 'string') {
      said[field] = given;
      continue;
    }
    throw unrecognized(
      expected.gvk.kind,
      `couldn't get version/kind; json parse error: ${notTextOfKind(field, given)}`,
      summarizeBody(bytes),
    );
  }
  return said;
}

/** The kind that the body says; parts it leaves out are the expected ones. */
function checkKind(
  value: JsonObject,
  expected: ExpectedKind,
  registry: ResourceRegistry,
  bytes: Uint8Array,
): GroupVersionKind {
  const said = saidKind(value, expected, bytes);
  const { apiVersion } = said;
  const kind = said.kind === '' ? expected.gvk.kind : said.kind;
  let gv = { group: expected.gvk.group, version: expected.gvk.version };
  if (apiVersion !== '') {
    try {
      gv = parseGroupVersion(apiVersion);
    } catch (error) {
      const message = messageOf(error);
      throw unrecognized(expected.gvk.kind, message, summarizeBody(bytes));
    }
  }
  const gvk = { ...gv, kind };
  if (isSameKind(gvk, expected.gvk)) return gvk;
  const text = otherKindText(value, gvk, expected.gvk, registry);
  const known = registry.findKind(gv.group, gv.version, kind);
  const isKnown = isUnservedKind(gvk) || (known !== undefined && !known.custom);
  if (isKnown && text.isConversion && isSameInternalKind(gvk, expected.gvk)) {
    throw badRequest(
      `the API version in the data (${formatGroupVersion(gvk)}) does not match the expected API version (${formatGroupVersion(expected.gvk)})`,
    );
  }
  throw cannotHandle(gvk, expected, text.message);
}

/** Whether two kinds are one. */
export function isSameKind(left: GroupVersionKind, right: GroupVersionKind): boolean {
  return left.kind === right.kind && left.group === right.group && left.version === right.version;
}

/** Whether two kinds are versions of one: of the same group, or of two that serve the same. */
function isSameInternalKind(left: GroupVersionKind, right: GroupVersionKind): boolean {
  if (left.kind !== right.kind) return false;
  const isEvent = [left.group, right.group].toSorted().join() === ',events.k8s.io' && left.kind === 'Event';
  return internalGroupOf(left) === internalGroupOf(right) || isEvent;
}

function cannotHandle(gvk: GroupVersionKind, expected: ExpectedKind, message: string): StatusError {
  return badRequest(
    `${gvk.kind} in version ${goQuote(gvk.version)} cannot be handled as a ${expected.gvk.kind}: ${message}`,
  );
}

function unrecognized(expectedKind: string, message: string, shownBody: string): StatusError {
  return badRequest(`the object provided is unrecognized (must be of type ${expectedKind}): ${message} (${shownBody})`);
}

/** The beginning of a body for a message: text when it looks like a JSON object, else hexadecimal. */
export function summarizeBody(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return '<empty>';
  const shown = Buffer.from(bytes.subarray(0, 30));
  const text = bytes[0] === 0x7b ? shown.toString('utf8') : shown.toString('hex');
  return bytes.byteLength > 30 ? `${text} ...` : text;
}
