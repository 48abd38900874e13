import { formatGroupVersion, type GroupVersionKind, gvkOf } from '../apimachinery/gvk.ts';
import { JsonSyntaxError } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { NoMatchError, type RestMapper, type RestMapping } from '../apimachinery/rest-mapping.ts';
import { hasReason, StatusError } from '../apimachinery/status.ts';
import type { AnswerReader, Client, ResourceClient } from '../client/client.ts';
import { TransportError } from '../client/transport-error.ts';
import { requestFailure } from '../client/transport-reason.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Discovery } from '../schema-cache/discovery.ts';
import { type Clock, sleep } from '../system/clock.ts';

/** A kind the server does not have; the message is what follows `error: `. */
export class UnknownKindError extends Error {}

/** A kind of an item of a list that the server does not have; the message is told as it is. */
export class UnknownListedKindError extends UnknownKindError {}

/** An object of a manifest, with where it comes from. */
export type SourcedObject = Pick<ManifestObject, 'object' | 'source' | 'list'>;

/** An object of a manifest whose kind cannot be looked up; the message is what follows `error: `. */
export class UnrecognizedObjectError extends Error {
  /** Why the server did not tell its kinds. */
  readonly reason: string;

  constructor(source: string, cause: unknown) {
    const reason = cause instanceof TransportError ? requestFailure(cause) : (cause as Error).message;
    super(`unable to recognize ${JSON.stringify(source)}: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** The server's kinds for an object of a manifest. @throws UnrecognizedObjectError */
async function mapperFor(source: string, load: () => Promise<RestMapper>): Promise<RestMapper> {
  try {
    return await load();
  } catch (error) {
    const isAnswer = error instanceof StatusError || error instanceof JsonSyntaxError;
    if (!isAnswer && !(error instanceof TransportError)) throw error;
    throw new UnrecognizedObjectError(source, error);
  }
}

/**
 * The mapping of an object's kind, as kubectl words it when there is none. An object that tells no version is asked for
 * where there is none, as with the real program.
 * @throws UnknownKindError
 */
export function mappingOf(mapper: RestMapper, entry: SourcedObject): RestMapping {
  const gvk = gvkOf(entry.object);
  try {
    const mapping = mapper.mappingForKind(gvk, gvk.version);
    return gvk.version === '' ? { ...mapping, gvr: { ...mapping.gvr, version: '' } } : mapping;
  } catch (error) {
    if (!(error instanceof NoMatchError)) throw error;
    throw unknownKind(gvk, entry);
  }
}

function unknownKind(gvk: GroupVersionKind, { object, source, list }: SourcedObject): UnknownKindError {
  const reason = `no matches for kind "${gvk.kind}" in version "${formatGroupVersion(gvk)}"`;
  if (list !== undefined) return new UnknownListedKindError(`unable to recognize ${reason}`);
  const { name = '', namespace = '' } = object.metadata;
  const where = namespace === '' ? '' : namespace;
  return new UnknownKindError(
    `resource mapping not found for name: "${name}" namespace: "${where}" from "${source}": ${reason}\nensure CRDs are installed first`,
  );
}

/** A mapping to the version that is served, whatever an object tells. */
export function servedMapping(mapping: RestMapping): RestMapping {
  return { ...mapping, gvr: { ...mapping.gvr, version: mapping.gvk.version } };
}

/** For kinds that are just being defined: how long their appearance is waited for. */
export interface Patience {
  readonly clock: Clock;
  readonly millis: number;
}

const pollMillis = 50;

/** The mapping of a kind, asked for again when a CRD may have come meanwhile. @throws UnknownKindError */
export async function findMapping(
  discovery: Discovery,
  entry: SourcedObject,
  patience?: Patience,
): Promise<RestMapping> {
  const end = patience === undefined ? 0 : patience.clock.now() + patience.millis;
  try {
    return mappingOf(await mapperFor(entry.source, () => discovery.mapper()), entry);
  } catch (error) {
    if (!(error instanceof UnknownKindError)) throw error;
  }
  for (;;) {
    try {
      return mappingOf(await mapperFor(entry.source, () => discovery.refresh()), entry);
    } catch (error) {
      if (!(error instanceof UnknownKindError) || patience === undefined || patience.clock.now() >= end) throw error;
      await sleep(patience.clock, pollMillis);
    }
  }
}

/** The verbs of a mapping in a namespace (which cluster-scoped kinds ignore). @param read reads answers, as in Client */
export function resourceOf(
  client: Client,
  mapping: RestMapping,
  namespace: string,
  read?: AnswerReader,
): ResourceClient {
  return client.resource(mapping.gvr, mapping.namespaced ? namespace : undefined, read);
}

/**
 * What is told when an object was not had by its name: in a namespace that is not there, that; else the error itself.
 * Nothing is asked of `default`, as in the real program.
 */
export async function missingNamespaceOr(
  error: unknown,
  client: Client,
  mapping: RestMapping,
  namespace: string,
): Promise<unknown> {
  if (!hasReason(error, 'NotFound') || !mapping.namespaced || ['', 'default'].includes(namespace)) return error;
  try {
    // Asked for by its path alone, which is why nothing is told of it.
    await client.request({ method: 'GET', path: `/api/v1/namespaces/${encodeURIComponent(namespace)}`, raw: true });
    return error;
  } catch (problem) {
    return hasReason(problem, 'NotFound') ? problem : error;
  }
}

/** An object of a manifest as it is created: without the version that was written down of a stored one. */
export function asNew(object: Unstructured): Unstructured {
  const { resourceVersion, ...metadata } = object.metadata;
  return resourceVersion === undefined ? object : { ...object, metadata };
}
