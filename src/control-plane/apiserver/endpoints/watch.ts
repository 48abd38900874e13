import type { HttpResponse } from '../../../apimachinery/http.ts';
import { formatFieldSelector, parseFieldSelector } from '../../../apimachinery/field-selector.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest, StatusError, type Status } from '../../../apimachinery/status.ts';
import type { StoredValue } from '../../storage/storage.ts';
import { type OutputFormat, requireStreamable } from '../negotiation.ts';
import { readList, revisionSyntaxText, tooLargeResourceVersion, unreadableCache } from '../registry/listing.ts';
import { emptyAnswer } from '../registry/empty-answer.ts';
import { servesStoredBytes, transformed } from '../registry/output.ts';
import { parseSelection, type Selection } from '../registry/selection.ts';
import { servedBytes } from '../registry/stored-object.ts';
import { isTrue } from '../request-info.ts';
import { WatchStream, type FrameEncoder, type WatchPlan } from '../registry/watch-stream.ts';
import { eventsOverWebSocket } from '../streaming/web-socket-answer.ts';
import { type Endpoint, visibleSelection, negotiateAnswer } from './endpoint.ts';
import {
  isAnyVersion,
  parseIncludeObject,
  parseListOptions,
  parseRevision,
  type ParsedListOptions,
} from './request-options.ts';
import { SharedFrames } from './shared-frames.ts';

/** Beyond this timers do not go. */
const longestMillis = 2 ** 31 - 1;

/** A watch: the answer streams events until its time is over, the client goes, or the server closes. */
export async function handleWatch(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, store } = endpoint;
  const format = negotiateAnswer(endpoint);
  const saysWatch = isTrue(request.query.get('watch'));
  const options = parseListOptions(request.query, true, saysWatch);
  const asked = parseSelection(
    store.resource,
    options.labelSelector,
    watchedFields(endpoint.name, options.fieldSelector),
  );
  const selection = visibleSelection(endpoint, asked);
  if (format.as === 'Table') parseIncludeObject(request.query);
  const plan = await planWatch(endpoint, { ...options, watch: saysWatch }, selection);
  // What nobody can watch is told first.
  requireStreamable(format, server.codecs);
  const stream = new WatchStream(store, plan, frameEncoder(endpoint, format), server.clock);
  await stream.start(request.signal());
  const answer: HttpResponse = {
    status: 200,
    headers: {
      'cache-control': 'no-cache, private',
      'content-type': format.codec.streamType ?? format.codec.mediaType,
    },
    body: stream,
  };
  return eventsOverWebSocket(request.headers, answer, format.codec.mediaType === 'application/json');
}

/** Watches that do not say how long end at different times, so that their clients do not all come again at once. */
function usualTimeout({ random, minWatchSeconds }: Endpoint['server']): number {
  return minWatchSeconds === 0 ? longestMillis : Math.min(minWatchSeconds * 1000 * (1 + random.next()), longestMillis);
}

/** A watch on one object's path is one of the collection, of that name alone. @throws StatusError 400 for another's name */
function watchedFields(name: string, fieldSelector: string): string {
  if (name === '') return fieldSelector;
  const own = formatFieldSelector([{ field: 'metadata.name', operator: '=', value: name }]);
  if (fieldSelector === '') return own;
  const isOwn = parseFieldSelector(fieldSelector).some(
    ({ field, operator, value }) => field === 'metadata.name' && operator === '=' && value === name,
  );
  if (!isOwn) throw badRequest("fieldSelector metadata.name doesn't match requested name");
  return fieldSelector;
}

