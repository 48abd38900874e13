import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { deleteObject, isNotFound, warnOfOrphans } from '../registry/deletion.ts';
import { readList } from '../registry/listing.ts';
import { listObject } from '../registry/output.ts';
import { parseSelection } from '../registry/selection.ts';
import { checkTransform } from '../registry/table.ts';
import { isTrue } from '../request-info.ts';
import { objectResponse } from '../responses.ts';
import { deleteOptionsObject, readDeleteOptions } from './delete.ts';
import { admissionRequest, writeContext, type Endpoint, negotiateAnswer } from './endpoint.ts';
import { parseListOptions } from './request-options.ts';

/** How many objects are read at a time. */
const pageSize = 10_000;

/** DELETE of a collection: what the selectors choose, one after the other; answers with what was there. */
export async function handleDeleteCollection(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, store } = endpoint;
  const format = negotiateAnswer(endpoint);
  const listOptions = parseListOptions(request.query, isTrue(request.query.get('watch')));
  const selection = parseSelection(store.resource, listOptions.labelSelector, listOptions.fieldSelector);
  const options = await readDeleteOptions(endpoint);
  const { dryRun } = options;
  warnOfOrphans(store, writeContext(endpoint, dryRun), options);
  // It is read in pages, so that a version that is asked for is that very one.
  const hasLimit = listOptions.limit !== 0;
  const page = await readList(
    store,
    endpoint.namespace,
    hasLimit ? listOptions : { ...listOptions, limit: pageSize },
    selection,
  );
  const values = [...page.values];
  for (let next = hasLimit ? '' : page.continueToken; next !== '';) {
    const paging = { ...listOptions, limit: pageSize, continue: next, resourceVersion: '', resourceVersionMatch: '' };
    const more = await readList(store, endpoint.namespace, paging, selection);
    values.push(...more.values);
    next = more.continueToken;
  }
  const deleted: Unstructured[] = [];
  for (const value of values) {
    const object = store.decode(value);
    const namespace = object.metadata.namespace ?? '';
    const name = object.metadata.name ?? '';
    deleted.push(object);
    const context = { ...writeContext(endpoint, dryRun), namespace };
    try {
      await deleteObject(store, name, context, options, async (oldObject) => {
        const facts = { name: '', oldObject, dryRun, options: deleteOptionsObject(options) };
        const admission = admissionRequest(endpoint, 'DELETE', facts);
        await server.admission.mutate(admission);
        await server.admission.validate(admission);
      });
    } catch (error) {
      // Somebody else was faster.
      if (!isNotFound(error)) throw error;
    }
  }
  checkTransform(store.resource, format, true);
  const { continueToken, remaining } = page;
  const metadata = {
    resourceVersion: String(page.revision),
    ...(continueToken === '' ? {} : { continue: continueToken }),
    ...(continueToken === '' || remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
  return objectResponse(request, format, 200, listObject(request, store, format, deleted, metadata));
}
