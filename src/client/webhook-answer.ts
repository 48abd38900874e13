import type { HttpResponse } from '../apimachinery/http.ts';
import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import { JsonSyntaxError, parseJson } from '../apimachinery/json-codec.ts';

const undecodable = "couldn't get version/kind; json parse error: ";

/** More than any review needs; who sends more means harm. */
const maxAnswerBytes = 10 * 1024 * 1024;

/** Takes in the body of a webhook's answer. @throws Error when it goes on and on */
export async function readWebhookAnswer(
  body: HttpResponse['body'] | AsyncIterable<Uint8Array>,
  maxBytes = maxAnswerBytes,
): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads what a webhook answers. @throws Error for what is no JSON object, in client-go's words */
export function parseWebhookAnswer(bytes: Uint8Array): JsonObject {
  try {
    const value = parseJson(bytes);
    if (isJsonObject(value)) return value;
    throw wrongType(Array.isArray(value) ? 'array' : typeof value === 'bigint' ? 'number' : typeof value);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    // What does not even begin as JSON is read as YAML there, to which almost any text is a string.
    const isOther = /^\s*[^\s{["]/.test(Buffer.from(bytes).toString('utf8'));
    throw isOther ? wrongType('string') : new Error(`${undecodable}${error.message}`, { cause: error });
  }
}

function wrongType(found: string): Error {
  const wanted =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  return new Error(`${undecodable}json: cannot unmarshal ${found} into Go value of type ${wanted}`);
}
