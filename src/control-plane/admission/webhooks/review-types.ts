import { builtInSchemas } from '../../../api/registry.ts';
import { parseTypes } from '../../../api/type-language.ts';
import { decodeTyped } from '../../../apimachinery/decoding/typed-decoder.ts';
import { TypedDecodeError } from '../../../apimachinery/decoding/typed-decode-error.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../../../apimachinery/schema.ts';
import { WebhookError } from '../../../client/webhook-client.ts';
import type { ReviewVersion } from './admission-review.ts';

/** What a webhook answers, as far as it is read (k8s.io/api/admission). */
const text = `
type AdmissionReview
  apiVersion: string
  kind: string
  response: AdmissionResponse

type AdmissionResponse
  allowed: bool
  auditAnnotations: {string}
  patch: bytes
  patchType: string
  status: meta.Status
  uid: string
  warnings: [string] atomic
`;

const packageOf = (version: ReviewVersion): string => `io.k8s.api.admission.${version}`;

let known: ReadonlyMap<string, Schema> | undefined;

const source: SchemaSource = {
  lookup(name) {
    known ??= new Map(
      (['v1', 'v1beta1'] as const).flatMap((version) =>
        parseTypes({ package: packageOf(version), text }).map((type) => [type.name, type.schema] as const),
      ),
    );
    return known.get(name) ?? builtInSchemas.lookup(name);
  },
};

/** Holds an answer against its type, as Go's decoder does. @throws WebhookError for what does not fit */
export function checkReviewTypes(version: ReviewVersion, review: JsonObject): void {
  try {
    decodeTyped(review, `${packageOf(version)}.AdmissionReview`, source);
  } catch (error) {
    if (error instanceof TypedDecodeError) throw new WebhookError(error.message, { cause: error });
    throw error;
  }
}
