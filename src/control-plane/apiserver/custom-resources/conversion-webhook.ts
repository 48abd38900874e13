import type { CustomResourceDefinition } from '../../../api/types/apiextensions-v1.ts';
import { parseGroupVersion } from '../../../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject, type JsonValue, keptText } from '../../../apimachinery/json.ts';
import { stringifyJson } from '../../../apimachinery/json-codec.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { type CallWebhook, WebhookError, type WebhookTarget } from '../../../client/webhook-client.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Random } from '../../../system/random.ts';
import type { ConversionFailure, ConversionMetrics } from './conversion-metrics.ts';
import {
  checkConversionReview,
  conversionReview,
  conversionReviewVersions,
  convertedObjects,
} from './conversion-review.ts';
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

const timeoutSeconds = 30;

/** So many objects of a list are converted side by side. */
const mostAtOnce = 8;

/**
 * Converts by the webhook of a definition (`spec.conversion.webhook`), one question for each object: a webhook that
 * answers in another order, or fails for one of them, does the same to everybody.
 */
export function webhookConversion(crd: CustomResourceDefinition, world: ConversionWorld): ConvertObjects {
  const webhook = crd.spec.conversion?.webhook;
  const target = targetOf(webhook?.clientConfig ?? {});
  const version = webhook?.conversionReviewVersions.find((candidate) => conversionReviewVersions.includes(candidate));
  const { metrics, clock, random, call } = world;

  const convertOne = async (object: JsonObject, apiVersion: string): Promise<JsonObject> => {
    if (version === undefined) throw failure('no supported conversion review versions');
    const begun = clock.now();
    const uid = random.uuid();
    let problem: ConversionFailure = 'conversion_webhook_call_failure';
    try {
      const answer = await call(target, conversionReview(version, uid, [object], apiVersion), timeoutSeconds);
      checkConversionReview(answer, version);
      problem = 'conversion_webhook_malformed_response_failure';
      const converted = convertedObjects(answer, version, uid);
      problem = 'conversion_webhook_partial_response_failure';
      const [only = null] = converted;
      if (converted.length !== 1) {
        throw failure(`conversion webhook for ${describe(object)} returned ${converted.length} objects, expected 1`);
      }
      problem = 'conversion_webhook_invalid_converted_object_failure';
      const checked = checkedObject(object, only, apiVersion);
      problem = '';
      return checked;
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      throw failure(`conversion webhook for ${describe(object)} failed: ${error.message}`);
    } finally {
      const seconds = (clock.now() - begun) / 1000;
      metrics.observeRequest(problem, seconds);
      const [from, to] = [parseGroupVersion(text(object['apiVersion'])), parseGroupVersion(apiVersion)];
      metrics.observeConversion(crd.metadata.name ?? '', from.version, to.version, problem === '', seconds);
    }
  };

  return (objects, apiVersion) => convertSideBySide(objects, (object) => convertOne(object, apiVersion));
}

/** Converts objects, some at a time; when that fails no further ones are begun. @throws what the first of them failed of */
async function convertSideBySide(
  objects: readonly JsonObject[],
  convert: (object: JsonObject) => Promise<JsonObject>,
): Promise<JsonObject[]> {
  const converted: JsonObject[] = [];
  const failures: { readonly index: number; readonly error: unknown }[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; failures.length === 0 && index < objects.length; index = next++) {
      const object = objects[index];
      if (object === undefined) return;
      try {
        converted[index] = await convert(object);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, objects.length) }, work));
  const [first] = failures.toSorted((left, right) => left.index - right.index);
  if (first !== undefined) throw first.error;
  return converted;
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

/** Holds a converted object against the one it was. @throws StatusError 500 */
function checkedObject(before: JsonObject, value: JsonValue, apiVersion: string): JsonObject {
  // The real one decodes an object of its own here, without a word about webhooks.
  if (value === null) throw failure('unexpected end of JSON input');
  if (!isJsonObject(value)) {
    const found = typeof value === 'object' ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    throw failure(`json: cannot unmarshal ${found} into Go value of type map[string]interface {}`);
  }
  const isVersion = text(value['apiVersion']).split('/').length <= 2;
  if (text(value['kind']) === '' || !isVersion) {
    throw failure(`Object 'Kind' is missing in '${keptText(value) ?? stringifyJson(value)}'`);
  }
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

function describe(object: JsonObject): string {
  return `${text(object['apiVersion'])}, Kind=${text(object['kind'])}`;
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
