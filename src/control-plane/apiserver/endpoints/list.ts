import type { HttpResponse } from '../../../apimachinery/http.ts';
import { readList, unreadableCache } from '../registry/listing.ts';
import { listResponse } from '../registry/output.ts';
import { parseSelection } from '../registry/selection.ts';
import { checkTransform } from '../registry/table.ts';
import { type Endpoint, visibleSelection, negotiateAnswer } from './endpoint.ts';
import { parseIncludeObject, parseListOptions } from './request-options.ts';

/** GET of a collection. */
export async function handleList(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, store, namespace } = endpoint;
  const format = negotiateAnswer(endpoint);
  const options = parseListOptions(request.query, false);
  const asked = parseSelection(store.resource, options.labelSelector, options.fieldSelector);
  const selection = visibleSelection(endpoint, asked);
  const isCached = options.limit === 0 && options.continue === '';
  const page = await readList(store, namespace, options, selection).catch((error: unknown) => {
    throw isCached ? unreadableCache(store.resource, error) : error;
  });
  // What form the answer has is looked at when there is one.
  checkTransform(store.resource, format, true);
  if (format.as === 'Table') parseIncludeObject(request.query);
  return listResponse(request, store, format, page);
}
