import type { TokenRequestSpec } from '../../api/types/authentication-v1.ts';
import type { Node, Pod, Secret, ServiceAccount } from '../../api/types/core-v1.ts';
import { FieldPath, invalid, invalidObject, type FieldError } from '../../apimachinery/field-error.ts';
import { gvkText } from '../../apimachinery/gvk.ts';
import { isJsonObject } from '../../apimachinery/json.ts';
import { formatTime, type KubeObject, type Unstructured } from '../../apimachinery/object-meta.ts';
import { badRequest, conflict, hasReason } from '../../apimachinery/status.ts';
import type { Clock } from '../../system/clock.ts';
import type { BoundObject, ServiceAccountTokenAuthority, TokenSpecification } from './service-account-token.ts';

/** The requests for tokens that can be answered with. */
export interface TokenRequestOptions {
  readonly authority: ServiceAccountTokenAuthority;
  /** Audiences of the API server itself, for requests that name none. */
  readonly apiAudiences: readonly string[];
  readonly clock: Clock;
  /** Reads an object. @throws StatusError 404 */
  get<T extends KubeObject>(
    resource: 'nodes' | 'pods' | 'secrets' | 'serviceaccounts',
    namespace: string,
    name: string,
  ): Promise<T>;
  /** --service-account-max-token-expiration in seconds; none when absent. */
  readonly maxExpirationSeconds?: number;
  /** --service-account-extend-token-expiration. Default true. */
  readonly extendExpiration?: boolean;
}

export interface TokenRequestPlace {
  readonly namespace: string;
  /** Of the service account, from the path. */
  readonly name: string;
  readonly dryRun: boolean;
  warn(text: string): void;
  /** Has the request checked, as far as it is filled in before there is a token. @throws StatusError to refuse */
  validate?(request: Unstructured): Promise<void>;
  /** Told how the audit log names the token. */
  issued?(credential: string): void;
}

const noToken = { token: '', expirationTimestamp: null };
const gvk = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' } as const;
const defaultSeconds = 3600;
/** What pods ask for; such tokens are made to last a year and only reported after this, so that old clients go on. */
const reportedSeconds = 3607;
const extendedSeconds = 365 * 24 * 60 * 60;
const shortestSeconds = 600;
const longestSeconds = 2 ** 32;

/** All of a request, as the audit log shows it: what is not said too. */
export function wholeTokenRequest(object: Unstructured): Unstructured {
  const spec = isJsonObject(object['spec']) ? object['spec'] : {};
  const { audiences = null, expirationSeconds = defaultSeconds, boundObjectRef = null } = spec;
  return { ...object, spec: { audiences, expirationSeconds, boundObjectRef }, status: noToken };
}

/** Fills in how long the token is to hold, as the version's defaulting does. */
export function setTokenRequestDefaults(object: Unstructured): void {
  const spec = isJsonObject(object['spec']) ? object['spec'] : {};
  object['spec'] = { ...spec, expirationSeconds: spec['expirationSeconds'] ?? defaultSeconds };
}

/** Shows what is not set as the kind's Go type does, which admission gets to see. */
export function showUnsetTokenFields(object: Unstructured): void {
  const spec = isJsonObject(object['spec']) ? object['spec'] : {};
  const { audiences = null, boundObjectRef = null } = spec;
  object['spec'] = { ...spec, audiences, boundObjectRef };
  object['status'] = noToken;
}

/**
 * Answers POST serviceaccounts/NAME/token (KEP-1205).
 * @throws StatusError 400, 404, 409, 422
 */
export async function answerTokenRequest(
  object: Unstructured,
  place: TokenRequestPlace,
  options: TokenRequestOptions,
): Promise<Unstructured> {
  const { namespace, name } = place;
  matchPlace(object, place);
  const account = await options.get<ServiceAccount>('serviceaccounts', namespace, name);
  const { uid = '' } = account.metadata;
  const own = object.metadata.uid ?? '';
  if (own !== '' && own !== uid) {
    const text = `the UID in the token request (${own}) does not match the UID of the service account (${uid})`;
    throw conflict({ group: gvk.group, resource: gvk.kind }, name, text);
  }
  const spec = (isJsonObject(object['spec']) ? object['spec'] : {}) as TokenRequestSpec;
  const audiences = (spec.audiences ?? []).length === 0 ? options.apiAudiences : (spec.audiences ?? []);
  const asked = spec.expirationSeconds ?? defaultSeconds;
  const errors = expirationErrors(asked);
  if (errors.length > 0) throw invalidObject(gvk, '', errors);
  // Clients send the field as null.
  const reference: TokenRequestSpec['boundObjectRef'] | null = spec.boundObjectRef;
  const now = options.clock.now();
  const filledIn = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { ...object.metadata, name, namespace, uid, creationTimestamp: formatTime(now) },
  };
  const shownSpec = { audiences, expirationSeconds: asked, boundObjectRef: reference ?? null };
  await place.validate?.({ ...filledIn, spec: shownSpec, status: noToken });
  const bound = reference === undefined || reference === null ? {} : await boundObjects(reference, place, options);
  const expirationSeconds = shortened(asked, place, options);
  const { token, id } = options.authority.issue({
    namespace,
    name,
    uid,
    audiences,
    ...bound,
    ...lifetime(expirationSeconds, bound.bound, audiences, options),
  });
  place.issued?.(`JTI=${id}`);
  return {
    ...filledIn,
    spec: { audiences, expirationSeconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: { token, expirationTimestamp: formatTime(now + expirationSeconds * 1000) },
  };
}

