import { X509Certificate } from 'node:crypto';
import { checkImmutable, type FieldError, FieldPath, invalid, tooLong } from '../../../apimachinery/field-error.ts';
import type { KubeObject, Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import { trustBundleNameProblems } from '../signer-rules.ts';
import { pemBlocks } from '../../../apimachinery/pem-blocks.ts';
import { validateSignerName } from '../v1/certificate-signing-request-validation.ts';

/** certificates.k8s.io ClusterTrustBundle. */
export interface ClusterTrustBundle extends KubeObject {
  readonly spec: { readonly signerName?: string; readonly trustBundle: string };
}

const specPath = new FieldPath('spec');
const maxBundleBytes = 1024 * 1024;

/** Names begin with the signer's; a bundle holds certificates of authorities, each once; its signer stays. */
export const clusterTrustBundleStrategy: Strategy = {
  allowUnconditionalUpdate: false,
  validateName: (name, prefix, object) => trustBundleNameProblems(name, prefix, bundleOf(object).spec.signerName ?? ''),
  validateCreate: (object) => validateSpec(bundleOf(object)),
  validateAsNew: (object, old) => validateSpec(bundleOf(object), bundleOf(old)),
  validateUpdate: (object, old) =>
    checkImmutable(
      specPath.child('signerName'),
      bundleOf(object).spec.signerName ?? '',
      bundleOf(old).spec.signerName ?? '',
    ),
};

function bundleOf(object: Unstructured): ClusterTrustBundle {
  return object as unknown as ClusterTrustBundle;
}

/** A bundle that does not change is not read again: what can be read may change with the server. */
function validateSpec({ spec }: ClusterTrustBundle, old?: ClusterTrustBundle): FieldError[] {
  const { signerName = '', trustBundle } = spec;
  return [
    ...(signerName === '' ? [] : validateSignerName(signerName, specPath.child('signerName'))),
    ...(old?.spec.trustBundle === trustBundle ? [] : validateBundle(trustBundle, specPath.child('trustBundle'))),
  ];
}

function validateBundle(bundle: string, path: FieldPath): FieldError[] {
  if (Buffer.byteLength(bundle) > maxBundleBytes) return [tooLong(path, maxBundleBytes)];
  const blocks = pemBlocks(bundle);
  const wrong = (text: string): FieldError => invalid(path, '<value omitted>', text);
  const malformed = blocks.flatMap(({ type, hasHeaders, bytes }, index) => {
    if (type !== 'CERTIFICATE') return [wrong(`entry ${index} has bad block type: ${type}`)];
    if (hasHeaders) return [wrong(`entry ${index} has PEM block headers`)];
    const isAuthority = readAuthority(bytes);
    if (isAuthority === undefined) return [wrong(`entry ${index} does not parse as X.509`)];
    return isAuthority ? [] : [wrong(`entry ${index} does not have the CA bit set`)];
  });
  if (malformed.length > 0) return malformed;
  if (blocks.length === 0) return [wrong('at least one trust anchor must be provided')];
  const places = new Map<string, number[]>();
  blocks.forEach(({ bytes }, index) => {
    const key = Buffer.from(bytes).toString('base64');
    places.set(key, [...(places.get(key) ?? []), index]);
  });
  return [...places.values()]
    .filter((indices) => indices.length > 1)
    .map((indices) => wrong(`duplicate trust anchor (indices [${indices.join(' ')}])`));
}

/** Whether a certificate is that of an authority; undefined for what is no certificate. */
function readAuthority(der: Uint8Array): boolean | undefined {
  try {
    return new X509Certificate(der).ca;
  } catch {
    return undefined;
  }
}
