import { builtInSchemas } from '../../../api/registry.ts';
import type { HttpResponse } from '../../../apimachinery/http.ts';
import {
  isJsonObject,
  notAnObjectText,
  notTextOfKind,
  type JsonObject,
  type JsonValue,
} from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { badRequest, forbidden } from '../../../apimachinery/status.ts';
import { readLimitedBody } from '../decoding/object-body.ts';
import { decodeTyped } from '../../../apimachinery/decoding/typed-decoder.ts';
import { TypedDecodeError } from '../../../apimachinery/decoding/typed-decode-error.ts';
import { BodySyntaxError, negotiateInput } from '../negotiation.ts';
import { deletedStatus, deleteObject, insistsOnUid } from '../registry/deletion.ts';
import { returnsDeleted } from '../registry/resource-facts.ts';
import { singleObjectResponse } from '../registry/output.ts';
import { objectResponse } from '../responses.ts';
import { admissionRequest, writeContext, type Endpoint, negotiateAnswer } from './endpoint.ts';
import { parseDeleteOptions, type ParsedDeleteOptions } from './request-options.ts';

/** DELETE of one object. */
export async function handleDelete(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, store, name } = endpoint;
  const format = negotiateAnswer(endpoint);
  const options = await readDeleteOptions(endpoint);
  const { dryRun } = options;
  const reason = store.strategy.reasonToKeep?.(name);
  if (reason !== undefined) throw forbidden(store.resource.groupResource, name, reason);
  const result = await deleteObject(store, name, writeContext(endpoint, dryRun), options, async (oldObject) => {
    const admission = admissionRequest(endpoint, 'DELETE', {
      oldObject,
      dryRun,
      options: deleteOptionsObject(
        insistsOnUid(store.resource) ? { ...options, preconditions: pinned(options, oldObject) } : options,
      ),
    });
    await server.admission.mutate(admission);
    await server.admission.validate(admission);
  });
  if (result.gone && !returnsDeleted(store.resource.definition)) {
    return objectResponse(request, { ...format, as: '' }, 200, deletedStatus(store, result.object));
  }
  // Who asked in the old way for dependents to go hears that it is not done yet; others never did.
  const status = !result.gone && options.orphanDependents === false ? 202 : 200;
  return singleObjectResponse(request, store, format, status, result.object);
}

function pinned(
  { preconditions }: ParsedDeleteOptions,
  { metadata: { uid } }: Unstructured,
): ParsedDeleteOptions['preconditions'] {
  return uid === undefined ? preconditions : { uid, ...preconditions };
}

const optionsVersion = 'meta.k8s.io/v1';
/** Kinds that the real server knows where it reads options, whatever version is said of them. */
const versionlessKinds: ReadonlySet<string> = new Set([
  'Status',
  'APIVersions',
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'CreateOptions',
  'UpdateOptions',
]);
/** The others, which it knows in the version of options. */
const optionsKinds: ReadonlySet<string> = new Set([
  'ListOptions',
  'GetOptions',
  'WatchEvent',
  'Table',
  'PartialObjectMetadata',
  'PartialObjectMetadataList',
]);

/** Delete options from the body, or from the query when there is no body. @throws StatusError 400, 422 */
export async function readDeleteOptions(endpoint: Endpoint): Promise<ParsedDeleteOptions> {
  const { request, server } = endpoint;
  const bytes = await readLimitedBody(request.http);
  if (bytes.byteLength === 0) return parseDeleteOptions(request.query, undefined);
  const codec = negotiateInput(request, server.codecs);
  const body = deleteOptionsBody(() => codec.decode(bytes).value);
  const kind = typeof body['kind'] === 'string' ? body['kind'] : '';
  if (kind !== '' && kind !== 'DeleteOptions') {
    // What says no version is read as of the version of all options.
    const stated = typeof body['apiVersion'] === 'string' ? body['apiVersion'] : '';
    if (stated.split('/').length > 2) throw badRequest(`unexpected GroupVersion string: ${stated}`);
    const version = stated === '' ? optionsVersion : stated;
    if (versionlessKinds.has(kind) || (version === optionsVersion && optionsKinds.has(kind))) {
      throw badRequest(`converting (v1.${kind}) to (v1.DeleteOptions): unknown conversion`);
    }
    throw badRequest(
      `no kind ${goQuote(kind)} is registered for version ${goQuote(version)} in scheme ` +
        '"pkg/apis/meta/internalversion/scheme/register.go:27"',
    );
  }
  request.audit?.requestBody(body);
  return parseDeleteOptions(request.query, body);
}

/** The options of a body. @throws StatusError 400 for anything else, so that nothing is deleted by mistake */
function deleteOptionsBody(decode: () => JsonValue): JsonObject {
  try {
    const value = decode() ?? {};
    if (!isJsonObject(value)) {
      throw badRequest(`couldn't get version/kind; json parse error: ${notAnObjectText(value)}`);
    }
    checkSaidKind(value);
    const { object } = decodeTyped(value, 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions', builtInSchemas);
    return { ...object, ...kindFields(value) };
  } catch (error) {
    if (error instanceof BodySyntaxError || error instanceof TypedDecodeError) throw badRequest(error.message);
    throw error;
  }
}

/** What a document says of its kind is read before the rest of it. @throws StatusError 400 when that is no text */
function checkSaidKind(value: JsonObject): void {
  for (const field of ['apiVersion', 'kind']) {
    const said = value[field] ?? '';
    if (typeof said === 'string') continue;
    throw badRequest(`couldn't get version/kind; json parse error: ${notTextOfKind(field, said)}`);
  }
}

function kindFields({ apiVersion, kind }: JsonObject): JsonObject {
  return { ...(apiVersion === undefined ? {} : { apiVersion }), ...(kind === undefined ? {} : { kind }) };
}

/** DeleteOptions as admission sees them. */
export function deleteOptionsObject(options: ParsedDeleteOptions): Record<string, unknown> {
  const { preconditions } = options;
  return {
    kind: 'DeleteOptions',
    apiVersion: 'meta.k8s.io/v1',
    ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
    ...(options.orphanDependents === undefined ? {} : { orphanDependents: options.orphanDependents }),
    ...(options.propagationPolicy === undefined ? {} : { propagationPolicy: options.propagationPolicy }),
    ...(options.dryRun ? { dryRun: ['All'] } : {}),
  };
}
