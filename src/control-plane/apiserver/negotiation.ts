import { booleanOf } from '../../apimachinery/boolean.ts';
import type { GroupVersionKind } from '../../apimachinery/gvk.ts';
import { header } from '../../apimachinery/http.ts';
import type { JsonValue } from '../../apimachinery/json.ts';
import type { ListMeta, Unstructured } from '../../apimachinery/object-meta.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { ApiRequest } from './request-context.ts';

/** A request body that was read. */
export interface DecodedBody {
  readonly value: JsonValue;
  /** What strict reading complains about (`duplicate field "a.b"`), in order. */
  readonly strictErrors: readonly string[];
  /** The value as a built-in type reads it, where that differs: what stands twice is read into the same field. */
  readonly typedValue?: () => JsonValue;
  /** The value with the first ones of what stands twice, which a built-in type reads, too, where there are such. */
  readonly firstValue?: () => JsonValue;
  /** What is wrong with a number that is infinite in the value, for whoever has to keep it. */
  readonly hugeNumber?: string;
  /** Numbers that are not written as plain integers, by their path (`spec.ports[0].port`), as they are written. */
  readonly numberLiterals?: () => ReadonlyMap<string, string>;
  /** Where in the document a complaint about a field (`unknown field "a.b"`) comes up, where that can be told. */
  readonly places?: () => ReadonlyMap<string, number>;
}

/** How one media type is read and written. The table of these is what content negotiation works on. */
export interface MediaTypeCodec {
  readonly mediaType: string;
  /** Whether stored JSON may be sent as it is. */
  readonly isJson: boolean;
  /** Writes an object (with apiVersion and kind) or a list. */
  encode(object: unknown, pretty: boolean): Uint8Array;
  /**
   * @param wanted the kind that bytes are of which do not say theirs
   * @throws BodySyntaxError when the bytes are not of this media type.
   */
  decode(body: Uint8Array, wanted?: GroupVersionKind): DecodedBody;
  /** For lists whose items are encoded one by one; absent where a list is encoded as a whole. */
  readonly lists?: ListEncoder;
  /** One frame of a watch; absent for media types that cannot stream. */
  encodeEvent?(type: string, object: unknown): Uint8Array;
  /** Content-Type of a watch. */
  readonly streamType?: string;
}

/** Puts lists together of items that are encoded already. */
export interface ListEncoder {
  /** @param kind of the item, as it is served; what the object itself says of it is not looked at */
  item(apiVersion: string, kind: string, object: Unstructured): Uint8Array;
  /** The pieces of a list. @param kind of the list */
  list(apiVersion: string, kind: string, metadata: ListMeta, items: readonly Uint8Array[]): Iterable<Uint8Array>;
}

/** Thrown by a codec: text for the client, and the bytes as the real server shows them. */
export class BodySyntaxError extends Error {
  readonly shownBody: string;

  constructor(message: string, shownBody: string) {
    super(message);
    this.name = 'BodySyntaxError';
    this.shownBody = shownBody;
  }
}

/** Thrown by a codec that can tell a body's kind, for what is wrong with the rest of it. */
export class BodyContentError extends Error {
  readonly apiVersion: string;
  readonly kind: string;

  constructor(message: string, apiVersion: string, kind: string) {
    super(message);
    this.name = 'BodyContentError';
    this.apiVersion = apiVersion;
    this.kind = kind;
  }
}

/** What the client accepts: a codec, and perhaps a Table or PartialObjectMetadata instead of the object. */
export interface OutputFormat {
  readonly codec: MediaTypeCodec;
  readonly pretty: boolean;
  /** `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`, or empty for the object itself. */
  readonly as: '' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** Version of meta.k8s.io that `as` speaks. */
  readonly asVersion: string;
}

