import {
  duplicate,
  type FieldError,
  FieldPath,
  fieldForbidden,
  goQuote,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import { pemBlocks } from '../../../apimachinery/pem-blocks.ts';
import { unifiedDiff } from '../../../apimachinery/unified-diff.ts';
import { certificateRequestProblem } from './certificate-request-syntax.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../types/certificates-v1.ts';

/** The shortest time a certificate may be asked for. */
const leastSeconds = 600;

const specPath = new FieldPath('spec');
const conditionsPath = new FieldPath('status').child('conditions');
const certificatePath = new FieldPath('status').child('certificate');

const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

/** Checks a request; what an older one was let pass with stays so. The signature within it is not looked at. */
export function validateSigningRequest(
  { spec, status }: CertificateSigningRequest,
  old?: CertificateSigningRequest,
): FieldError[] {
  const errors: FieldError[] = [];
  // What the schema requires may be missing all the same.
  const { request = null, signerName = '', usages: asked = [], expirationSeconds } = spec as Partial<typeof spec>;
  const problem = certificateRequestProblem(pemText(request ?? ''));
  if (problem !== '') errors.push(invalid(specPath.child('request'), request, problem));
  errors.push(...validateUsages(asked, old?.spec.usages ?? []));
  const legacy = 'kubernetes.io/legacy-unknown';
  const signerPath = specPath.child('signerName');
  if (signerName === legacy && old?.spec.signerName !== legacy) {
    errors.push(invalid(signerPath, signerName, 'the legacy signerName is not allowed via this API version'));
  } else errors.push(...validateSignerName(signerName, signerPath));
  if (expirationSeconds !== undefined && expirationSeconds < leastSeconds) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid(specPath.child('expirationSeconds'), expirationSeconds, detail));
  }
  errors.push(...validateConditions(status?.conditions ?? [], old?.status?.conditions ?? []));
  const certificate = status?.certificate ?? '';
  if (certificate !== '' && certificate !== (old?.status?.certificate ?? '')) {
    errors.push(...certificateProblems(certificate).map((why) => invalid(certificatePath, '<certificate data>', why)));
  }
  return errors;
}

function validateUsages(asked: readonly string[], old: readonly string[]): FieldError[] {
  const path = specPath.child('usages');
  const errors: FieldError[] = asked.length === 0 ? [required(path)] : [];
  if (old.every((usage) => usages.includes(usage))) {
    asked.forEach((usage, index) => {
      if (!usages.includes(usage)) errors.push(notSupported(path.index(index), usage, usages));
    });
  }
  if (new Set(old).size < old.length) return errors;
  asked.forEach((usage, index) => {
    if (asked.indexOf(usage) < index) errors.push(duplicate(path.index(index), usage));
  });
  return errors;
}

const [longestDomain, longestSigner] = [253, 571];

/** `example.com/signer-name`: a domain of two labels at least, and names with dots. */
export function validateSignerName(name: string, path: FieldPath): FieldError[] {
  if (name === '') return [required(path)];
  const [domain = '', rest, ...more] = name.split('/');
  if (rest === undefined || more.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(path, name, detail)];
  }
  const errors: FieldError[] = domain.length > longestDomain ? [tooLong(path, longestDomain)] : [];
  const checkLabels = (text: string, check: (label: string) => string[]): void => {
    const wrong = text.split('.').find((label) => check(label).length > 0);
    if (wrong === undefined) return;
    const messages = check(wrong).map((message) => `validating label ${goQuote(wrong)}: ${message}`);
    errors.push(...messages.map((message) => invalid(path, text, message)));
  };
  checkLabels(domain, isDns1123Label);
  if (!domain.includes('.')) {
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  }
  checkLabels(rest, isDns1123Subdomain);
  return name.length > longestSigner ? [...errors, tooLong(path, longestSigner)] : errors;
}

function pemText(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}

