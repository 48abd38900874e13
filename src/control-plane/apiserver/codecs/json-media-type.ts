import { goQuote } from '../../../apimachinery/field-error.ts';
import { JsonSyntaxError, parseJson, stringifyJson } from '../../../apimachinery/json-codec.ts';
import { summarizeBody } from '../decoding/object-body.ts';
import { BodySyntaxError, type MediaTypeCodec } from '../negotiation.ts';

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
  encode: (object, pretty) => Buffer.from(pretty ? indented(object) : `${stringifyJson(object)}\n`),
  decode(body) {
    const strictErrors: string[] = [];
    try {
      const onDuplicateKey = (path: readonly (string | number)[]): void => {
        const error = `duplicate field ${goQuote(formatJsonPath(path))}`;
        if (!strictErrors.includes(error)) strictErrors.push(error);
      };
      return { value: parseJson(body, { onDuplicateKey }), strictErrors };
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      const message = `couldn't get version/kind; json parse error: ${error.message}`;
      throw new BodySyntaxError(message, summarizeBody(body));
    }
  },
  encodeEvent: (type, object) => Buffer.from(`${stringifyJson({ type, object })}\n`),
};

/** Two spaces a level, as the real server indents; numbers beyond 2^53 keep their digits. */
function indented(object: unknown): string {
  const large: string[] = [];
  const text = JSON.stringify(
    object,
    (_key, value: unknown) => {
      if (typeof value !== 'bigint') return value;
      large.push(value.toString());
      return `\u0000${large.length - 1}\u0000`;
    },
    2,
  );
  return text.replace(/"\\u0000(\d+)\\u0000"/g, (_match, index: string) => large[Number(index)] ?? '0');
}
