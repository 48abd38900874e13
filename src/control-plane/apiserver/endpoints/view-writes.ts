import { cloneJson, type JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { ownersAfterView, ownersInView } from '../../../patch/viewed-ownership.ts';
import { typedObject } from '../decoding/object-body.ts';
import type { FieldWriter } from '../registry/field-management.ts';
import { kindOf, type Endpoint } from './endpoint.ts';
import type { SubresourceView } from './subresource-view.ts';

type Server = Pick<Endpoint['server'], 'fieldManagement'>;

/** What a write makes: the object, and what of it travels where that is a view of it. */
export interface MadeObject {
  readonly object: Unstructured;
  readonly viewed?: Unstructured;
}

/** The object after a write of its view, with who owns the field that the view shows. @throws StatusError */
export async function updateThroughView(
  server: Server,
  view: SubresourceView,
  old: Unstructured,
  wanted: Unstructured,
  writer: FieldWriter,
): Promise<MadeObject> {
  const changed = view.merge(old, wanted);
  const before = ownedView(view, old);
  const { managedFields } = before.metadata;
  // What was sent is what is owned, however much the view shows besides; a field that it does not show is nobody's.
  const { spec = {} } = view.project(changed, true);
  const sent = { ...cloneJson(wanted), spec, metadata: { ...wanted.metadata, managedFields } };
  const viewed = await server.fieldManagement.afterUpdate(view.resource, before, sent as Unstructured, writer);
  return { object: withOwners(view, changed, old, viewed), viewed };
}

/** The same for a server-side apply. @throws StatusError 409 for fields that others own, 422 for what the view refuses */
export async function applyThroughView(
  server: Server,
  view: SubresourceView,
  old: Unstructured,
  patch: Unstructured,
  writer: FieldWriter & { readonly force: boolean },
): Promise<MadeObject> {
  const applied = await server.fieldManagement.apply(view.resource, ownedView(view, old), patch, writer);
  const expected = kindOf(view.resource);
  if (view.appliesNowhere === true) {
    const { group, version, kind } = expected.gvk;
    const name = `${group}/${version}`;
    const message =
      `failed to convert new object (${patch.metadata.namespace ?? ''}/${patch.metadata.name ?? ''}; ${name}, Kind=${kind}) ` +
      `to proper version: request to convert CR to an invalid group/version: ${name}`;
    throw new StatusError({ message, code: 500 });
  }
  const value = applied as unknown as JsonValue;
  const wanted = typedObject(value, expected.gvk, view.resource, expected, () => undefined, { isConverted: true });
  return { object: withOwners(view, view.merge(old, wanted), old, applied), viewed: wanted };
}

/** What a view shows of an object, with who owns that. */
export function ownedView(view: SubresourceView, old: Unstructured): Unstructured {
  const shown = cloneJson(view.project(old, true));
  const managedFields = ownersInView(old.metadata.managedFields, view.field);
  return managedFields.length === 0 ? shown : { ...shown, metadata: { ...shown.metadata, managedFields } };
}

function withOwners(
  view: SubresourceView,
  object: Unstructured,
  old: Unstructured,
  written: Unstructured,
): Unstructured {
  const owners = ownersAfterView(old.metadata.managedFields, written.metadata.managedFields, view.field);
  const { managedFields: _former, ...metadata } = object.metadata;
  return { ...object, metadata: owners.length === 0 ? metadata : { ...metadata, managedFields: owners } };
}
