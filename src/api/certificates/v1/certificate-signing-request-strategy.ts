import {
  FieldPath,
  type FieldError,
  fieldForbidden,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { formatTime } from '../../../apimachinery/object-meta.ts';
import type { RequestContext, Strategy } from '../../resource-definition.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../types/certificates-v1.ts';

/** The shortest time a certificate may be asked for. */
const minSeconds = 600;

const spec = new FieldPath('spec');
const conditionsPath = new FieldPath('status').child('conditions');

/**
 * Who asks is written down by the server; the request never changes; approvals and refusals go through `approval`,
 * certificates and failures through `status`, and none of them is taken back (certificates.k8s.io/v1).
 */
export const certificateSigningRequestStrategy: Strategy = {
  prepareForCreate(object, { user }) {
    const request = object as unknown as CertificateSigningRequest;
    const { username, uid, groups, extra } = user;
    request.spec = { ...request.spec };
    for (const field of ['username', 'uid', 'groups', 'extra'] as const) delete request.spec[field];
    if (username !== '') request.spec.username = username;
    if (uid !== '') request.spec.uid = uid;
    if (groups.length > 0) request.spec.groups = [...groups];
    if (extra !== undefined && Object.keys(extra).length > 0) {
      request.spec.extra = Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
    }
    delete request.status;
  },
  prepareForUpdate(object, old, context) {
    const request = object as unknown as CertificateSigningRequest;
    const before = old as unknown as CertificateSigningRequest;
    request.spec = before.spec;
    const wanted = request.status;
    if (context.subresource === '') {
      keepStatus(request, before);
      return;
    }
    if (context.subresource === 'approval') {
      const conditions = wanted?.conditions;
      keepStatus(request, before);
      if (conditions !== undefined) request.status = { ...request.status, conditions };
      else if (request.status !== undefined) delete request.status.conditions;
    }
    fillTimes(request, before, context);
  },
  validateCreate(object) {
    return validateSpec(object as unknown as CertificateSigningRequest);
  },
  validateUpdate(object, old, { subresource }) {
    const request = object as unknown as CertificateSigningRequest;
    const before = old as unknown as CertificateSigningRequest;
    return [...validateCertificate(request, before, subresource), ...validateConditions(request, before, subresource)];
  },
  resetFields: { '': ['status'], approval: ['spec', 'status.certificate'], status: ['spec'] },
};

function keepStatus(request: CertificateSigningRequest, before: CertificateSigningRequest): void {
  if (before.status === undefined) delete request.status;
  else request.status = { ...before.status };
}

/** Conditions without times get them: of the last change only where type or status is new. */
function fillTimes(
  { status }: CertificateSigningRequest,
  before: CertificateSigningRequest,
  { now }: RequestContext,
): void {
  if (status?.conditions === undefined) return;
  const time = formatTime(now);
  status.conditions = status.conditions.map((condition) => {
    const same = before.status?.conditions?.find(
      (one) => one.type === condition.type && one.status === condition.status && one.lastTransitionTime !== undefined,
    );
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? time,
      lastTransitionTime: condition.lastTransitionTime ?? same?.lastTransitionTime ?? time,
    };
  });
}

function validateSpec({ spec: asked }: CertificateSigningRequest): FieldError[] {
  const errors: FieldError[] = [];
  // What the schema requires may be missing all the same.
  const { request = '', signerName = '' } = asked as Partial<typeof asked>;
  const pem = Buffer.from(request, 'base64').toString('latin1');
  if (!isPemBlock(pem, 'CERTIFICATE REQUEST')) {
    errors.push(invalid(spec.child('request'), pem, 'PEM block type must be CERTIFICATE REQUEST'));
  }
  if ((asked.usages ?? []).length === 0) errors.push(required(spec.child('usages'), 'usages is required for v1'));
  if (signerName === '') errors.push(required(spec.child('signerName')));
  else if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+\/[^/].*$/.test(signerName)) {
    const detail = `must be a fully qualified domain and path of the form 'example.com/signer-name'`;
    errors.push(invalid(spec.child('signerName'), signerName, detail));
  }
  if (asked.expirationSeconds !== undefined && asked.expirationSeconds < minSeconds) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid(spec.child('expirationSeconds'), asked.expirationSeconds, detail));
  }
  return errors;
}

function isPemBlock(text: string, type: string): boolean {
  return text.includes(`-----BEGIN ${type}-----`) && text.includes(`-----END ${type}-----`);
}

function validateCertificate(
  request: CertificateSigningRequest,
  before: CertificateSigningRequest,
  subresource: string,
): FieldError[] {
  const path = new FieldPath('status').child('certificate');
  const certificate = request.status?.certificate ?? '';
  const earlier = before.status?.certificate ?? '';
  if (subresource !== 'status' || certificate === earlier) return [];
  if (earlier !== '') return [fieldForbidden(path, 'updates may not modify existing certificate content')];
  const pem = Buffer.from(certificate, 'base64').toString('latin1');
  if (isPemBlock(pem, 'CERTIFICATE')) return [];
  return [invalid(path, '<certificate data>', 'must contain at least one CERTIFICATE PEM block')];
}

/** Decisions that stay once they are made, and are always True. */
const lasting = ['Approved', 'Denied', 'Failed'];

function validateConditions(
  request: CertificateSigningRequest,
  before: CertificateSigningRequest,
  subresource: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const conditions = request.status?.conditions ?? [];
  const earlier = before.status?.conditions ?? [];
  errors.push(...conditions.flatMap((condition, index) => validateCondition(condition, index)));
  const has = (list: readonly CertificateSigningRequestCondition[], type: string): boolean =>
    list.some((condition) => condition.type === type);
  for (const [index, { type }] of conditions.entries()) {
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : '';
    if (other !== '' && conditions.slice(0, index).some((condition) => condition.type === other)) {
      const detail = 'Approved and Denied conditions are mutually exclusive';
      errors.push(invalid(conditionsPath.index(index).child('type'), type, detail));
    }
  }
  for (const type of lasting) {
    if (has(earlier, type) && !has(conditions, type)) {
      errors.push(fieldForbidden(conditionsPath, `updates may not remove a condition of type "${type}"`));
    }
    const isDecision = type !== 'Failed';
    if (isDecision && subresource !== 'approval' && !has(earlier, type) && has(conditions, type)) {
      errors.push(fieldForbidden(conditionsPath, `updates may not add a condition of type "${type}"`));
    }
  }
  return errors;
}

function validateCondition(condition: CertificateSigningRequestCondition, index: number): FieldError[] {
  const path = conditionsPath.index(index);
  if (condition.type === '') return [required(path.child('type'))];
  if (lasting.includes(condition.type) && condition.status !== 'True') {
    if (condition.status === '') return [required(path.child('status'))];
    return [notSupported(path.child('status'), condition.status, ['True'])];
  }
  return condition.status === '' ? [required(path.child('status'))] : [];
}
