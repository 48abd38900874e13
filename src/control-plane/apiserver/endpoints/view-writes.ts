import { cloneJson, type JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { ownersAfterView, ownersInView } from '../../../patch/viewed-ownership.ts';
import { typedObject } from '../decoding/object-body.ts';
import type { FieldWriter } from '../registry/field-management.ts';
import { kindOf, type Endpoint } from './endpoint.ts';
import type { SubresourceView } from './subresource-view.ts';

type Server = Pick<Endpoint['server'], 'fieldManagement'>;

/** The object after a write of its view, with who owns the field that the view shows. @throws StatusError */
export async function updateThroughView(
  server: Server,
  view: SubresourceView,
  old: Unstructured,
  wanted: Unstructured,
  writer: FieldWriter,
): Promise<Unstructured> {
  const changed = view.merge(old, wanted);
  const before = ownedView(view, old);
  // Owned is what the view's kind shows: nothing where it shows nothing.
  const after = await server.fieldManagement.afterUpdate(
    view.resource,
    before,
    { ...cloneJson(view.project(changed, true)), metadata: { ...before.metadata } },
    writer,
  );
  return withOwners(view, changed, old, after);
}

/** The same for a server-side apply. @throws StatusError 409 for fields that others own, 422 for what the view refuses */
export async function applyThroughView(
  server: Server,
  view: SubresourceView,
  old: Unstructured,
  patch: Unstructured,
  writer: FieldWriter & { readonly force: boolean },
): Promise<Unstructured> {
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
  const wanted = typedObject(value, expected.gvk, view.resource, expected, () => undefined);
  return withOwners(view, view.merge(old, wanted), old, applied);
}

function ownedView(view: SubresourceView, old: Unstructured): Unstructured {
  const shown = cloneJson(view.project(old, true));
  const managedFields = ownersInView(old.metadata.managedFields, view.field);
  return { ...shown, metadata: { ...shown.metadata, managedFields } };
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
