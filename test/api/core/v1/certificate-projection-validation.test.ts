import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  validateBundle,
  validatePodCertificate,
} from '../../../../src/api/core/v1/certificate-projection-validation.ts';
import type { ClusterTrustBundleProjection, PodCertificateProjection } from '../../../../src/api/types/core-v1.ts';
import { FieldPath, formatFieldError } from '../../../../src/apimachinery/field-error.ts';

const root = new FieldPath('s');
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** What a real 1.36.2 with the gates open says of them. */
const bundles: readonly (readonly [bundle: ClusterTrustBundleProjection, problems: readonly string[]])[] = [
  [{ name: 'a', path: 'p' }, []],
  [{ name: 'a.b:c:x', path: 'p' }, []],
  [{ signerName: 'a.b/c', labelSelector: {}, path: 'p' }, []],
  [{ signerName: 'a.b/c', path: 'p' }, []],
  [
    { name: 'a', signerName: 'b', path: 'p' },
    [
      's.clusterTrustBundle: Invalid value: {"Name":"a","SignerName":"b","LabelSelector":null,"Optional":null,"Path":"p"}: only one of name and signerName may be used',
    ],
  ],
  [{ path: 'p' }, ['s.clusterTrustBundle: Required value: either name or signerName must be specified']],
  [
    { name: '', path: 'p' },
    [
      's.clusterTrustBundle.name: Required value: must be a valid object name',
      `s.clusterTrustBundle.name: Invalid value: "": not a valid clustertrustbundlename: ${subdomain}`,
    ],
  ],
  [
    { name: 'A b', path: 'p' },
    [`s.clusterTrustBundle.name: Invalid value: "A b": not a valid clustertrustbundlename: ${subdomain}`],
  ],
  [
    { signerName: '', path: 'p' },
    [
      's.clusterTrustBundle.signerName: Required value: must be a valid signer name',
      's.clusterTrustBundle.signerName: Required value',
    ],
  ],
  [
    { signerName: 'nope', path: 'p' },
    [
      's.clusterTrustBundle.signerName: Invalid value: "nope": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
    ],
  ],
  [
    { name: 'a', path: 'p', labelSelector: { matchLabels: { a: 'b' } } },
    [
      's.clusterTrustBundle.labelSelector: Invalid value: {"matchLabels":{"a":"b"}}: labelSelector must be unset if name is specified',
    ],
  ],
  [
    { signerName: 'a.b/c', path: 'p', labelSelector: { matchExpressions: [{ key: 'a', operator: 'Nope' }] } },
    [
      's.clusterTrustBundle.labelSelector.matchExpressions[0].operator: Invalid value: "Nope": not a valid selector operator',
    ],
  ],
  [{ name: 'a', path: '' }, ['s.clusterTrustBundle.path: Required value']],
];

for (const [clusterTrustBundle, problems] of bundles) {
  test(`a projection of ${JSON.stringify(clusterTrustBundle)}`, () => {
    const errors = validateBundle({ clusterTrustBundle }, root, () => undefined);
    assert.deepEqual(errors.map(formatFieldError), problems);
  });
}

const usual: PodCertificateProjection = { signerName: 'a.b/c', keyType: 'ED25519', credentialBundlePath: 'x' };
const at = 's.podCertificate';
const certificates: readonly (readonly [more: Partial<PodCertificateProjection>, problems: readonly string[]])[] = [
  [{}, []],
  [{ userAnnotations: { 'a.b/C': 'b' }, maxExpirationSeconds: 7_862_400 }, []],
  [{ signerName: '' }, [`${at}.signerName: Required value`]],
  [
    { signerName: 'x' },
    [
      `${at}.signerName: Invalid value: "x": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    ],
  ],
  [
    { userAnnotations: { a: 'b' } },
    [`${at}.userAnnotations: Invalid value: "a": must be a domain-prefixed key (such as "acme.io/foo")`],
  ],
  [
    { signerName: 'foo.kubernetes.io/x', maxExpirationSeconds: 86_401 },
    [`${at}.maxExpirationSeconds: Invalid value: 86401: if provided, maxExpirationSeconds must be <= 86400`],
  ],
  [
    { maxExpirationSeconds: 10 },
    [`${at}.maxExpirationSeconds: Invalid value: 10: if provided, maxExpirationSeconds must be >= 3600`],
  ],
  [
    { credentialBundlePath: '' },
    [`${at}: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath`],
  ],
];

for (const [more, problems] of certificates) {
  test(`a certificate with ${JSON.stringify(more)}`, () => {
    const errors = validatePodCertificate({ podCertificate: { ...usual, ...more } }, root, () => undefined);
    assert.deepEqual(errors.map(formatFieldError), problems);
  });
}
