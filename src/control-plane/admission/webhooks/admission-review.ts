import { gvkText } from '../../../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { WebhookError } from '../../../client/webhook-client.ts';
import type { AdmissionAttributes } from '../admission-plugin.ts';
import { checkReviewTypes } from './review-types.ts';
import type { PolicyMatch } from '../policies/policy-matching.ts';

const group = 'admission.k8s.io';
const reviewVersions = ['v1', 'v1beta1'] as const;

/** A version of AdmissionReview that webhooks are spoken to in. */
export type ReviewVersion = (typeof reviewVersions)[number];

/** The first of a webhook's versions that is known here. */
export function chooseReviewVersion(accepted: readonly string[]): ReviewVersion | undefined {
  for (const version of accepted) {
    const known = reviewVersions.find((candidate) => candidate === version);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** What a webhook is asked. Objects are in the version of the match. */
export function admissionReview(
  version: ReviewVersion,
  uid: string,
  attributes: AdmissionAttributes,
  match: PolicyMatch,
  objects: { readonly object: Unstructured | undefined; readonly oldObject: Unstructured | undefined },
): JsonObject {
  const { kind, resource, subresource, name, namespace, operation, user, dryRun, options } = attributes;
  const given = (fields: Record<string, string>): JsonObject =>
    Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''));
  const request = {
    uid,
    kind: { group: match.kind.group, version: match.kind.version, kind: match.kind.kind },
    resource: {
      group: match.resource.group,
      version: match.resource.version,
      resource: match.resource.resource,
    },
    ...given({ subResource: subresource }),
    requestKind: { group: kind.group, version: kind.version, kind: kind.kind },
    requestResource: { group: resource.group, version: resource.version, resource: resource.resource },
    ...given({ requestSubResource: subresource, name, namespace }),
    operation,
    userInfo: {
      ...given({ username: user.username, uid: user.uid }),
      ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
      ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra as unknown as JsonObject }),
    },
    object: (operation === 'CONNECT' && objects.object !== undefined
      ? withoutMetadata(objects.object)
      : (objects.object ?? null)) as JsonValue,
    oldObject: (objects.oldObject ?? null) as JsonValue,
    dryRun,
    options: Object.keys(options).length === 0 ? null : (options as JsonObject),
  };
  return { kind: 'AdmissionReview', apiVersion: `${group}/${version}`, request };
}

/** The options of a connection as webhooks see them: they have none. */
export function withoutMetadata(object: Unstructured): object {
  const { metadata: _metadata, ...options } = object;
  return options;
}

/** What a webhook says of a request. */
export interface ReviewVerdict {
  readonly allowed: boolean;
  /** The Status that explains a refusal. */
  readonly result: JsonObject | undefined;
  /** JSON; empty when nothing is to change. */
  readonly patch: string;
  readonly patchType: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: readonly (readonly [string, string])[];
}

/** An answer that is no review; the message is as the real server words it. */
export class ReviewError extends Error {}

/**
 * Checks a webhook's answer. In v1beta1 its uid, kind and type of patch were never looked at.
 * @throws ReviewError
 */
export function readAdmissionReview(
  version: ReviewVersion,
  uid: string,
  isMutating: boolean,
  review: JsonObject,
): ReviewVerdict {
  checkDecodable(version, review);
  const { response } = review;
  if (!isJsonObject(response)) throw new ReviewError('webhook response was absent');
  const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
  const patch = Buffer.from(text(response['patch']), 'base64').toString('utf8');
  const isTyped = typeof response['patchType'] === 'string';
  let patchType = isMutating && patch !== '' ? 'JSONPatch' : '';
  if (version === 'v1') {
    checkIdentity(uid, review, text(response['uid']));
    checkPatch(isMutating, patch !== '', isTyped ? text(response['patchType']) : undefined);
    patchType = text(response['patchType']);
  }
  const { status, warnings, auditAnnotations } = response;
  return {
    allowed: response['allowed'] === true,
    result: isJsonObject(status) ? status : undefined,
    patch: isMutating ? patch : '',
    patchType,
    warnings: Array.isArray(warnings) ? warnings.filter((warning) => typeof warning === 'string') : [],
    auditAnnotations: isJsonObject(auditAnnotations)
      ? Object.entries(auditAnnotations).map(([key, value]) => [key, text(value)] as const)
      : [],
  };
}

/** What the real server's decoder would not take for a review of the version. @throws WebhookError */
function checkDecodable(version: ReviewVersion, review: JsonObject): void {
  const { apiVersion, kind } = review;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || apiVersion === '' || kind === '') {
    checkReviewTypes(version, review);
    return;
  }
  if (apiVersion.split('/').length > 2) throw new WebhookError(`unexpected GroupVersion string: ${apiVersion}`);
  const cannotBe = (what: string): WebhookError =>
    new WebhookError(`converting (${what}) to (${version}.AdmissionReview): unknown conversion`);
  if (apiVersion === 'v1' && kind === 'Status') throw cannotBe('v1.Status');
  const given = reviewVersions.find((known) => apiVersion === `${group}/${known}`);
  if (given === undefined || kind !== 'AdmissionReview') {
    const scheme = 'pkg/util/webhook/client.go:71';
    const what = `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)}`;
    throw new WebhookError(`${what} in scheme ${goQuote(scheme)}`);
  }
  checkReviewTypes(given, review);
  if (given !== version) throw cannotBe(`${given}.AdmissionReview`);
}

function checkIdentity(uid: string, { apiVersion, kind }: JsonObject, given: string): void {
  if (given !== uid) throw new ReviewError(`expected response.uid=${goQuote(uid)}, got ${goQuote(given)}`);
  const [first = '', second] = (typeof apiVersion === 'string' ? apiVersion : '').split('/');
  const found = second === undefined ? { group: '', version: first } : { group: first, version: second };
  const foundKind = typeof kind === 'string' ? kind : '';
  if (found.group === group && found.version === 'v1' && foundKind === 'AdmissionReview') return;
  const shown = gvkText({ ...found, kind: foundKind });
  throw new ReviewError(`expected webhook response of ${group}/v1, Kind=AdmissionReview, got ${shown}`);
}

function checkPatch(isMutating: boolean, hasPatch: boolean, patchType: string | undefined): void {
  if (!isMutating) {
    if (hasPatch) throw new ReviewError('validating webhook may not return response.patch');
    if (patchType !== undefined) throw new ReviewError('validating webhook may not return response.patchType');
    return;
  }
  if (hasPatch && patchType === undefined) {
    throw new ReviewError('webhook returned response.patch but not response.patchType');
  }
  if (!hasPatch && patchType !== undefined) {
    throw new ReviewError('webhook returned response.patchType but not response.patch');
  }
  if (patchType === '') throw new ReviewError('webhook returned invalid response.patchType of ""');
}
