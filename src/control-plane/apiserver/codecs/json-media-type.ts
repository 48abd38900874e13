import { goQuote } from '../../../apimachinery/field-error.ts';
import { indentJson, JsonSyntaxError, parseJson } from '../../../apimachinery/json-codec.ts';
import { summarizeBody } from '../decoding/object-body.ts';
import { BodySyntaxError, type MediaTypeCodec } from '../negotiation.ts';
import { writeObjectJson } from './object-json.ts';

/** `a.b[0].c` of a path of keys and positions. */
export function formatJsonPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

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
    const strictErrors: string[] = [];
    try {
      const onDuplicateKey = (path: readonly (string | number)[]): void => {
        const error = `duplicate field ${goQuote(formatJsonPath(path))}`;
        if (!strictErrors.includes(error)) strictErrors.push(error);
      };
      return { value: parseJson(body, { onDuplicateKey }), strictErrors, places: () => complaintPlaces(body) };
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      const message = `couldn't get version/kind; json parse error: ${error.message}`;
      throw new BodySyntaxError(message, summarizeBody(body));
    }
  },
  encodeEvent: (type, object) => Buffer.from(`{"type":"${type}","object":${writeObjectJson(object)}}\n`),
};

/** The first time that a field is there it may be unknown, the second time it is there twice. */
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
