import type { CustomResourceDefinition } from '../../../api/types/apiextensions-v1.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { parseGroupVersion } from '../../../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { stringifyJson } from '../../../apimachinery/json-codec.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { type CallWebhook, WebhookError, type WebhookTarget } from '../../../client/webhook-client.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Random } from '../../../system/random.ts';
import type { ConversionFailure, ConversionMetrics } from './conversion-metrics.ts';
import { ConvertedMetadataError, identityProblem, restoreMetadata } from './converted-metadata.ts';

/** What conversions by webhook need. */
export interface ConversionWorld {
  readonly call: CallWebhook;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: ConversionMetrics;
}

/**
 * Objects in another version, in their order. None of them is in that version already.
 * @throws StatusError 500 that says why there is no answer
 */
export type ConvertObjects = (objects: readonly JsonObject[], apiVersion: string) => Promise<JsonObject[]>;

const group = 'apiextensions.k8s.io';
const timeoutSeconds = 30;
const reviewVersions: readonly string[] = ['v1', 'v1beta1'];

/** Converts by the webhook of a definition (`spec.conversion.webhook`), one question for all objects. */
export function webhookConversion(crd: CustomResourceDefinition, world: ConversionWorld): ConvertObjects {
  const webhook = crd.spec.conversion?.webhook;
  const target = targetOf(webhook?.clientConfig ?? {});
  const version = webhook?.conversionReviewVersions.find((candidate) => reviewVersions.includes(candidate));
  const { metrics, clock, random, call } = world;

  return async (objects, apiVersion) => {
    const [first] = objects;
    if (first === undefined) return [];
    if (version === undefined) throw failure('no supported conversion review versions');
    const begun = clock.now();
    const uid = random.uuid();
    let problem: ConversionFailure = 'conversion_webhook_call_failure';
    try {
      const answer = await call(target, conversionReview(version, uid, objects, apiVersion), timeoutSeconds);
      checkKind(answer, version);
      problem = 'conversion_webhook_malformed_response_failure';
      const converted = convertedObjects(answer, version, uid);
      problem = 'conversion_webhook_partial_response_failure';
      if (converted.length !== objects.length) {
        const counts = `returned ${converted.length} objects, expected ${objects.length}`;
        throw failure(`conversion webhook for ${describe(first)} ${counts}`);
      }
      problem = 'conversion_webhook_invalid_converted_object_failure';
      const checked = converted.map((value, index) => checkedObject(objects[index] ?? first, value, apiVersion));
      problem = '';
      return checked;
    } catch (error) {
      if (error instanceof StatusError) throw error;
      if (!(error instanceof WebhookError)) throw error;
      throw failure(`conversion webhook for ${describe(first)} failed: ${error.message}`);
    } finally {
      const seconds = (clock.now() - begun) / 1000;
      metrics.observeRequest(problem, seconds);
      const [from, to] = [parseGroupVersion(text(first['apiVersion'])), parseGroupVersion(apiVersion)];
      metrics.observeConversion(crd.metadata.name ?? '', from.version, to.version, problem === '', seconds);
    }
  };
}

/** The 500 of a conversion that cannot be; it has no reason. */
export function failure(message: string): StatusError {
  return new StatusError({ message, code: 500 });
}

function targetOf({ url, service, caBundle = '' }: WebhookTarget): WebhookTarget {
  // A bundle of nothing but white space counts as none.
  const isBlank = Buffer.from(caBundle, 'base64').toString('utf8').trim() === '';
  return {
    ...(url === undefined ? {} : { url }),
    ...(service === undefined ? {} : { service }),
    ...(isBlank ? {} : { caBundle }),
  };
}

function conversionReview(
  version: string,
  uid: string,
  objects: readonly JsonObject[],
  desiredAPIVersion: string,
): JsonObject {
  return {
    kind: 'ConversionReview',
    apiVersion: `${group}/${version}`,
    request: { uid, desiredAPIVersion, objects: [...objects] },
    // Go's types have this part in questions, too.
    response: { uid: '', convertedObjects: null, result: { metadata: {} } },
  };
}

/** @throws WebhookError for an answer of another kind, as decoding it words that */
function checkKind(answer: JsonObject, version: string): void {
  const [apiVersion, kind] = [text(answer['apiVersion']), text(answer['kind'])];
  if (kind === '') throw new WebhookError(`Object 'Kind' is missing in '${stringifyJson(answer)}'`);
  if (apiVersion === '') throw new WebhookError(`Object 'apiVersion' is missing in '${stringifyJson(answer)}'`);
  const found = parseGroupVersion(apiVersion);
  if (found.group !== group || !reviewVersions.includes(found.version) || kind !== 'ConversionReview') {
    const scheme = '"pkg/util/webhook/client.go:71"';
    throw new WebhookError(
      `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme ${scheme}`,
    );
  }
  if (found.version !== version) {
    const types = `(${found.version}.ConversionReview) to (${version}.ConversionReview)`;
    throw new WebhookError(`converting ${types}: unknown conversion`);
  }
}

/** @throws WebhookError for an answer that says no */
function convertedObjects(answer: JsonObject, version: string, uid: string): readonly JsonValue[] {
  const { response } = answer;
  if (!isJsonObject(response)) throw new WebhookError('no response provided');
  // In v1beta1 nobody looks at the uid.
  const given = text(response['uid']);
  if (version === 'v1' && given !== uid) {
    throw new WebhookError(`expected response.uid=${goQuote(uid)}, got ${goQuote(given)}`);
  }
  const result = isJsonObject(response['result']) ? response['result'] : {};
  const status = text(result['status']);
  if (status !== 'Success') {
    const message = text(result['message']);
    throw new WebhookError(message === '' ? `response.result.status was '${status}', not 'Success'` : message);
  }
  const { convertedObjects: converted } = response;
  return Array.isArray(converted) ? converted : [];
}

/** Holds a converted object against the one it was. @throws StatusError 500 */
function checkedObject(before: JsonObject, value: JsonValue, apiVersion: string): JsonObject {
  // The real one decodes an object of its own here, without a word about webhooks.
  if (value === null) throw failure('unexpected end of JSON input');
  if (!isJsonObject(value)) {
    const found = typeof value === 'object' ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    throw failure(`json: cannot unmarshal ${found} into Go value of type map[string]interface {}`);
  }
  if (text(value['kind']) === '') throw failure(`Object 'Kind' is missing in '${stringifyJson(sorted(value))}'`);
  const refuse = (why: string): StatusError => failure(`conversion webhook for ${describe(before)} returned ${why}`);
  const [found, kind] = [text(value['apiVersion']), text(value['kind'])];
  if (found !== apiVersion) {
    throw refuse(`invalid object at index 0: invalid groupVersion (expected ${apiVersion}, received ${found})`);
  }
  if (kind !== before['kind']) {
    throw refuse(`invalid object at index 0: invalid kind (expected ${text(before['kind'])}, received ${kind})`);
  }
  const problem = identityProblem(before, value);
  if (problem !== undefined) throw refuse(`invalid object: ${problem}`);
  try {
    restoreMetadata(before, value);
  } catch (error) {
    if (error instanceof ConvertedMetadataError) throw refuse(`invalid metadata: ${error.message}`);
    throw error;
  }
  return value;
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function describe(object: JsonObject): string {
  return `${text(object['apiVersion'])}, Kind=${text(object['kind'])}`;
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
