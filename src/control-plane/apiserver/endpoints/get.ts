import type { HttpResponse } from '../../../apimachinery/http.ts';
import { badRequest, notFound, StatusError } from '../../../apimachinery/status.ts';
import { isInitialized } from '../registry/initialization.ts';
import { isCached, requireRevision, revisionSyntaxText, tooLargeResourceVersion } from '../registry/listing.ts';
import { storedObjectResponse } from '../registry/output.ts';
import { checkTransform } from '../registry/table.ts';
import { parseRevision } from './request-options.ts';
import { answerObject, type Endpoint, hidesUninitialized, negotiateAnswer } from './endpoint.ts';

/** GET of one object. */
export async function handleGet(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, store } = endpoint;
  const format = negotiateAnswer(endpoint);
  refuseExport(endpoint);
  checkReadRevision(endpoint);
  const value = await store.getStored(endpoint.namespace, endpoint.name);
  if (hidesUninitialized(endpoint) && !isInitialized(store.decode(value))) {
    throw notFound(store.resource.groupResource, endpoint.name);
  }
  if (endpoint.view !== undefined) return answerObject(endpoint, format, 200, store.decode(value));
  checkTransform(store.resource, format, false);
  return storedObjectResponse(request, store, format, value);
}

/** Objects "as somebody would write them" are no longer given. @throws StatusError 400 */
function refuseExport({ request }: Endpoint): void {
  const asked = request.query.get('export');
  if (asked === null || ['0', 'false'].includes(asked.toLowerCase())) return;
  throw badRequest('the export parameter, deprecated since v1.14, is no longer supported');
}

/** A read "not older than" a revision that is not reached yet cannot be answered. @throws StatusError 400, 500, 504 */
export function checkReadRevision(endpoint: Endpoint): void {
  const asked = endpoint.request.query.get('resourceVersion') ?? '';
  if (asked === '' || asked === '0') return;
  const current = endpoint.store.storage.currentRevision();
  const isCacheRead = isCached(endpoint.resource);
  const revision = isCacheRead ? parseRevision(asked) : requireRevision(asked);
  if (revision === undefined) throw new StatusError({ message: revisionSyntaxText(asked), code: 500 });
  if (revision > current) throw tooLargeResourceVersion(asked, current, isCacheRead ? 1 : 0);
}