function certificateProblems(base64: string): string[] {
  const blocks = pemBlocks(pemText(base64));
  for (const { type, hasHeaders } of blocks) {
    if (type !== 'CERTIFICATE') return [`only CERTIFICATE PEM blocks are allowed, found ${goQuote(type)}`];
    if (hasHeaders) return ['no PEM block headers are permitted'];
  }
  return blocks.length === 0 ? ['must contain at least one CERTIFICATE PEM block'] : [];
}

/** Decisions are always True. */
const alwaysTrue = ['Approved', 'Denied', 'Failed'];
const statuses = ['False', 'True', 'Unknown'];

function validateConditions(
  conditions: readonly CertificateSigningRequestCondition[],
  old: readonly CertificateSigningRequestCondition[],
): FieldError[] {
  const oldTypes = old.map(({ type }) => type);
  const hadBoth = oldTypes.includes('Approved') && oldTypes.includes('Denied');
  const hadRepeated = new Set(oldTypes).size < oldTypes.length;
  const seen = new Set<string>();
  return conditions.flatMap(({ status, type }, index) => {
    const at = conditionsPath.index(index);
    const errors: FieldError[] = [];
    if (type === '' && !oldTypes.includes('')) errors.push(required(at.child('type')));
    const allowed = alwaysTrue.includes(type) ? ['True'] : statuses;
    if (status === '') errors.push(required(at.child('status')));
    else if (!allowed.includes(status)) errors.push(notSupported(at.child('status'), status, allowed));
    const opposite = type === 'Approved' ? 'Denied' : 'Approved';
    if (!hadBoth && (type === 'Approved' || type === 'Denied') && seen.has(opposite)) {
      errors.push(invalid(conditionsPath, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (!hadRepeated && seen.has(type)) errors.push(duplicate(at.child('type'), type));
    seen.add(type);
    return errors;
  });
}

/** What may be done through the request itself, its `approval` and its `status`: nothing is ever taken back. */
export function validateSigningRequestUpdate(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  subresource: string,
): FieldError[] {
  const errors = validateSigningRequest(request, old);
  const ofType = ({ status }: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] =>
    (status?.conditions ?? []).filter((condition) => condition.type === type);
  const refuse = (what: string, type: string, more = ''): void => {
    errors.push(fieldForbidden(conditionsPath, `updates may not ${what} a condition of type ${goQuote(type)}${more}`));
  };
  for (const type of ['Approved', 'Denied', 'Failed']) {
    if (ofType(request, type).length < ofType(old, type).length) refuse('remove', type);
  }
  for (const type of subresource === 'approval' ? [] : ['Approved', 'Denied']) {
    const [now, before] = [ofType(request, type), ofType(old, type)];
    if (now.length < before.length) continue;
    if (now.length > before.length) refuse('add', type);
    else if (!equalJson(now, before)) refuse('modify', type, `\n${conditionsDifference(before, now)}`);
  }
  const [certificate, earlier] = [request.status?.certificate ?? '', old.status?.certificate ?? ''];
  if (certificate === earlier) return errors;
  if (subresource !== 'status') {
    errors.push(fieldForbidden(certificatePath, 'updates may not set certificate content'));
  } else if (earlier !== '') {
    errors.push(fieldForbidden(certificatePath, 'updates may not modify existing certificate content'));
  }
  return errors;
}

/** How conditions differ, by the names of their Go fields. */
function conditionsDifference(
  old: readonly CertificateSigningRequestCondition[],
  changed: readonly CertificateSigningRequestCondition[],
): string {
  const show = (list: readonly CertificateSigningRequestCondition[]): string =>
    JSON.stringify(
      list.map(({ type, status, reason = '', message = '', lastUpdateTime, lastTransitionTime }) => ({
        Type: type,
        Status: status,
        Reason: reason,
        Message: message,
        LastUpdateTime: lastUpdateTime ?? null,
        LastTransitionTime: lastTransitionTime ?? null,
      })),
      null,
      1,
    );
  return unifiedDiff(show(old), show(changed));
}
