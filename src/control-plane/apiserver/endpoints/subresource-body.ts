import { formatGroupVersion } from '../../../apimachinery/gvk.ts';
import { isJsonObject } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import {
  decodeObject,
  parseBody,
  readLimitedBody,
  type ExpectedKind,
  type FieldValidation,
} from '../decoding/object-body.ts';
import { negotiateInput } from '../negotiation.ts';
import type { ApiResource } from '../registry/api-resource.ts';
import { addWarning, managerOf } from '../request-context.ts';
import { matchNamespace, type Endpoint } from './endpoint.ts';

export interface SubresourceBodyOptions {
  /** An apiVersion that says the same in another version. */
  readonly olderVersion?: string;
  /** The object as the audit log shows it; as it came when absent. */
  readonly shown?: (object: Unstructured) => Unstructured;
}

/**
 * The body of a subresource that speaks a kind of its own (binding, eviction, token).
 */
export async function readSubresourceBody(
  endpoint: Endpoint,
  expected: ExpectedKind,
  fieldValidation: FieldValidation,
  { olderVersion, shown }: SubresourceBodyOptions = {},
): Promise<Unstructured> {
  const { request, server, resource } = endpoint;
  const codec = negotiateInput(request, server.codecs);
  const bytes = await readLimitedBody(request.http);
  const body = parseBody(codec, bytes, expected.gvk);
  if (olderVersion !== undefined && isJsonObject(body.value) && body.value['apiVersion'] === olderVersion) {
    body.value['apiVersion'] = formatGroupVersion(expected.gvk);
  }
  const object = decodeObject(
    body,
    resource,
    expected,
    server.registry,
    fieldValidation,
    (text) => addWarning(request, text),
    bytes,
  );
  request.audit?.requestObject(shown === undefined ? object : shown(object));
  matchNamespace(endpoint, object);
  return object;
}

/** The body of a subresource with who set which of its fields, as admission sees it. */
export function managedBody(endpoint: Endpoint, kind: ExpectedKind, body: Unstructured): Promise<Unstructured> {
  const { request, server, resource } = endpoint;
  return server.fieldManagement.afterUpdate(asResourceOf(resource, kind), undefined, body, {
    manager: managerOf(request),
    subresource: endpoint.subresource?.name ?? '',
    now: server.clock.now(),
  });
}

/** The subresource as a resource of its own, for the fields of its kind. */
function asResourceOf(resource: ApiResource, { gvk, type }: ExpectedKind): ApiResource {
  const definition = { ...resource.definition, ...gvk, type };
  return { ...resource, definition, gvk, apiVersion: formatGroupVersion(gvk) };
}
