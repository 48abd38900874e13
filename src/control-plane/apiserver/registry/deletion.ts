import { cloneJson } from '../../../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import { conflict, notFound, StatusError } from '../../../apimachinery/status.ts';
import type { StoredValue } from '../../storage/storage.ts';
import type { ParsedDeleteOptions } from '../endpoints/request-options.ts';
import { type ApiResource, storageKey } from './api-resource.ts';
import { emptyAnswer } from './empty-answer.ts';
import { gracePeriodRule, isGarbageCollected } from './resource-facts.ts';
import { checkKey, type Store, type WriteContext } from './store.ts';
import { asReadBack } from './stored-object.ts';

/** What a delete did. */
export interface DeleteResult {
  /** The object as it was last stored (marked, or as it was when it went). */
  readonly object: Unstructured;
  /** Whether it is gone; else it waits for its grace period or its finalizers. */
  readonly gone: boolean;
}

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

/** Tells who deletes without a word about dependents that they stay, where that may surprise. */
export function warnOfOrphans(store: Store, context: Pick<WriteContext, 'warn'>, options: ParsedDeleteOptions): void {
  const isUnsaid = options.propagationPolicy === undefined && options.orphanDependents === undefined;
  const { warningOnOrphaningDelete: warning } = store.strategy;
  if (isUnsaid && warning !== undefined) context.warn(warning);
}

/**
 * Deletes an object: at once, or by marking it when it has a grace period, finalizers or a propagation policy that the
 * garbage collector must see to first.
 * @param validate validating admission, called with the object before it is touched.
 * @throws StatusError 404, or 409 for preconditions that do not hold.
 */
export async function deleteObject(
  store: Store,
  name: string,
  context: WriteContext,
  options: ParsedDeleteOptions,
  validate: (object: Unstructured) => Promise<void>,
): Promise<DeleteResult> {
  warnOfOrphans(store, context, options);
  checkKey(store.resource, context.namespace, name);
  const key = storageKey(store.resource, context.namespace, name);
  let stored = await store.storage.get(key);
  for (;;) {
    if (stored === undefined) throw notFound(store.resource.groupResource, name);
    const object = store.decode(stored);
    checkPreconditions(store, name, object, options);
    const before = cloneJson(object);
    const marked = markForDeletion(store, object, options);
    // Where nothing changes nobody is asked, as in the real server.
    if (marked === 'already-deleting') return { object, gone: false };
    await validate(before);
    if (marked === 'delete-now') {
      // The real server tries the change of the finalizers, finds that nothing is left, and shows what it has: nothing.
      if (context.dryRun && (before.metadata.finalizers ?? []).length > 0) {
        return { object: emptyAnswer(store.resource), gone: false };
      }
      const outcome = await deleteNow(store, key, stored, object, context);
      if ('object' in outcome) return outcome;
      stored = outcome.current;
      continue;
    }
    const outcome = await storeMark(store, key, stored, object, context);
    if ('object' in outcome) {
      // What was kept from going is gone with the next delete at the earliest.
      if (store.hooks.keepsOnDelete?.(before) === true || !canGoAfterMark(store, object)) return outcome;
      const current = context.dryRun ? stored : await store.storage.get(key);
      if (current === undefined || context.dryRun) return { object, gone: true };
      const gone = await deleteNow(store, key, current, object, context);
      if ('object' in gone) return gone;
      stored = gone.current;
      continue;
    }
    stored = outcome.current;
  }
}

/** Kinds whose registries look at preconditions for themselves, before the store does. */
const checkedByThemselves = new Set(['Namespace', 'CustomResourceDefinition']);

/** Whether a kind's registry looks at preconditions for itself; it then insists on the uid that it has found, too. */
export function insistsOnUid({ gvk, custom }: ApiResource): boolean {
  return checkedByThemselves.has(gvk.kind) && !custom;
}