/** What the resourceVersion and sendInitialEvents mean together (KEP-3157, API concepts). */
async function planWatch(endpoint: Endpoint, options: ParsedListOptions, selection: Selection): Promise<WatchPlan> {
  const { store, namespace, server } = endpoint;
  const asked = options.resourceVersion;
  const revision = asked === '' ? 0 : parseRevision(asked);
  if (revision === undefined) throw new StatusError({ message: revisionSyntaxText(asked), code: 500 });
  const timeoutSeconds = options.timeoutSeconds ?? 0;
  const base = {
    namespace,
    selection,
    bookmarks: options.allowWatchBookmarks,
    // No time at all is a watch that ends as it begins.
    timeoutMillis: timeoutSeconds === 0 ? usualTimeout(server) : Math.max(0, timeoutSeconds) * 1000,
  };
  const wantsInitial = options.sendInitialEvents ?? revision === 0;
  if (!wantsInitial) {
    const fromRevision = revision === 0 ? store.storage.currentRevision() : revision;
    return { ...base, fromRevision, initial: [], endInitialWithBookmark: false };
  }
  const current = store.storage.currentRevision();
  if (revision > current) {
    // Whoever waits for a version to begin with is told within the stream that it did not come.
    const failure = tooLargeResourceVersion(asked, current, 1);
    return { ...base, fromRevision: current, initial: [], endInitialWithBookmark: false, failure };
  }
  const page = await readList(
    store,
    namespace,
    { ...options, resourceVersion: revision === 0 ? '0' : asked, resourceVersionMatch: '', limit: 0, continue: '' },
    selection,
  ).catch((error: unknown) => {
    throw unreadableCache(store.resource, error);
  });
  return {
    ...base,
    fromRevision: page.revision,
    initial: page.values,
    // Who wants whatever there is now is told where that ends, too, without having asked for the events, unless it is
    // a watch by its path alone.
    endInitialWithBookmark:
      options.allowWatchBookmarks && (options.sendInitialEvents === true || (options.watch && isAnyVersion(asked))),
  };
}

/** Frames, shared by every watcher that sees the same event in the same form; only the newest are kept. */
const sharedFrames = new SharedFrames({ values: 1000, bytes: 64 * 1024 * 1024 });

function frameEncoder(endpoint: Endpoint, format: OutputFormat): FrameEncoder {
  const { store } = endpoint;
  const plain = servesStoredBytes(store.resource, format);
  const { codec, pretty, as, asVersion } = format;
  const form = plain ? '' : `${codec.mediaType} ${pretty} ${as} ${asVersion} ${store.resource.apiVersion}`;
  let first = true;
  const encode = (type: string, object: unknown): Uint8Array => {
    const frame = format.codec.encodeEvent?.(type, object);
    if (frame === undefined) throw new Error(`${format.codec.mediaType} does not stream`);
    return frame;
  };
  const objectFrame = (type: string, object: Unstructured): Uint8Array | undefined => {
    // No event is a list.
    if (format.as === 'PartialObjectMetadataList') return undefined;
    const body = transformed(endpoint.request, store, format, object, first);
    first = false;
    return encode(type, body);
  };
  const valueFrame = (type: string, value: StoredValue, revision: number): Uint8Array | undefined =>
    plain
      ? Buffer.concat([Buffer.from(`{"type":"${type}","object":`), servedBytes(value, revision), frameEnd])
      : objectFrame(type, store.decode(value, revision));
  return {
    event(type, value, revision) {
      // Rows tell how old an object is now, and the first one has the columns; definitions of custom ones may change.
      if (as === 'Table' || (store.resource.custom && !plain)) return valueFrame(type, value, revision);
      const key = `${type}@${revision} ${form}`;
      const known = sharedFrames.get(value, key);
      if (known !== undefined) return known;
      const frame = valueFrame(type, value, revision);
      if (frame !== undefined) sharedFrames.set(value, key, frame);
      return frame;
    },
    initial: (value) => valueFrame('ADDED', value, value.modRevision),
    bookmark(revision, initialEventsEnd) {
      const metadata = {
        resourceVersion: String(revision),
        ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
      };
      const object = { ...emptyAnswer(store.resource), metadata };
      if (format.as === 'Table' || format.as === 'PartialObjectMetadataList') return objectFrame('BOOKMARK', object);
      return encode('BOOKMARK', format.as === '' ? object : metadataAlone(format, metadata));
    },
    error: (status: Status) => encode('ERROR', status),
  };
}

const frameEnd = Buffer.from('}\n');

function metadataAlone(format: OutputFormat, metadata: Unstructured['metadata']): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${format.asVersion}`, metadata };
}
