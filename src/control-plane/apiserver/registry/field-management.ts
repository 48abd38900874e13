import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { ApiResource } from './api-resource.ts';

/** Who writes, through what, and when. */
export interface FieldWriter {
  readonly manager: string;
  readonly subresource: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Keeps metadata.managedFields: who set which field. */
export interface FieldManagement {
  /**
   * Records an ordinary write.
   * @param live the stored object; undefined for a create.
   * @param object the object as the writer wants it; it may be changed and returned.
   */
  afterUpdate(
    resource: ApiResource,
    live: Unstructured | undefined,
    object: Unstructured,
    writer: FieldWriter,
  ): Promise<Unstructured>;
  /**
   * Merges a server-side apply.
   * @throws StatusError 409 with one cause per field that somebody else owns, unless forced.
   */
  apply(
    resource: ApiResource,
    live: Unstructured | undefined,
    patch: Unstructured,
    writer: FieldWriter & { readonly force: boolean },
  ): Promise<Unstructured>;
}