interface AcceptClause {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Which other forms of an object there are: none, its metadata alone, or a Table besides. */
export type Transforms = 'none' | 'metadata' | 'all';

/** What can be asked for. */
export interface NegotiationOptions {
  /** None when absent. */
  readonly transforms?: Transforms;
  /** Custom objects have no form in protobuf; their metadata have one. */
  readonly isCustom?: boolean;
}

/**
 * Picks the codec for the answer by the Accept header: of what is asked for, the best that there is, so that who asks
 * for protobuf and for JSON besides gets custom objects in JSON.
 * @throws StatusError 406
 */
export function negotiateOutput(
  request: ApiRequest,
  codecs: readonly MediaTypeCodec[],
  options: NegotiationOptions = {},
): OutputFormat {
  const accept = header(request.headers, 'accept') ?? '';
  const fallback = codecs[0];
  if (fallback === undefined) throw new Error('the server has no media types');
  const pretty = wantsPretty(request);
  if (accept === '') return { codec: fallback, pretty, as: '', asVersion: '' };
  for (const clause of parseAccept(accept)) {
    const codec = codecs.find(({ mediaType }) => matchesMediaType(clause, mediaType));
    if (codec === undefined) continue;
    const target = transformOf(clause, codec, options);
    if (target === undefined) continue;
    const clausePretty = clause.parameters.get('pretty');
    return { codec, pretty: clausePretty === undefined ? pretty : clausePretty === '1', ...target };
  }
  throw notAcceptable(codecs.map(({ mediaType }) => mediaType));
}

/** Refuses a form that answers can have, and events cannot. @throws StatusError 406 */
export function requireStreamable({ codec }: OutputFormat, codecs: readonly MediaTypeCodec[]): void {
  if (codec.encodeEvent === undefined) throw notAcceptable(streamsOf(codecs));
}

/** The media types that watches can have. */
function streamsOf(codecs: readonly MediaTypeCodec[]): string[] {
  return codecs.filter((codec) => codec.encodeEvent !== undefined).map(({ mediaType }) => `${mediaType};stream=watch`);
}

/**
 * Refuses an Accept header none of whose media types (parameters aside) is served, before any endpoint looks at it:
 * the web framework of the real server does so in words of its own, and knows no `application/*`.
 * @throws StatusError 406
 */
export function requireAcceptable(request: ApiRequest, codecs: readonly MediaTypeCodec[], isCollection: boolean): void {
  const served = codecs.map((codec) => codec.mediaType);
  requireMediaType(request, served, isCollection ? streamsOf(codecs) : []);
}

/** The same for a path of its own. @param besides what is named to those who ask for something else. @throws StatusError 406 */
export function requireMediaType(
  request: ApiRequest,
  served: readonly string[],
  besides: readonly string[] = [],
): void {
  const accept = header(request.headers, 'accept') ?? '';
  if (accept === '') return;
  const asked = accept.split(',').map((clause) => (clause.split(';')[0] ?? '').trim());
  if (asked.some((mediaType) => mediaType === '*/*' || served.includes(mediaType))) return;
  const shown = [...served, ...besides];
  throw new StatusError({
    message: `406: Not Acceptable\n\nAvailable representations: ${shown.join(', ')}`,
    reason: 'NotAcceptable',
    details: {},
    code: 406,
  });
}

/**
 * The codec and format for error answers: what Accept asks for when that works, else indented JSON. Errors are neither
 * tables nor metadata, so an Accept header that asks for nothing else does not work.
 */
export function errorFormat(request: ApiRequest, codecs: readonly MediaTypeCodec[]): OutputFormat {
  try {
    return negotiateOutput(request, codecs);
  } catch {
    return { codec: firstCodec(codecs), pretty: true, as: '', asVersion: '' };
  }
}

/** Picks the codec for the body by Content-Type; JSON when there is none. @throws StatusError 415 */
export function negotiateInput(request: ApiRequest, codecs: readonly MediaTypeCodec[]): MediaTypeCodec {
  const contentType = header(request.headers, 'content-type') ?? '';
  if (contentType === '') return firstCodec(codecs);
  const mediaType = mediaTypeOf(contentType);
  const codec = hasReadableParameters(contentType)
    ? codecs.find((candidate) => candidate.mediaType === mediaType)
    : undefined;
  if (codec === undefined) throw unsupportedMediaType(codecs.map((candidate) => candidate.mediaType));
  return codec;
}

/** Whether the parameters of a media type are `name=value` each (RFC 2045), none twice; a semicolon may end them. */
function hasReadableParameters(contentType: string): boolean {
  if (!contentType.includes(';')) return true;
  if (!/^[^;]*(;\s*[^\s;=]+=("(?:[^"\\]|\\.)*"|[^\s;"]+)\s*)*(;\s*)?$/.test(contentType)) return false;
  const names = [...contentType.matchAll(/;\s*([^\s;=]+)="?/g)].map(([, name = '']) => name.toLowerCase());
  return new Set(names).size === names.length;
}

/** A Content-Type without its parameters, lower case. */
export function mediaTypeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

/** 415 with the list of what is accepted. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError({
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    reason: 'UnsupportedMediaType',
    code: 415,
  });
}

/** 406 with the list of what is served. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return new StatusError({
    message: `only the following media types are accepted: ${accepted.join(', ')}`,
    reason: 'NotAcceptable',
    code: 406,
  });
}

function firstCodec(codecs: readonly MediaTypeCodec[]): MediaTypeCodec {
  const first = codecs[0];
  if (first === undefined) throw new Error('the server has no media types');
  return first;
}

/** Browsers, curl and wget get indented JSON unless they say otherwise. */
export function wantsPretty(request: ApiRequest): boolean {
  const asked = request.query.get('pretty') ?? '';
  if (asked !== '') return booleanOf(asked) === true;
  return /^(curl|Wget|Mozilla\/5\.0)/.test(header(request.headers, 'user-agent') ?? '');
}

function parseAccept(accept: string): AcceptClause[] {
  const clauses: AcceptClause[] = [];
  for (const text of accept.split(',')) {
    const [range = '', ...parameterTexts] = text.split(';').map((part) => part.trim());
    const [type = '', subtype = ''] = range.split('/');
    if (type === '') continue;
    const parameters = new Map<string, string>();
    for (const parameter of parameterTexts) {
      const separator = parameter.indexOf('=');
      if (separator > 0) parameters.set(parameter.slice(0, separator).toLowerCase(), parameter.slice(separator + 1));
    }
    const quality = Number(parameters.get('q') ?? '1');
    clauses.push({ type, subtype, quality: Number.isFinite(quality) ? quality : 0, parameters });
  }
  return clauses.sort((left, right) => precedence(right) - precedence(left));
}

/** By quality, then the more specific first; the sort keeps the client's order among equals. */
function precedence(clause: AcceptClause): number {
  let specific = 2;
  if (clause.type === '*') specific = 0;
  else if (clause.subtype === '*') specific = 1;
  return clause.quality * 10 + specific;
}

function matchesMediaType(clause: AcceptClause, mediaType: string): boolean {
  const [type, subtype] = mediaType.split('/');
  if (clause.type === '*') return clause.subtype === '*' || clause.subtype === '';
  return clause.type === type && (clause.subtype === '*' || clause.subtype === subtype);
}

/** What `as`, `g` and `v` ask for; undefined when that is nothing that the codec can make. */
function transformOf(
  { parameters }: AcceptClause,
  codec: MediaTypeCodec,
  { transforms = 'none', isCustom = false }: NegotiationOptions,
): { readonly as: OutputFormat['as']; readonly asVersion: string } | undefined {
  const stream = parameters.get('stream') ?? '';
  if (stream !== '' && (stream !== 'watch' || codec.encodeEvent === undefined)) return undefined;
  const isProtobuf = codec.mediaType === 'application/vnd.kubernetes.protobuf';
  if (!['as', 'g', 'v'].some((name) => parameters.has(name))) {
    return isCustom && isProtobuf ? undefined : { as: '', asVersion: '' };
  }
  if (transforms === 'none' || parameters.get('g') !== 'meta.k8s.io') return undefined;
  const as = parameters.get('as') ?? '';
  const version = parameters.get('v') ?? '';
  if (version !== 'v1' && version !== 'v1beta1') return undefined;
  if (as === 'Table') return transforms === 'all' && !isProtobuf ? { as, asVersion: version } : undefined;
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { as, asVersion: version };
  return undefined;
}
