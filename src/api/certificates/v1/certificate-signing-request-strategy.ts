import { formatTime } from '../../../apimachinery/object-meta.ts';
import { validateSigningRequest, validateSigningRequestUpdate } from './certificate-signing-request-validation.ts';
import type { RequestContext, Strategy } from '../../resource-definition.ts';
import type { CertificateSigningRequest } from '../../types/certificates-v1.ts';

/**
 * Who asks is written down by the server; the request never changes; approvals and refusals go through `approval`,
 * certificates and failures through `status`, and none of them is taken back (certificates.k8s.io/v1).
 */
export const certificateSigningRequestStrategy: Strategy = {
  validateName: () => [],
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
    request.status = {};
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
    if (context.subresource === 'status') keepDecisions(request, before);
    fillTimes(request, before, context);
  },
  validateCreate(object) {
    return validateSigningRequest(object as unknown as CertificateSigningRequest);
  },
  validateUpdate: (object, old, { subresource }) =>
    validateSigningRequestUpdate(
      object as unknown as CertificateSigningRequest,
      old as unknown as CertificateSigningRequest,
      subresource,
    ),
  resetFields: {
    '': ['spec', 'status'],
    approval: ['spec', 'status.certificate'],
    status: ['spec', 'status.conditions'],
  },
};

function keepStatus(request: CertificateSigningRequest, before: CertificateSigningRequest): void {
  if (before.status === undefined) delete request.status;
  else request.status = { ...before.status };
}

/** Decisions are not made through the status; as long as none comes or goes, they stay as they are. */
function keepDecisions(request: CertificateSigningRequest, before: CertificateSigningRequest): void {
  const conditions = request.status?.conditions;
  if (conditions === undefined) return;
  for (const type of ['Approved', 'Denied']) {
    const old = (before.status?.conditions ?? []).filter((condition) => condition.type === type);
    const places = conditions.flatMap((condition, index) => (condition.type === type ? [index] : []));
    if (old.length !== places.length) continue;
    places.forEach((place, index) => {
      const condition = old[index];
      if (condition !== undefined) conditions[place] = condition;
    });
  }
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
