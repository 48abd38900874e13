import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { formatGroupVersion, type GroupVersionKind } from '../../../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { summarizeBody } from '../decoding/object-body.ts';
import { BodyContentError, BodySyntaxError, type MediaTypeCodec, notAcceptable } from '../negotiation.ts';
import { jsonCodec } from './json-media-type.ts';
import { ProtobufError, readFieldsByNumber, readMessage, readOrRefuse, writeMessage } from './protobuf-message.ts';
import { builtInTypeIndex, type TypeIndex } from './type-index.ts';
import { yamlCodec } from './yaml-media-type.ts';

/** What stands before every message: `k8s` and a zero byte. */
const prefix = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

const mediaType = 'application/vnd.kubernetes.protobuf';

/**
 * `application/vnd.kubernetes.protobuf`, for the types of an index: a message in an envelope (runtime.Unknown) that names
 * its kind. Watches are messages with their length before them.
 */
export function protobufCodecFor({ typeOfKind, schemas }: TypeIndex): MediaTypeCodec {
  const message = (apiVersion: string, kind: string, object: JsonObject): Uint8Array => {
    const type = typeOfKind(apiVersion, kind);
    // Custom resources and Tables have no form in protobuf.
    if (type === undefined) throw notAcceptable([jsonCodec.mediaType, yamlCodec.mediaType, mediaType]);
    return writeMessage(object, type, schemas);
  };
  const encode = (object: unknown): Uint8Array => {
    const value = isJsonObject(object) ? object : {};
    const apiVersion = textOf(value['apiVersion']);
    const kind = textOf(value['kind']);
    return Buffer.concat(envelope(apiVersion, kind, [message(apiVersion, kind, value)]));
  };
  return {
    mediaType,
    streamType: `${mediaType};stream=watch`,
    isJson: false,
    encode,
    lists: {
      item: (apiVersion, kind, object) => message(apiVersion, kind, object as unknown as JsonObject),
      list(apiVersion, kind, metadata, items) {
        const whole = message(apiVersion, kind, { metadata: metadata as JsonObject });
        return envelope(apiVersion, kind, [whole, ...items.flatMap((item) => [itemHead(item.byteLength), item])]);
      },
    },
    decode(body, wanted) {
      try {
        const { raw, ...said } = openEnvelope(body);
        const { apiVersion, kind } = wanted === undefined ? said : completed(said, wanted);
        const type = typeOfKind(apiVersion, kind);
        // Who knows what was expected refuses a kind that there is not.
        if (type === undefined) return { value: { apiVersion, kind }, strictErrors: [] };
        const fields = inKind(apiVersion, kind, () => readMessage(raw, type, schemas));
        return { value: { apiVersion, kind, ...fields }, strictErrors: [] };
      } catch (error) {
        if (!(error instanceof ProtobufError)) throw error;
        throw new BodySyntaxError(error.message, summarizeBody(body));
      }
    },
    encodeEvent: (type, object) => frameEvent(type, encode(object)),
  };
}

/** The codec of the types that every server has. */
export const protobufCodec = protobufCodecFor(builtInTypeIndex);

function frameEvent(type: string, object: Uint8Array): Uint8Array {
  const event = new BinaryWriter();
  event.tag(1, WireType.LengthDelimited).string(type);
  event.tag(2, WireType.LengthDelimited).fork();
  event.tag(1, WireType.LengthDelimited).bytes(object);
  event.join();
  const bytes = event.finish();
  const frame = Buffer.alloc(4 + bytes.byteLength);
  frame.writeUInt32BE(bytes.byteLength);
  frame.set(bytes, 4);
  return frame;
}

/** Reads a message of a known kind, which its errors then tell. */
function inKind(apiVersion: string, kind: string, read: () => JsonObject): JsonObject {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtobufError) throw new BodyContentError(error.message, apiVersion, kind);
    throw error;
  }
}

/** What an envelope leaves out of its kind is what was wanted. */
function completed(said: { apiVersion: string; kind: string }, wanted: GroupVersionKind): typeof said {
  return {
    apiVersion: said.apiVersion === '' ? formatGroupVersion(wanted) : said.apiVersion,
    kind: said.kind === '' ? wanted.kind : said.kind,
  };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** What stands before each item of a list: their field is the second of every list, behind metadata. */
function itemHead(length: number): Uint8Array {
  return new BinaryWriter().tag(2, WireType.LengthDelimited).uint32(length).finish();
}

/** runtime.Unknown: the kind, the message, and two texts that are always empty. @param message its pieces */
function envelope(apiVersion: string, kind: string, message: readonly Uint8Array[]): readonly Uint8Array[] {
  const head = new BinaryWriter().raw(prefix);
  head.tag(1, WireType.LengthDelimited).fork();
  head.tag(1, WireType.LengthDelimited).string(apiVersion);
  head.tag(2, WireType.LengthDelimited).string(kind);
  head.join();
  head.tag(2, WireType.LengthDelimited).uint32(message.reduce((sum, { byteLength }) => sum + byteLength, 0));
  const tail = new BinaryWriter();
  tail.tag(3, WireType.LengthDelimited).string('');
  tail.tag(4, WireType.LengthDelimited).string('');
  return [head.finish(), ...message, tail.finish()];
}

function openEnvelope(body: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  if (body.byteLength === 0) throw new ProtobufError('empty data');
  if (body.byteLength < prefix.byteLength || !prefix.equals(body.subarray(0, prefix.byteLength))) {
    throw new ProtobufError(
      `provided data does not appear to be a protobuf message, expected prefix [${[...prefix].join(' ')}]`,
    );
  }
  if (body.byteLength === prefix.byteLength) throw new ProtobufError('empty body');
  const unknown = readUnknown(body.subarray(prefix.byteLength));
  return { ...unknown.typeMeta, raw: unknown.raw };
}

function readUnknown(bytes: Uint8Array): { typeMeta: { apiVersion: string; kind: string }; raw: Uint8Array } {
  const typeMeta = { apiVersion: '', kind: '' };
  let raw: Uint8Array = new Uint8Array();
  const reader = new BinaryReader(bytes);
  readOrRefuse(() =>
    readFieldsByNumber(reader, {
      1() {
        const inner = new BinaryReader(reader.bytes());
        readFieldsByNumber(inner, {
          1: () => (typeMeta.apiVersion = inner.string()),
          2: () => (typeMeta.kind = inner.string()),
        });
      },
      2: () => (raw = reader.bytes()),
    }),
  );
  return { typeMeta, raw };
}
