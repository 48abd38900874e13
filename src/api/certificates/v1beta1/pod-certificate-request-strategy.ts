import type { KeyObject } from 'node:crypto';
import {
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  invalidWithoutValue,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { KubeObject, Unstructured } from '../../../apimachinery/object-meta.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { internalObject } from '../../core/v1/internal-objects.ts';
import type { Strategy } from '../../resource-definition.ts';
import { metadataAside } from '../../status-metadata.ts';
import type { Condition } from '../../types/meta-v1.ts';
import { provesPossession, readKeyRequest, readPublicKey } from '../public-keys.ts';
import { certificateSeconds, validateUserAnnotations } from '../signer-rules.ts';
import { validateSignerName } from '../v1/certificate-signing-request-validation.ts';
import { validatePodCertificateStatus } from './pod-certificate-status-validation.ts';

/** certificates.k8s.io PodCertificateRequest. */
export interface PodCertificateRequest extends KubeObject {
  readonly spec: {
    readonly signerName: string;
    readonly podName: string;
    readonly podUID: string;
    readonly serviceAccountName: string;
    readonly serviceAccountUID: string;
    readonly nodeName: string;
    readonly nodeUID: string;
    readonly maxExpirationSeconds?: number;
    readonly pkixPublicKey?: string | null;
    readonly proofOfPossession?: string | null;
    readonly stubPKCS10Request?: string | null;
    readonly unverifiedUserAnnotations?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly certificateChain?: string;
    readonly notBefore?: string;
    readonly beginRefreshAt?: string;
    readonly notAfter?: string;
  };
}

const specPath = new FieldPath('spec');
const maxKeyBytes = 10 * 1024;

/** A request never changes; who signs for its signer answers it once, through its status. */
export const podCertificateRequestStrategy: Strategy = {
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  keptOnStatus: metadataAside,
  resetFields: { '': [], status: ['spec'] },
  validateCreate: (object) => validateSpec(requestOf(object).spec),
  validateUpdate(object, old, { subresource, now }, ofMetadata = []) {
    const [request, before] = [requestOf(object), requestOf(old)];
    if (subresource === 'status') {
      return ofMetadata.length > 0 ? [] : validatePodCertificateStatus(request, before, now);
    }
    if (equalSemantic(request.spec, before.spec)) return [];
    return [invalid(specPath, internalObject('PodCertificateRequestSpec', request.spec), 'field is immutable')];
  },
};

function requestOf(object: Unstructured): PodCertificateRequest {
  return object as unknown as PodCertificateRequest;
}

function validateSpec(spec: PodCertificateRequest['spec']): FieldError[] {
  const { signerName, podName, serviceAccountName, nodeName, maxExpirationSeconds: seconds } = spec;
  const name = (field: string, value: string): FieldError[] =>
    invalidFor(specPath.child(field), value, isDns1123Subdomain(value));
  const uid = (field: 'podUID' | 'serviceAccountUID' | 'nodeUID'): FieldError[] => {
    const path = specPath.child(field);
    if (spec[field] === '') return [invalid(path, '', 'must not be empty')];
    return Buffer.byteLength(spec[field]) > 128 ? [tooLong(path, 128)] : [];
  };
  const errors = [
    ...validateSignerName(signerName, specPath.child('signerName')),
    ...validateUserAnnotations(spec.unverifiedUserAnnotations ?? {}, specPath.child('unverifiedUserAnnotations')),
    ...name('podName', podName),
    ...uid('podUID'),
    ...name('serviceAccountName', serviceAccountName),
    ...uid('serviceAccountUID'),
    ...name('nodeName', nodeName),
    ...uid('nodeUID'),
  ];
  const secondsPath = specPath.child('maxExpirationSeconds');
  if (seconds === undefined) return [...errors, required(secondsPath, 'must be set')];
  const { least, most } = certificateSeconds(signerName);
  if (seconds < least || seconds > most) {
    errors.push(invalid(secondsPath, seconds, `must be in the range [${least}, ${most}]`));
  }
  return [...errors, ...validateKey(spec)];
}

/** There is a signing request, or a key with a proof that its owner has it. */
function validateKey(spec: PodCertificateRequest['spec']): FieldError[] {
  const [request, key, proof] = [spec.stubPKCS10Request, spec.pkixPublicKey, spec.proofOfPossession].map((text) =>
    Buffer.from(text ?? '', 'base64'),
  );
  const has = (bytes: Uint8Array | undefined): bytes is Uint8Array => bytes !== undefined && bytes.length > 0;
  if (has(request) && !has(key) && !has(proof)) return validateRequest(request);
  if (!has(request) && has(key) && has(proof)) return validateProof(spec, key, proof);
  const text = 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set';
  return [invalidWithoutValue(specPath, text)];
}

function validateRequest(der: Uint8Array): FieldError[] {
  const path = specPath.child('stubPKCS10Request');
  if (der.length > maxKeyBytes) return [tooLong(path, maxKeyBytes)];
  const request = readKeyRequest(der);
  if (request === undefined) return [invalidWithoutValue(path, 'must be a valid PKCS#10 CSR')];
  const { key } = request;
  if (key === undefined || !isKnown(key)) return [invalidWithoutValue(path, unknownKeyText)];
  const problem = keyProblem(key, 'P256, P384, or P521');
  if (problem !== undefined) return [invalid(path, problem.value, problem.text)];
  return request.isSigned() ? [] : [invalidWithoutValue(path, 'invalid signature')];
}

function validateProof(spec: PodCertificateRequest['spec'], der: Uint8Array, proof: Uint8Array): FieldError[] {
  const path = specPath.child('pkixPublicKey');
  const proofPath = specPath.child('proofOfPossession');
  if (der.length > maxKeyBytes) return [tooLong(path, maxKeyBytes)];
  if (proof.length > maxKeyBytes) return [tooLong(proofPath, maxKeyBytes)];
  const key = readPublicKey(der);
  if (key === undefined) return [invalid(path, spec.pkixPublicKey, 'must be a valid PKIX-serialized public key')];
  if (!isKnown(key)) return [invalid(path, spec.pkixPublicKey, unknownKeyText)];
  const problem = keyProblem(key, 'P256 or P384');
  if (problem !== undefined) return [invalid(path, problem.value, problem.text)];
  if (provesPossession(key, spec.podUID, proof)) return [];
  return [invalidWithoutValue(proofPath, 'could not verify proof-of-possession signature')];
}

const unknownKeyText = 'unknown public key type; supported types are Ed25519, ECDSA, and RSA';

function isKnown({ asymmetricKeyType: type }: KeyObject): boolean {
  return type === 'ed25519' || type === 'ec' || type === 'rsa';
}

/** Curves by OpenSSL's names. */
const curves: Readonly<Record<string, string>> = {
  secp224r1: 'P-224',
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** What is wrong with the size of a key. */
function keyProblem(key: KeyObject, allowed: string): { readonly value: string; readonly text: string } | undefined {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec') {
    const curve = curves[namedCurve] ?? namedCurve;
    if (['P-256', 'P-384', 'P-521'].includes(curve)) return undefined;
    return { value: `curve ${curve}`, text: `elliptic public keys must use curve ${allowed}` };
  }
  const bits = Math.ceil(modulusLength / 8) * 8;
  if (key.asymmetricKeyType !== 'rsa' || bits === 3072 || bits === 4096) return undefined;
  return { value: `${bits}-bit modulus`, text: 'RSA keys must have modulus size 3072 or 4096' };
}
