import { badRequest, expired, StatusError } from '../../../apimachinery/status.ts';
import { CompactedError, FutureRevisionError, type RangeResult, type StoredValue } from '../../storage/storage.ts';
import { gvkText } from '../../../apimachinery/gvk.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { parseRevision, unsignedProblem, type ParsedListOptions } from '../endpoints/request-options.ts';
import { type ApiResource, listPrefix, storageKey } from './api-resource.ts';
import { decodeContinueToken, encodeContinueToken } from './continue-token.ts';
import type { Selection } from './selection.ts';
import type { Store } from './store.ts';
import { isTurnOver } from './event-loop-turns.ts';
import { nextTurn } from '../../../system/next-turn.ts';

/** One page of a list. */
export interface ListPage {
  readonly values: readonly StoredValue[];
  /** The list's resourceVersion. */
  readonly revision: number;
  /** Where the next page starts; empty when this is the last. */
  readonly continueToken: string;
  /** How many objects follow; only known without selectors. */
  readonly remaining: number | undefined;
}

const pageSize = 500;

/**
 * Reads a list with the meaning that resourceVersion, resourceVersionMatch, limit and continue have together.
 * @throws StatusError 400, 410 (compacted) or 504 (resourceVersion in the future).
 */
export async function readList(
  store: Store,
  namespace: string,
  options: ParsedListOptions,
  selection: Selection,
): Promise<ListPage> {
  const prefix = listPrefix(store.resource, namespace);
  const isNamed = isReadOfOne(store, namespace, selection);
  const { revision, startKey } = startOf(store, prefix, options, isNamed);
  // A list "at any version" comes from memory in the real server and knows no pages, but for events, which are not there.
  const isRemembered = options.resourceVersion === '0' && isCached(store.resource);
  const limit = options.limit > 0 && !isRemembered ? options.limit : 0;
  try {
    if (isNamed && selection.name !== undefined && revision === undefined) {
      const named = await readNamed(store, namespace, selection, selection.name);
      store.lists(named.values.length, named.values.length);
      return named;
    }
    return await readPages(store, prefix, { revision, startKey, limit }, selection);
  } catch (error) {
    throw interpretReadError(error, prefix, startKey);
  }
}

/** The 504 for a resourceVersion that is not reached yet. */
export function tooLargeResourceVersion(
  requested: number | string,
  current: number,
  retryAfterSeconds: number,
): StatusError {
  return new StatusError({
    message: `Timeout: Too large resource version: ${requested}, current: ${current}`,
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
    },
    code: 504,
  });
}

/**
 * The 429 of lists and watches that the real server answers from a cache, which is not there as long as it cannot read
 * one of the objects.
 */
export function unreadableCache({ gvk, custom }: ApiResource, error: unknown): unknown {
  // Only what another version is kept as can be unreadable, and its errors have no reason.
  if (!custom || !(error instanceof StatusError) || error.reason !== '') return error;
  return new StatusError({
    message: `storage is (re)initializing: failed to list ${gvkText(gvk)}: ${error.message}`,
    reason: 'TooManyRequests',
    details: { retryAfterSeconds: 1 },
    code: 429,
  });
}

/** A revision from a query. @throws StatusError 400 */
export function requireRevision(text: string): number {
  const revision = parseRevision(text);
  if (revision === undefined) throw badRequest(`invalid resource version: ${revisionSyntaxText(text)}`);
  return revision;
}

/** What strconv says about a resourceVersion that is no number, or one of more than 64 bits. */
export function revisionSyntaxText(text: string): string {
  return `resourceVersion: Invalid value: ${goQuote(text)}: ${unsignedProblem(text)}`;
}

