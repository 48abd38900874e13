import type { HttpResponse } from '../../../apimachinery/http.ts';
import { notFound } from '../../../apimachinery/status.ts';
import { negotiateOutput } from '../negotiation.ts';
import { isInitialized } from '../registry/initialization.ts';
import { requireRevision, tooLargeResourceVersion } from '../registry/listing.ts';
import { storedObjectResponse } from '../registry/output.ts';
import { checkTransform } from '../registry/table.ts';
import { answerObject, type Endpoint, hidesUninitialized } from './endpoint.ts';

/** GET of one object. */
export async function handleGet(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, store } = endpoint;
  const format = negotiateOutput(request, server.codecs, { transforms: true });
  checkReadRevision(endpoint);
  const value = await store.getStored(endpoint.namespace, endpoint.name);
  if (hidesUninitialized(endpoint) && !isInitialized(store.decode(value))) {
    throw notFound(store.resource.groupResource, endpoint.name);
  }
  if (endpoint.view !== undefined) return answerObject(endpoint, format, 200, store.decode(value));
  checkTransform(store.resource, format, false);
  return storedObjectResponse(request, store, format, value);
}

/** A read "not older than" a revision that is not reached yet cannot be answered. @throws StatusError 400, 504 */
export function checkReadRevision(endpoint: Endpoint): void {
  const asked = endpoint.request.query.get('resourceVersion') ?? '';
  if (asked === '' || asked === '0') return;
  const current = endpoint.store.storage.currentRevision();
  if (requireRevision(asked) > current) throw tooLargeResourceVersion(asked, current, 1);
}
