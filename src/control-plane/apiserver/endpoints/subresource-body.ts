import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import {
  decodeObject,
  parseBody,
  readLimitedBody,
  summarizeBody,
  type ExpectedKind,
  type FieldValidation,
} from '../decoding/object-body.ts';
import { negotiateInput } from '../negotiation.ts';
import { addWarning } from '../request-context.ts';
import { matchNamespace, type Endpoint } from './endpoint.ts';

/** The body of a subresource that speaks a kind of its own (binding, eviction, token). */
export async function readSubresourceBody(
  endpoint: Endpoint,
  expected: ExpectedKind,
  fieldValidation: FieldValidation,
): Promise<Unstructured> {
  const { request, server, resource } = endpoint;
  const codec = negotiateInput(request, server.codecs);
  const bytes = await readLimitedBody(request.http);
  const object = decodeObject(
    parseBody(codec, bytes, expected.gvk.kind),
    resource,
    expected,
    server.registry,
    fieldValidation,
    (text) => addWarning(request, text),
    () => summarizeBody(bytes),
  );
  matchNamespace(endpoint, object);
  request.audit?.requestObject(object);
  return object;
}