function startOf(
  store: Store,
  prefix: string,
  options: ParsedListOptions,
  isNamed: boolean,
): { readonly revision: number | undefined; readonly startKey: string | undefined } {
  if (options.continue !== '') {
    const token = decodeContinueToken(options.continue);
    if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    return {
      revision: token.revision < 0 ? undefined : token.revision,
      startKey: prefix + token.startKey,
    };
  }
  if (options.resourceVersion === '' || options.resourceVersion === '0')
    return { revision: undefined, startKey: undefined };
  const revision = requireRevision(options.resourceVersion);
  const exact = options.resourceVersionMatch === 'Exact' || (options.resourceVersionMatch === '' && options.limit > 0);
  const current = store.storage.currentRevision();
  // What the real server reads from etcd itself does not tell when to come back.
  const isCacheRead = isCached(store.resource) && !(exact && isNamed);
  if (revision > current) throw tooLargeResourceVersion(options.resourceVersion, current, isCacheRead ? 1 : 0);
  // A zero that is written otherwise is no version that was: it is now.
  return { revision: exact && revision > 0 ? revision : undefined, startKey: undefined };
}

/** Whether the real server answers reads of a kind from memory: it keeps no events there. */
export function isCached({ gvk, custom }: ApiResource): boolean {
  return gvk.kind !== 'Event' || custom;
}

/** Whether a list is one by name in a known place. */
function isReadOfOne(store: Store, namespace: string, { name }: Selection): boolean {
  return name !== undefined && (!store.resource.definition.namespaced || namespace !== '');
}

/** A list by name in a known place is a read of one key. */
async function readNamed(store: Store, namespace: string, selection: Selection, name: string): Promise<ListPage> {
  const atRevision = store.storage.currentRevision();
  const value = await store.storage.get(storageKey(store.resource, namespace, name));
  const found = value !== undefined && selection.matches(store.decode(value));
  return {
    values: found ? [value] : [],
    revision: Math.max(atRevision, value?.modRevision ?? 0),
    continueToken: '',
    remaining: undefined,
  };
}

async function readPages(
  store: Store,
  prefix: string,
  from: { readonly revision: number | undefined; readonly startKey: string | undefined; readonly limit: number },
  selection: Selection,
): Promise<ListPage> {
  const { limit } = from;
  const values: StoredValue[] = [];
  let { revision, startKey } = from;
  let fetched = 0;
  let looked = 0;
  for (;;) {
    const range: RangeResult = await store.storage.range(prefix, {
      ...(revision === undefined ? {} : { revision }),
      ...(startKey === undefined ? {} : { startKey }),
      ...(limit === 0 ? {} : { limit: selection.everything ? limit : Math.max(limit, pageSize) }),
    });
    revision = range.revision;
    fetched += range.values.length;
    for (const [index, value] of range.values.entries()) {
      if (!selection.everything) {
        if (!selection.mayMatch(value.value)) continue;
        if (isTurnOver(++looked)) await nextTurn();
        if (!selection.matches(store.decode(value))) continue;
      }
      values.push(value);
      const more = range.remaining > 0 || index < range.values.length - 1;
      if (limit > 0 && values.length === limit && more) {
        store.lists(fetched, values.length);
        return {
          values,
          revision,
          continueToken: encodeContinueToken({ revision, startKey: `${value.key.slice(prefix.length)}\0` }),
          remaining: selection.everything ? range.remaining + range.values.length - 1 - index : undefined,
        };
      }
    }
    const last = range.values[range.values.length - 1];
    if (range.remaining === 0 || last === undefined) {
      store.lists(fetched, values.length);
      return { values, revision, continueToken: '', remaining: undefined };
    }
    startKey = `${last.key}\0`;
  }
}

function interpretReadError(error: unknown, prefix: string, startKey: string | undefined): unknown {
  if (error instanceof FutureRevisionError) {
    return tooLargeResourceVersion(error.requestedRevision, error.currentRevision, 1);
  }
  if (!(error instanceof CompactedError)) return error;
  if (startKey === undefined) return expired('The resourceVersion for the provided list is too old.');
  const status = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
      'without the continue parameter, or use the continue token in this response to retrieve the remainder of the ' +
      'results. Continuing with the provided token results in an inconsistent list - objects that were created, ' +
      'modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  status.status.metadata['continue'] = encodeContinueToken({ revision: -1, startKey: startKey.slice(prefix.length) });
  return status;
}
