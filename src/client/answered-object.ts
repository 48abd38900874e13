import { describeJsonKind, isJsonObject } from '../apimachinery/json.ts';
import { header } from '../apimachinery/http.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { StatusError } from '../apimachinery/status.ts';
import { jsonMediaType, mediaTypeOf } from './answer-media-type.ts';
import type { ClientResponse } from './client.ts';

/** An answer that is JSON and no object of the API; the message is that of the real decoder. */
export class NoObjectAnswerError extends Error {}

/**
 * The object in an answer's body: JSON that says its kind.
 * @throws NoObjectAnswerError, also for what says to be something else, as the page of a proxy does; JsonSyntaxError;
 * StatusError for a status that tells of no success
 */
export function answeredObject({ headers, body }: Pick<ClientResponse, 'headers' | 'body'>): Unstructured {
  const type = header(headers, 'content-type') ?? '';
  if (type !== jsonMediaType) {
    const media = mediaTypeOf(type);
    if (media !== jsonMediaType) throw new NoObjectAnswerError(`serializer for ${media} doesn't exist`);
  }
  const value = parseJson(body);
  if (value !== null && !isJsonObject(value)) {
    throw new NoObjectAnswerError(
      `json: cannot unmarshal ${describeJsonKind(value)} into Go value of type unstructured.detector`,
    );
  }
  const { kind, apiVersion } = value ?? {};
  const isVersion = typeof apiVersion !== 'string' || apiVersion.split('/').length <= 2;
  if (value === null || typeof kind !== 'string' || kind === '' || !isVersion) {
    throw new NoObjectAnswerError(`Object 'Kind' is missing in '${Buffer.from(body).toString('utf8').trimEnd()}'`);
  }
  if (kind === 'Status' && apiVersion === 'v1' && value['status'] !== 'Success') {
    throw new StatusError({ message: '', ...value });
  }
  return value as unknown as Unstructured;
}
