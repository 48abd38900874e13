import { goQuote } from '../../../apimachinery/field-error.ts';
import { quoteGoText } from '../../../apimachinery/go-quote.ts';
import { mostNesting } from '../../../apimachinery/json.ts';
import { indentJson, JsonSyntaxError, parseJson, unreadableNumber } from '../../../apimachinery/json-codec.ts';
import { formatJsonPath } from '../../../apimachinery/json-path-text.ts';
import { notingLiterals } from '../../../apimachinery/number-literals.ts';
import { summarizeBody } from '../decoding/object-body.ts';
import { BodySyntaxError, type DecodedBody, type MediaTypeCodec } from '../negotiation.ts';
import { writeObjectJson } from './object-json.ts';
import { withRawTexts } from './raw-fields.ts';

/** `application/json`. Watches are one JSON document a line. */
export const jsonCodec: MediaTypeCodec = {
  mediaType: 'application/json',
  streamType: 'application/json',
  isJson: true,
  encode(object, pretty) {
    const text = writeObjectJson(object);
    return Buffer.from(pretty ? indentJson(text) : `${text}\n`);
  },
  decode(body) {
    try {
      return decodeJson(body);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      const message = `couldn't get version/kind; json parse error: ${error.message}`;
      throw new BodySyntaxError(message, summarizeBody(body));
    }
  },
  encodeEvent: (type, object) => Buffer.from(`{"type":"${type}","object":${writeObjectJson(object)}}\n`),
};

function decodeJson(body: Uint8Array): DecodedBody {
  refuseOtherEncodings(body);
  const strictErrors: string[] = [];
  const literals = new Map<string, string>();
  const note = notingLiterals(literals);
  let hugeNumber: string | undefined;
  const value = parseJson(body, {
    maxDepth: mostNesting,
    onDuplicateKey(path) {
      const error = `duplicate field ${goQuote(formatJsonPath(path))}`;
      if (!strictErrors.includes(error)) strictErrors.push(error);
    },
    onNumber(path, literal) {
      note(path, literal);
      if (!Number.isFinite(Number(literal))) hugeNumber ??= unreadableNumber(literal);
    },
    keepsInfinity: true,
  });
  return {
    value: withRawTexts(value, body),
    strictErrors,
    places: () => complaintPlaces(body),
    ...(literals.size === 0 ? {} : { numberLiterals: () => literals }),
    ...(hugeNumber === undefined ? {} : { hugeNumber }),
    ...(strictErrors.length === 0
      ? {}
      : {
          typedValue: () => parseJson(body, { mergesDuplicates: true, keepsInfinity: true }),
          firstValue: () => parseJson(body, { keepsFirst: true, keepsInfinity: true }),
        }),
  };
}

/**
 * JSON is UTF-8 without a byte order mark; other encodings begin with bytes that no JSON begins with.
 * @throws JsonSyntaxError with the byte as Go shows it
 */
export function refuseOtherEncodings(body: Uint8Array): void {
  const first = body[0] ?? 0;
  if (first < 0x80) return;
  const shown = quoteGoText(String.fromCharCode(first), "'");
  throw new JsonSyntaxError(`invalid character ${shown} looking for beginning of value`, 0);
}

/** Where fields are told of: the first time that an unknown one is there, the second time of one that is there twice. */
function complaintPlaces(body: Uint8Array): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  parseJson(body, {
    onMember(path, offset) {
      const field = goQuote(formatJsonPath(path));
      const complaint = `${places.has(`unknown field ${field}`) ? 'duplicate' : 'unknown'} field ${field}`;
      if (!places.has(complaint)) places.set(complaint, offset);
    },
  });
  return places;
}
