import { describeJsonKind, isJsonObject } from '../apimachinery/json.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';

/** An answer that is JSON and no object of the API; the message is that of the real decoder. */
export class NoObjectAnswerError extends Error {}

/**
 * The object in an answer's body: JSON that says its kind.
 * @throws NoObjectAnswerError, JsonSyntaxError
 */
export function answeredObject(body: Uint8Array): Unstructured {
  const value = parseJson(body);
  if (isJsonObject(value) && (value['kind'] ?? '') !== '') return value as unknown as Unstructured;
  if (value !== null && !isJsonObject(value)) {
    throw new NoObjectAnswerError(
      `json: cannot unmarshal ${describeJsonKind(value)} into Go value of type unstructured.detector`,
    );
  }
  throw new NoObjectAnswerError(`Object 'Kind' is missing in '${Buffer.from(body).toString('utf8').trimEnd()}'`);
}