function matchPlace(object: Unstructured, { namespace, name }: TokenRequestPlace): void {
  const path = new FieldPath('metadata');
  const own = object.metadata.name ?? '';
  if (own !== '' && own !== name) {
    const error = invalid(path.child('name'), own, 'must match the service account name if specified');
    throw invalidObject(gvk, name, [error]);
  }
  const ownNamespace = object.metadata.namespace ?? '';
  if (ownNamespace !== '' && ownNamespace !== namespace) {
    const text = 'must match the service account namespace if specified';
    throw invalidObject(gvk, name, [invalid(path.child('namespace'), ownNamespace, text)]);
  }
}

function expirationErrors(seconds: number): FieldError[] {
  const path = new FieldPath('spec.expirationSeconds');
  if (seconds < shortestSeconds) return [invalid(path, seconds, 'may not specify a duration less than 10 minutes')];
  if (seconds > longestSeconds) return [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

function shortened(seconds: number, place: TokenRequestPlace, { maxExpirationSeconds }: TokenRequestOptions): number {
  if (maxExpirationSeconds === undefined || seconds <= maxExpirationSeconds) return seconds;
  place.warn(`requested expiration of ${seconds} seconds shortened to ${maxExpirationSeconds} seconds`);
  return maxExpirationSeconds;
}

function lifetime(
  seconds: number,
  bound: BoundObject | undefined,
  audiences: readonly string[],
  options: TokenRequestOptions,
): Pick<TokenSpecification, 'expirationSeconds' | 'warnAfterSeconds'> {
  const isForServer = audiences.every((audience) => options.apiAudiences.includes(audience));
  const isExtended =
    options.extendExpiration !== false && bound?.kind === 'Pod' && seconds === reportedSeconds && isForServer;
  return isExtended
    ? { expirationSeconds: extendedSeconds, warnAfterSeconds: seconds }
    : { expirationSeconds: seconds };
}

async function boundObjects(
  reference: NonNullable<TokenRequestSpec['boundObjectRef']>,
  { namespace, name: account }: TokenRequestPlace,
  options: TokenRequestOptions,
): Promise<Pick<TokenSpecification, 'bound' | 'node'>> {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
  const [group, version] = groupVersionOf(apiVersion);
  if (group !== '' || (kind !== 'Pod' && kind !== 'Node' && kind !== 'Secret')) {
    throw badRequest(`cannot bind token to object of type ${gvkText({ group, version, kind })}`);
  }
  if (name === '') throw badRequest('Name parameter required.');
  const found = await readBound(kind, namespace, name, options);
  if (kind === 'Pod' && (found as Pod).spec?.serviceAccountName !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
    );
  }
  const ownUid = found.metadata.uid ?? '';
  if (uid !== '' && uid !== ownUid) {
    const text = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', resource: kind }, name, text);
  }
  const bound = { kind, name, uid: ownUid } as const;
  const nodeName = kind === 'Pod' ? ((found as Pod).spec?.nodeName ?? '') : '';
  return nodeName === '' ? { bound } : { bound, node: await nodeOf(nodeName, options) };
}

/** What cannot be read is no group and no version, as the real server takes it. */
function groupVersionOf(apiVersion: string): readonly [string, string] {
  const [group = '', version, ...more] = apiVersion.split('/');
  if (more.length > 0) return ['', ''];
  return version === undefined ? ['', group] : [group, version];
}

function readBound(
  kind: BoundObject['kind'],
  namespace: string,
  name: string,
  options: TokenRequestOptions,
): Promise<Pod | Secret | Node> {
  if (kind === 'Pod') return options.get<Pod>('pods', namespace, name);
  if (kind === 'Secret') return options.get<Secret>('secrets', namespace, name);
  return options.get<Node>('nodes', '', name);
}

/** The pod may be bound to a node that is gone; its name is still of use. */
async function nodeOf(name: string, options: TokenRequestOptions): Promise<{ name: string; uid: string }> {
  try {
    const node = await options.get<Node>('nodes', '', name);
    return { name, uid: node.metadata.uid ?? '' };
  } catch (error) {
    if (hasReason(error, 'NotFound')) return { name, uid: '' };
    throw error;
  }
}
