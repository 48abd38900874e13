import { type GroupVersionKind, gvkText } from '../../../apimachinery/gvk.ts';
import { cloneJson, type JsonValue } from '../../../apimachinery/json.ts';
import type { ObjectMeta, Unstructured } from '../../../apimachinery/object-meta.ts';
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
  const expected = kindOf(view.resource);
  const before = ownedView(view, old);
  const isSameKind = patch.apiVersion === view.resource.apiVersion && patch.kind === expected.gvk.kind;
  if (view.appliesNowhere === true && isSameKind && before.metadata.managedFields === undefined) {
    // What nobody owns yet is counted from an object with nothing set, which is no custom resource either.
    const purpose = 'failed to create manager for existing fields: failed to convert live object';
    throw notConvertible(purpose, {}, expected.gvk, noCustomResource(expected.gvk));
  }
  const applied = await server.fieldManagement.apply(view.resource, before, patch, writer);
  if (view.appliesNowhere === true) {
    const problem = noCustomResource(expected.gvk);
    throw notConvertible('failed to convert new object', patch.metadata, expected.gvk, problem);
  }
  const value = applied as unknown as JsonValue;
  const wanted = typedObject(value, expected.gvk, view.resource, expected, () => undefined, { isConverted: true });
  return { object: withOwners(view, view.merge(old, wanted), old, applied), viewed: wanted };
}

/** A 500 for an object that does not become one of its kind. @param purpose what it should have been read for */
export function notConvertible(
  purpose: string,
  { namespace = '', name = '' }: Pick<ObjectMeta, 'namespace' | 'name'>,
  gvk: GroupVersionKind,
  problem: string,
): StatusError {
  const message = `${purpose} (${namespace}/${name}; ${gvkText(gvk)}) to proper version: ${problem}`;
  return new StatusError({ message, code: 500 });
}

function noCustomResource({ group, version }: GroupVersionKind): string {
  return `request to convert CR to an invalid group/version: ${group}/${version}`;
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
