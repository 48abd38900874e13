import { goQuote } from '../field-error.ts';
import { formatGroupVersion, type GroupVersionKind, parseGroupVersion } from '../gvk.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue, notAnObjectText } from '../json.ts';
import { JsonSyntaxError, parseJson } from '../json-codec.ts';
import { notingLiterals } from '../number-literals.ts';
import type { OpenApiTypes } from '../openapi-schema.ts';
import type { Schema } from '../schema.ts';
import { TypedDecodeError } from './typed-decode-error.ts';
import { decodeTyped } from './typed-decoder.ts';

/** JSON that should be an object of a known type. */
export interface TypedDocument {
  readonly value: JsonValue;
  /** How messages show it. */
  readonly text: () => string;
  /** Numbers that are not written as plain integers, by their path. */
  readonly numberLiterals?: ReadonlyMap<string, string>;
}

/** What an object says it is; its version is empty where it says none. */
export interface TypedHead extends GroupVersionKind {
  readonly apiVersion: string;
}

const undecodable = "couldn't get version/kind; json parse error: ";

/** Reads JSON as Go's decoder of typed objects does. @throws TypedDecodeError for text that is none */
export function parseTypedDocument(body: string | Uint8Array): TypedDocument {
  const numberLiterals = new Map<string, string>();
  const isMarked = typeof body === 'string' ? body.startsWith('\ufeff') : body[0] === 0xef && body[1] === 0xbb;
  if (isMarked) throw new TypedDecodeError(`${undecodable}invalid character '\\ufeff' looking for beginning of value`);
  try {
    const value = parseJson(body, {
      onNumber: notingLiterals(numberLiterals),
    });
    const text = (): string => (typeof body === 'string' ? body : Buffer.from(body).toString('utf8')).trimEnd();
    return { value, text, numberLiterals };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    // What is read first is read by the newer of Go's two decoders.
    const reason = error.message.replace(
      /^invalid character '(.+)' in string escape code$/,
      (_all, character: string) => `invalid escape sequence \`\\${character}\` in string`,
    );
    throw new TypedDecodeError(`${undecodable}${reason}`);
  }
}

/**
 * What a document says it is.
 * @param wanted the kind of what it is read into, which counts where it does not say
 * @throws TypedDecodeError
 */
export function headOfTyped({ value, text }: TypedDocument, wanted?: TypedHead): TypedHead {
  if (value !== null && !isJsonObject(value)) throw new TypedDecodeError(`${undecodable}${notAnObjectText(value)}`);
  const said = { apiVersion: '', kind: '' };
  for (const [field, given] of Object.entries(value ?? {})) {
    if ((field !== 'apiVersion' && field !== 'kind') || given === null) continue;
    if (typeof given === 'string') said[field] = given;
    else throw new TypedDecodeError(`${undecodable}${misfit(given, `Go struct field .${field}`)}`);
  }
  let { group, version } = readVersion(said.apiVersion);
  if (wanted !== undefined && version === '' && (group === '' || group === wanted.group)) ({ group, version } = wanted);
  const kind = said.kind === '' ? (wanted?.kind ?? '') : said.kind;
  if (kind === '') throw new TypedDecodeError(`Object 'Kind' is missing in '${text()}'`);
  if (version === '') throw new TypedDecodeError(`Object 'apiVersion' is missing in '${text()}'`);
  return { group, version, kind, apiVersion: formatGroupVersion({ group, version }) };
}

function readVersion(apiVersion: string): { group: string; version: string } {
  if (apiVersion.split('/').length > 2) {
    throw new TypedDecodeError(`unexpected GroupVersion string: ${apiVersion}`);
  }
  return parseGroupVersion(apiVersion);
}

function misfit(value: JsonValue, where: string): string {
  return `json: cannot unmarshal ${describeJsonKind(value)} into ${where} of type string`;
}

/** A kind that no type is known for. */
export class UnregisteredKindError extends TypedDecodeError {
  constructor({ kind, apiVersion }: TypedHead, scheme: string) {
    super(`no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme ${goQuote(scheme)}`);
  }
}

/**
 * Reads a document into the type of its kind: itself where it fits, without the fields that the type does not have.
 * @param types what knows the kind; undefined where nobody does
 * @throws TypedDecodeError, UnregisteredKindError
 */
export function decodeTypedDocument(
  { value, numberLiterals }: TypedDocument,
  head: TypedHead,
  types: OpenApiTypes | undefined,
  scheme: string,
): JsonObject {
  const { group, version, kind, apiVersion } = head;
  if (kind === 'List' && apiVersion === 'v1' && types !== undefined) return decodeList(value, head, types);
  const name = types?.nameOf(group, version, kind);
  if (types === undefined || name === undefined) throw new UnregisteredKindError(head, scheme);
  const given = isJsonObject(value) ? value : {};
  const { object, unknownFields } = decodeTyped(
    given,
    name,
    types,
    numberLiterals === undefined ? {} : { numberLiterals },
  );
  const { metadata, ...fields } = unknownFields.length === 0 ? given : object;
  return { ...fields, kind, apiVersion, metadata: metadata ?? {} };
}

const listType = 'io.k8s.api.core.v1.List';
const listSchema: Schema = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    items: { type: 'array', items: { ref: 'io.k8s.apimachinery.pkg.runtime.RawExtension' } },
    kind: { type: 'string' },
    metadata: { ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta' },
  },
};

/** A list of objects of any kind, which is not published. */
function decodeList(value: JsonValue, { kind, apiVersion }: TypedHead, types: OpenApiTypes): JsonObject {
  const lookup = (name: string): Schema | undefined => (name === listType ? listSchema : types.lookup(name));
  const { metadata, ...fields } = decodeTyped(isJsonObject(value) ? value : {}, listType, { lookup }).object;
  return { ...fields, kind, apiVersion, metadata: metadata ?? {} };
}