/** Holds a delete against the uid and resourceVersion that it insists on. @throws StatusError 409 */
export function checkPreconditions(
  store: Store,
  name: string,
  object: Unstructured,
  options: ParsedDeleteOptions,
): void {
  const { uid, resourceVersion } = options.preconditions;
  // Kinds are named as the server's own types are: events of both groups are of the first.
  const { group, kind } = store.resource.gvk;
  const gr = { group: group === 'events.k8s.io' ? '' : group, resource: kind };
  const isSpecial = insistsOnUid(store.resource);
  const failed = (field: string, wanted: string, found: string): StatusError => {
    const text = `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${found}`;
    return conflict(store.resource.groupResource, name, text);
  };
  const actualUid = object.metadata.uid ?? '';
  if (uid !== undefined && uid !== actualUid) {
    if (isSpecial) throw failed('UID', uid, actualUid);
    throw conflict(
      gr,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${actualUid}). ` +
        'The object might have been deleted and then recreated',
    );
  }
  const actualVersion = object.metadata.resourceVersion ?? '';
  if (resourceVersion !== undefined && resourceVersion !== actualVersion) {
    if (isSpecial) throw failed('ResourceVersion', resourceVersion, actualVersion);
    throw conflict(
      gr,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
        `(${actualVersion}). The object might have been modified`,
    );
  }
}

/** Changes the object into its marked form when it cannot go at once. */
function markForDeletion(
  store: Store,
  object: Unstructured,
  options: ParsedDeleteOptions,
): 'delete-now' | 'already-deleting' | 'marked' {
  const meta = object.metadata;
  const graceful = beginGracefulDeletion(store, object, options);
  if (graceful === 'pending') return 'already-deleting';
  const keepsFinalizers = store.hooks.keepsFinalizers?.(object) === true;
  const finalizers = keepsFinalizers
    ? (meta.finalizers ?? [])
    : garbageCollectionFinalizers(store, meta.finalizers ?? [], options);
  const isKept = finalizers.length > 0 || store.hooks.keepsOnDelete?.(object) === true;
  // What goes at once is answered as it was stored, with the finalizers that the options took away.
  if (graceful === 'none' && !isKept) return 'delete-now';
  if (finalizers.length === 0) delete meta.finalizers;
  else meta.finalizers = finalizers;
  if (graceful === 'graceful') return 'marked';
  markAsDeleting(object, store.now(), store.hooks.keepsGeneration === true);
  store.hooks.markDeleting?.(object);
  return 'marked';
}

/** Sets the deletion timestamp and grace period where the resource has one (pods). */
function beginGracefulDeletion(
  store: Store,
  object: Unstructured,
  options: ParsedDeleteOptions,
): 'none' | 'pending' | 'graceful' {
  const meta = object.metadata;
  const requested =
    options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  const graceOf = gracePeriodRule(store.resource);
  if (graceOf === undefined) return 'none';
  if (meta.deletionTimestamp !== undefined) return shortenGracePeriod(store, object, requested);
  const grace = graceOf(object, requested);
  if (grace === undefined) return 'none';
  meta.deletionTimestamp = formatTime(store.now() + grace * 1000);
  meta.deletionGracePeriodSeconds = grace;
  if ((meta.generation ?? 0) > 0) meta.generation = (meta.generation ?? 0) + 1;
  // With no time to end it goes at once, but is first seen as being deleted.
  return 'graceful';
}

/** A second delete may only make the grace period shorter. */
function shortenGracePeriod(
  store: Store,
  object: Unstructured,
  requested: number | undefined,
): 'none' | 'pending' | 'graceful' {
  const meta = object.metadata;
  const current = meta.deletionGracePeriodSeconds ?? 0;
  if (current === 0) return 'none';
  if (requested === undefined || requested >= current) return 'pending';
  const begun = Date.parse(meta.deletionTimestamp ?? '') - current * 1000;
  let period = requested;
  let end = begun + requested * 1000;
  const now = Math.floor(store.now() / 1000) * 1000;
  if (end < now) {
    end = now;
    if (period !== 0) period = 1;
  }
  meta.deletionTimestamp = formatTime(end);
  meta.deletionGracePeriodSeconds = period;
  return 'graceful';
}

function markAsDeleting(object: Unstructured, now: number, keepsGeneration: boolean): void {
  const meta = object.metadata;
  const generation = meta.generation ?? 0;
  if (!keepsGeneration && meta.deletionTimestamp === undefined && generation > 0) meta.generation = generation + 1;
  if (meta.deletionTimestamp === undefined || Date.parse(meta.deletionTimestamp) > now) {
    meta.deletionTimestamp = formatTime(now);
  }
  meta.deletionGracePeriodSeconds = 0;
}

/** The finalizers for the garbage collector, as the options (or what is there already, or the default) want them. */
function garbageCollectionFinalizers(
  store: Store,
  finalizers: readonly string[],
  options: ParsedDeleteOptions,
): string[] {
  const kept = finalizers.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  if (!isGarbageCollected(store.resource)) return kept;
  const policy = propagationOf(store, finalizers, options);
  if (policy === 'Orphan') kept.push(orphanFinalizer);
  if (policy === 'Foreground') kept.push(foregroundFinalizer);
  const wanted = new Set(kept);
  // The same ones stay in the order that they were in.
  const isSame = finalizers.every((finalizer) => wanted.has(finalizer)) && wanted.size === new Set(finalizers).size;
  return isSame ? [...finalizers] : kept;
}

function propagationOf(store: Store, finalizers: readonly string[], options: ParsedDeleteOptions): string {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  for (const finalizer of finalizers) {
    if (finalizer === orphanFinalizer) return 'Orphan';
    if (finalizer === foregroundFinalizer) return 'Foreground';
  }
  return store.strategy.defaultPropagation ?? 'Background';
}

/** Whether a marked object has nothing left that keeps it. */
function canGoAfterMark(store: Store, object: Unstructured): boolean {
  return (
    (object.metadata.finalizers ?? []).length === 0 &&
    (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    store.hooks.keepsOnDelete?.(object) !== true
  );
}

async function storeMark(
  store: Store,
  key: string,
  stored: StoredValue,
  object: Unstructured,
  context: WriteContext,
): Promise<DeleteResult | { readonly current: StoredValue | undefined }> {
  const bytes = store.encode(cloneJson(object));
  if (context.dryRun || Buffer.compare(bytes, stored.value) === 0) return { object, gone: false };
  const result = await store.storage.put(key, bytes, stored.modRevision);
  if (!result.ok) return { current: result.current };
  object.metadata.resourceVersion = String(result.revision);
  return { object: asReadBack(object, result.readBack), gone: false };
}

async function deleteNow(
  store: Store,
  key: string,
  stored: StoredValue,
  object: Unstructured,
  context: WriteContext,
): Promise<DeleteResult | { readonly current: StoredValue | undefined }> {
  if (!context.dryRun) {
    const result = await store.storage.delete(key, stored.modRevision);
    if (!result.ok) return { current: result.current };
    object.metadata.resourceVersion = String(result.revision);
    await store.hooks.afterDelete?.(object, context);
  }
  return { object, gone: true };
}

/** The Status that a delete of something gone answers with. */
export function deletedStatus(store: Store, object: Unstructured): Record<string, unknown> {
  const { group, resource } = store.resource.groupResource;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name ?? '',
      ...(group === '' ? {} : { group }),
      kind: resource,
      ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
    },
  };
}

/** Whether an error says that the object is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'NotFound';
}
