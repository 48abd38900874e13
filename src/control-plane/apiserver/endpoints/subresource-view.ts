import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { ViewedField } from '../../../patch/viewed-ownership.ts';
import type { ApiResource } from '../registry/api-resource.ts';

/** A subresource that shows a part of its object as another kind, and changes the object through it (scale). */
export interface SubresourceView {
  /** The kind that travels, as a resource of its own. */
  readonly resource: ApiResource;
  /** What the object looks like through the view. @param isChanged whether it is only looked at to be patched */
  project(object: Unstructured, isChanged?: boolean): Unstructured;
  /** The object as the view wants it. @throws StatusError 422 */
  merge(object: Unstructured, view: Unstructured): Unstructured;
  /** The real server cannot apply the scale of a custom resource: it takes it for one. */
  readonly appliesNowhere?: boolean;
  /** The field that the view changes, for who owns it. */
  readonly field: ViewedField;
}

/** Finds the view that a subresource is; undefined for subresources that speak the object's own kind. */
export type FindView = (resource: ApiResource, subresource: string) => SubresourceView | undefined;
