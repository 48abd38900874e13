import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import { WebhookError } from '../../../src/client/webhook-client.ts';
import { readAdmissionReview, ReviewError } from '../../../src/control-plane/admission/webhooks/admission-review.ts';

const apiVersion = 'admission.k8s.io/v1';
const kind = 'AdmissionReview';
const field = (name: string, found: string, type: string): string =>
  `json: cannot unmarshal ${found} into Go struct field ${name} of type ${type}`;

/** Parts of the response, and what the real server says of them in `failed to call webhook: …`. */
const misfits: readonly [response: JsonObject, message: string][] = [
  [{ allowed: 'true' }, field('AdmissionResponse.response.allowed', 'string', 'bool')],
  [{ allowed: 1 }, field('AdmissionResponse.response.allowed', 'number', 'bool')],
  [{ uid: 5 }, field('AdmissionResponse.response.uid', 'number', 'types.UID')],
  [{ status: 'x' }, field('AdmissionResponse.response.status', 'string', 'v1.Status')],
  [{ status: { code: 'x' } }, field('Status.response.status.code', 'string', 'int32')],
  [{ warnings: 'x' }, field('AdmissionResponse.response.warnings', 'string', '[]string')],
  [{ warnings: [1] }, field('AdmissionResponse.response.warnings', 'number', 'string')],
  [{ auditAnnotations: { k: 5 } }, field('AdmissionResponse.response.auditAnnotations', 'number', 'string')],
  [{ patch: '!!!' }, 'illegal base64 data at input byte 0'],
  [{ patch: 'YWJ' }, 'illegal base64 data at input byte 0'],
];

/** Whole answers. */
const strangers: readonly [review: JsonObject, message: string][] = [
  [{ apiVersion, kind, response: 'x' }, field('AdmissionReview.response', 'string', 'v1.AdmissionResponse')],
  [{ apiVersion, kind, response: [] }, field('AdmissionReview.response', 'array', 'v1.AdmissionResponse')],
  [
    { apiVersion: 'v1', kind: 'Status', message: 'nope' },
    'converting (v1.Status) to (v1.AdmissionReview): unknown conversion',
  ],
  [{ apiVersion: 'a/b/c', kind, response: {} }, 'unexpected GroupVersion string: a/b/c'],
  [
    { apiVersion: 'admission.k8s.io/v1beta1', kind, response: {} },
    'converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion',
  ],
  [
    { apiVersion: 'admission.k8s.io/v2', kind, response: {} },
    'no kind "AdmissionReview" is registered for version "admission.k8s.io/v2" in scheme "pkg/util/webhook/client.go:71"',
  ],
];

describe('what webhooks answer', () => {
  const refuses = (review: JsonObject, message: string): void =>
    assert.throws(() => readAdmissionReview('v1', 'u', true, review), new WebhookError(message));

  for (const [response, message] of misfits) {
    it(`may not be ${JSON.stringify(response)}`, () => {
      refuses({ apiVersion, kind, response: { uid: 'u', allowed: true, ...response } }, message);
    });
  }

  for (const [review, message] of strangers) {
    it(`may not be ${JSON.stringify(review)}`, () => refuses(review, message));
  }

  it('is checked in the types of its version', () => {
    const review = { apiVersion: 'admission.k8s.io/v1beta1', kind, response: 'x' };
    const message = field('AdmissionReview.response', 'string', 'v1beta1.AdmissionResponse');
    assert.throws(() => readAdmissionReview('v1beta1', 'u', true, review), new WebhookError(message));
  });

  it('may be missing, which is another failure', () => {
    assert.throws(() => readAdmissionReview('v1', 'u', true, {}), new ReviewError('webhook response was absent'));
  });
});
