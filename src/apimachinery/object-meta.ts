/** Who depends on whom (metadata.ownerReferences). */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One entry of metadata.managedFields. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** Standard object metadata; times are RFC 3339 in UTC with whole seconds. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  selfLink?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
  /** Who has yet to see the object before everybody else, as until Kubernetes 1.15. */
  initializers?: Initializers;
}

/** What is left to do before an object is there for everybody, or why it never will be. */
export interface Initializers {
  pending?: { name: string }[];
  result?: { status?: string; message?: string; reason?: string; code?: number };
}

/** Metadata of a list. */
export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
  selfLink?: string;
}

/** Any Kubernetes object, as plain JSON. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A KubeObject whose other fields are read by name. */
export interface Unstructured extends KubeObject {
  [field: string]: unknown;
}

/** A list of objects. */
export interface KubeList<T extends KubeObject = Unstructured> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

let lastSecond = Number.NaN;
let lastText = '';

/** RFC 3339 with whole seconds, as metav1.Time prints it. */
export function formatTime(epochMillis: number): string {
  const second = Math.floor(epochMillis / 1000);
  // Every write asks twice, and most of them for a second that was asked for before.
  if (second !== lastSecond) {
    lastText = `${new Date(epochMillis).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastText;
}

/** RFC 3339 with microseconds, as metav1.MicroTime prints it. */
export function formatMicroTime(epochMillis: number): string {
  return `${new Date(epochMillis).toISOString().slice(0, 23)}000Z`;
}
