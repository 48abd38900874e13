import { describeJsonKind, isJsonObject } from '../apimachinery/json.ts';
import { header } from '../apimachinery/http.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { ClientResponse } from './client.ts';

/** An answer that is JSON and no object of the API; the message is that of the real decoder. */
export class NoObjectAnswerError extends Error {}

const decodedTypes: ReadonlySet<string> = new Set([
  'application/json',
  'application/yaml',
  'application/cbor',
  'application/vnd.kubernetes.protobuf',
]);

/**
 * The object in an answer's body: JSON that says its kind.
 * @throws NoObjectAnswerError, also for what says to be something else, as the page of a proxy does; JsonSyntaxError
 */
export function answeredObject({ headers, body }: Pick<ClientResponse, 'headers' | 'body'>): Unstructured {
  const type = header(headers, 'content-type') ?? '';
  if (type !== '' && !decodedTypes.has((type.split(';')[0] ?? '').trim().toLowerCase())) {
    throw new NoObjectAnswerError(`serializer for ${type} doesn't exist`);
  }
  const value = parseJson(body);
  if (isJsonObject(value) && (value['kind'] ?? '') !== '') return value as unknown as Unstructured;
  if (value !== null && !isJsonObject(value)) {
    throw new NoObjectAnswerError(
      `json: cannot unmarshal ${describeJsonKind(value)} into Go value of type unstructured.detector`,
    );
  }
  throw new NoObjectAnswerError(`Object 'Kind' is missing in '${Buffer.from(body).toString('utf8').trimEnd()}'`);
}
