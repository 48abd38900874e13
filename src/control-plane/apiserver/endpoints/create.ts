import { parseDuration } from '../../../apimachinery/duration.ts';
import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { applyDefaults, asWritten, decodeObject, parseBody, readLimitedBody } from '../decoding/object-body.ts';
import { negotiateInput } from '../negotiation.ts';
import { defaultWaitMillis, isInitialized, waitForInitialized } from '../registry/initialization.ts';
import { createdObjectResponse } from '../registry/output.ts';
import { withOwnersIfTheyFit } from '../registry/request-size.ts';
import { addWarning, managerOf } from '../request-context.ts';
import {
  admissionRequest,
  dropDuplicateOwners,
  matchNamespace,
  bodyResource,
  hidesUninitialized,
  kindOf,
  writeContext,
  type Endpoint,
  negotiateAnswer,
} from './endpoint.ts';
import { admitChanges } from './mutating-admission.ts';
import { parseWriteOptions, type ParsedWriteOptions, writeOptionsObject } from './request-options.ts';

/** Takes away what only the server says of a new object, before anybody else gets to see it. */
export function dropSystemFields({ metadata }: Unstructured): void {
  delete metadata.creationTimestamp;
  delete metadata.uid;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
}

/** POST of a new object. */
export async function handleCreate(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, store } = endpoint;
  const format = negotiateAnswer(endpoint);
  negotiateInput(request, server.codecs);
  const options = parseWriteOptions(request.query, 'CreateOptions');
  const object = await readObject(endpoint, options, true);
  matchNamespace(endpoint, object);
  dropSystemFields(object);
  const kind = store.resource.gvk;
  const name = object.metadata.name ?? '';
  const facts = { name, dryRun: options.dryRun, kind, options: writeOptionsObject('CreateOptions', options) };
  const manager = managerOf(request);
  dropDuplicateOwners(endpoint, object);
  const managed = await server.fieldManagement.afterUpdate(store.resource, undefined, object, {
    manager,
    subresource: '',
    now: server.clock.now(),
  });
  const created = await withOwnersIfTheyFit(async (leavesOut) => {
    if (leavesOut) delete managed.metadata.managedFields;
    await admitChanges(server, admissionRequest(endpoint, 'CREATE', { ...facts, object: managed }));
    dropDuplicateOwners(endpoint, managed, true);
    return store.create(managed, writeContext(endpoint, options.dryRun), (candidate) =>
      server.admission.validate(
        // A name that is there from the beginning stays that of the request, whatever admission makes of it.
        admissionRequest(endpoint, 'CREATE', {
          ...facts,
          name: name === '' ? (candidate.metadata.name ?? '') : name,
          object: candidate,
        }),
      ),
    );
  });
  const waits = hidesUninitialized(endpoint) && !options.dryRun;
  const answer = waits ? await initialized(endpoint, created) : created;
  // What is not there for everybody yet is accepted, not created.
  const status = server.hasInitializers && !isInitialized(answer) ? 202 : 201;
  return createdObjectResponse(request, store, format, status, answer);
}

/** The object when its initializers are done; a request that says how long it may take waits for them as long. */
function initialized({ request, server, store }: Endpoint, created: Unstructured): Promise<Unstructured> {
  const asked = request.query.get('timeout') ?? '';
  // What is no duration was refused before.
  const waitMillis = asked === '' ? defaultWaitMillis : parseDuration(asked);
  return waitForInitialized(store, created, server.clock, waitMillis, request.signal());
}

/**
 * The request's body as an object of the resource's own kind, defaults filled in.
 * @param keepsEmpty whether empty lists and maps of optional fields stay, for whoever validates them
 */
export async function readObject(
  endpoint: Endpoint,
  options: ParsedWriteOptions,
  keepsEmpty = false,
): Promise<Unstructured> {
  const { request, server } = endpoint;
  const resource = bodyResource(endpoint);
  const codec = negotiateInput(request, server.codecs);
  const bytes = await readLimitedBody(request.http);
  const expected = kindOf(resource);
  const object = decodeObject(
    parseBody(codec, bytes, expected.gvk),
    resource,
    expected,
    server.registry,
    options.fieldValidation,
    (text) => addWarning(request, text),
    bytes,
    { keepsEmpty },
  );
  applyDefaults(object, resource);
  request.audit?.requestObject(keepsEmpty ? asWritten(object, resource) : object);
  return object;
}
