import { builtInSchemas } from '../../../api/registry.ts';
import { parseTypes } from '../../../api/type-language.ts';
import { decodeTyped } from '../../../apimachinery/decoding/typed-decoder.ts';
import { TypedDecodeError } from '../../../apimachinery/decoding/typed-decode-error.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { type GroupVersion, gvkText, parseGroupVersion } from '../../../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../../../apimachinery/schema.ts';
import { WebhookError } from '../../../client/webhook-client.ts';

const group = 'apiextensions.k8s.io';

/** The versions of reviews that may be asked in. */
export const conversionReviewVersions: readonly string[] = ['v1', 'v1beta1'];

/** What a webhook answers, as far as it is read (apiextensions.k8s.io ConversionReview). */
const types = `
type ConversionReview
  apiVersion: string
  kind: string
  response: ConversionResponse

type ConversionResponse
  convertedObjects: [runtime.RawExtension]
  result: meta.Status
  uid: string
`;

const packageOf = (version: string): string => `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}`;

let known: ReadonlyMap<string, Schema> | undefined;

const source: SchemaSource = {
  lookup(name) {
    known ??= new Map(
      conversionReviewVersions.flatMap((version) =>
        parseTypes({ package: packageOf(version), text: types }).map((type) => [type.name, type.schema] as const),
      ),
    );
    return known.get(name) ?? builtInSchemas.lookup(name);
  },
};

/** A review as a webhook is asked, one object at a time or many. */
export function conversionReview(
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

/** Holds an answer against what was asked for, as decoding it does. @throws WebhookError in the decoder's words */
export function checkConversionReview(answer: JsonObject, version: string): void {
  const { apiVersion, kind } = saidType(answer);
  if (apiVersion.split('/').length > 2) throw new WebhookError(`unexpected GroupVersion string: ${apiVersion}`);
  const found = apiVersion === '' ? { group, version } : parseGroupVersion(apiVersion);
  if (kind === '' || kind === 'ConversionReview') {
    if (found.group !== group || !conversionReviewVersions.includes(found.version)) {
      throw unregistered(kind === '' ? 'ConversionReview' : kind, found);
    }
    checkTypes(answer, found.version);
    if (found.version !== version) throw cannotBe(`${found.version}.ConversionReview`, version);
    return;
  }
  if (found.group === '' && found.version === 'v1' && kind === 'Status') throw cannotBe('v1.Status', version);
  const isDefinition = kind === 'CustomResourceDefinition' || kind === 'CustomResourceDefinitionList';
  if (isDefinition && found.group === group && conversionReviewVersions.includes(found.version)) {
    throw cannotBe(`${found.version}.${kind}`, version);
  }
  throw unregistered(kind, found);
}

/**
 * The objects of an answer that says yes.
 * @throws WebhookError for an answer to something else, and for one that says no, with its message
 */
export function convertedObjects(answer: JsonObject, version: string, uid: string): readonly JsonValue[] {
  // In v1beta1 nobody looks at kind and uid.
  if (version === 'v1') checkSaidType(answer);
  const { response } = answer;
  if (!isJsonObject(response)) throw new WebhookError('no response provided');
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

function checkSaidType(answer: JsonObject): void {
  const { apiVersion, kind } = saidType(answer);
  if (apiVersion === `${group}/v1` && kind === 'ConversionReview') return;
  const shown = gvkText({ ...parseGroupVersion(apiVersion), kind });
  throw new WebhookError(`expected webhook response of ${group}/v1, Kind=ConversionReview, got ${shown}`);
}

/** @throws WebhookError for a value of another type than its field's */
function checkTypes(answer: JsonObject, version: string): void {
  const { response } = answer;
  const isList = isJsonObject(response) && Array.isArray(response['convertedObjects']);
  // What the objects are is seen when each of them is read.
  const checked = isList ? { ...answer, response: { ...response, convertedObjects: [] } } : answer;
  try {
    decodeTyped(checked, `${packageOf(version)}.ConversionReview`, source);
  } catch (error) {
    if (error instanceof TypedDecodeError) throw new WebhookError(error.message, { cause: error });
    throw error;
  }
}

function unregistered(kind: string, { group: of, version }: GroupVersion): WebhookError {
  const apiVersion = of === '' ? version : `${of}/${version}`;
  const where = `for version ${goQuote(apiVersion)} in scheme "pkg/util/webhook/client.go:71"`;
  return new WebhookError(`no kind ${goQuote(kind)} is registered ${where}`);
}

function cannotBe(what: string, version: string): WebhookError {
  return new WebhookError(`converting (${what}) to (${version}.ConversionReview): unknown conversion`);
}

function saidType(answer: JsonObject): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: text(answer['apiVersion']), kind: text(answer['kind']) };
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
