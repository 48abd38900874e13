import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { cloneJson } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import {
  parseCertificateRequest,
  type ParsedCertificateRequest,
  signCertificateRequest,
} from '../../pki/certificates.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf } from './keyed-controller.ts';

const requestsResource = {
  group: 'certificates.k8s.io',
  version: 'v1',
  resource: 'certificatesigningrequests',
} as const;
const reviewsResource = { group: 'authorization.k8s.io', version: 'v1', resource: 'subjectaccessreviews' } as const;

const clientSigner = 'kubernetes.io/kube-apiserver-client';
const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
const kubeletServingSigner = 'kubernetes.io/kubelet-serving';
const legacySigner = 'kubernetes.io/legacy-unknown';

function hasCondition({ status }: CertificateSigningRequest, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type) === true;
}

function pemOf({ spec }: CertificateSigningRequest): string {
  return Buffer.from(spec.request, 'base64').toString('utf8');
}

function hasUsages({ spec }: CertificateSigningRequest, ...allowed: readonly (readonly string[])[]): boolean {
  const usages = new Set<string>(spec.usages ?? []);
  return allowed.some((set) => set.length === usages.size && set.every((usage) => usages.has(usage)));
}

const clientUsages = [
  ['key encipherment', 'digital signature', 'client auth'],
  ['digital signature', 'client auth'],
] as const;
const servingUsages = [
  ['key encipherment', 'digital signature', 'server auth'],
  ['digital signature', 'server auth'],
] as const;

function isNodeSubject({ commonName, organizations }: ParsedCertificateRequest): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes' && commonName.startsWith('system:node:');
}

/** Why a request of a kubelet for its client certificate cannot be signed; undefined when it can. */
function kubeletClientProblem(request: CertificateSigningRequest, asked: ParsedCertificateRequest): string | undefined {
  if (asked.organizations.length !== 1 || asked.organizations[0] !== 'system:nodes') {
    return 'subject organization is not system:nodes';
  }
  if (asked.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (asked.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (!asked.commonName.startsWith('system:node:')) return 'subject common name does not begin with system:node:';
  return hasUsages(request, ...clientUsages)
    ? undefined
    : 'usages did not match [client auth digital signature key encipherment]';
}

function kubeletServingProblem(
  request: CertificateSigningRequest,
  asked: ParsedCertificateRequest,
): string | undefined {
  if (!isNodeSubject(asked)) return 'subject is not that of a node';
  if (asked.commonName !== request.spec.username) return 'subject common name is not the name of the requestor';
  if (asked.dnsNames.length === 0 && asked.ipAddresses.length === 0) {
    return 'at least one DNS or IP subjectAltName is required';
  }
  return hasUsages(request, ...servingUsages)
    ? undefined
    : 'usages did not match [digital signature key encipherment server auth]';
}

function clientProblem({ spec }: CertificateSigningRequest): string | undefined {
  const allowed = new Set(['digital signature', 'key encipherment', 'client auth']);
  const usages = spec.usages ?? [];
  if (usages.every((usage) => allowed.has(usage)) && usages.includes('client auth')) return undefined;
  return 'usages did not match [client auth digital signature key encipherment]';
}

/** Approves what kubelets ask for, when they are allowed to: their first client certificate, and its renewal. */
export function createCertificateApprovingController(context: ControllerContext): Controller {
  const requests = context.informers.informer<CertificateSigningRequest>(requestsResource);
  const isAllowed = async ({ spec }: CertificateSigningRequest, subresource: string): Promise<boolean> => {
    const { username = '', uid = '', groups = [], extra = {} } = spec;
    const attributes = {
      group: 'certificates.k8s.io',
      resource: 'certificatesigningrequests',
      subresource,
      verb: 'create',
    };
    const review = await context.client.resource(reviewsResource).create({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: { user: username, uid, groups, extra, resourceAttributes: attributes },
    });
    return (review['status'] as { allowed?: boolean } | undefined)?.allowed === true;
  };
  return createKeyedController({
    name: 'certificatesigningrequest-approving-controller',
    context,
    register(queue) {
      const enqueue = (request: CertificateSigningRequest): void => queue.add(keyOf(request));
      requests.addHandler({ added: enqueue, updated: enqueue });
    },
    async sync(name) {
      const request = requests.get('', name);
      if (request === undefined || request.spec.signerName !== kubeletClientSigner) return;
      if ((request.status?.certificate ?? '') !== '') return;
      if (hasCondition(request, 'Approved') || hasCondition(request, 'Denied')) return;
      const asked = await parseCertificateRequest(pemOf(request)).catch(() => undefined);
      if (asked === undefined || kubeletClientProblem(request, asked) !== undefined) return;
      const isOwn = asked.commonName === request.spec.username;
      const message =
        isOwn && (await isAllowed(request, 'selfnodeclient'))
          ? 'Auto approving self kubelet client certificate after SubjectAccessReview.'
          : (await isAllowed(request, 'nodeclient'))
            ? 'Auto approving kubelet client certificate after SubjectAccessReview.'
            : undefined;
      if (message === undefined) return;
      const approved = cloneJson(request);
      const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message };
      approved.status = { ...approved.status, conditions: [...(approved.status?.conditions ?? []), condition] };
      await context.client
        .resource<CertificateSigningRequest>(requestsResource)
        .update(approved, { subresource: 'approval' });
    },
  });
}

/** As kube-controller-manager's --cluster-signing-duration. */
const longestSeconds = 365 * 24 * 3600;
const shortestSeconds = 600;

/** Signs approved requests for the signers of Kubernetes itself, with the cluster's certificate authority. */
export function createCertificateSigningController(context: ControllerContext): Controller {
  const requests = context.informers.informer<CertificateSigningRequest>(requestsResource);
  const resource = context.client.resource<CertificateSigningRequest>(requestsResource);
  const fail = async (request: CertificateSigningRequest, message: string): Promise<void> => {
    const failed = cloneJson(request);
    const condition = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message };
    failed.status = { ...failed.status, conditions: [...(failed.status?.conditions ?? []), condition] };
    await resource.update(failed, { subresource: 'status' });
  };
  return createKeyedController({
    name: 'certificatesigningrequest-signing-controller',
    context,
    register(queue) {
      const enqueue = (request: CertificateSigningRequest): void => queue.add(keyOf(request));
      requests.addHandler({ added: enqueue, updated: enqueue });
    },
    async sync(name) {
      const request = requests.get('', name);
      if (request === undefined || !hasCondition(request, 'Approved') || hasCondition(request, 'Failed')) return;
      const { signerName, expirationSeconds, usages = [] } = request.spec;
      if ((request.status?.certificate ?? '') !== '' || !signers.has(signerName)) return;
      let certificate: string;
      try {
        const asked = await parseCertificateRequest(pemOf(request));
        const problem = signers.get(signerName)?.(request, asked);
        if (problem !== undefined) {
          await fail(request, problem);
          return;
        }
        certificate = await signCertificateRequest(context.signingAuthority, pemOf(request), {
          usages,
          now: context.clock.now(),
          expirationSeconds: Math.max(shortestSeconds, Math.min(expirationSeconds ?? longestSeconds, longestSeconds)),
        });
      } catch (error) {
        await fail(request, messageOf(error));
        return;
      }
      const signed = cloneJson(request);
      signed.status = { ...signed.status, certificate: Buffer.from(certificate).toString('base64') };
      await resource.update(signed, { subresource: 'status' });
    },
  });
}

type SignerCheck = (request: CertificateSigningRequest, asked: ParsedCertificateRequest) => string | undefined;

const signers: ReadonlyMap<string, SignerCheck> = new Map<string, SignerCheck>([
  [clientSigner, clientProblem],
  [kubeletClientSigner, kubeletClientProblem],
  [kubeletServingSigner, kubeletServingProblem],
  [legacySigner, () => undefined],
]);

const hourMillis = 3_600_000;
const pendingMillis = 24 * hourMillis;

/** Removes requests that were decided an hour ago, wait for a day, or whose certificate has expired. */
export function createCertificateCleaner(context: ControllerContext): Controller {
  const requests = context.informers.informer<CertificateSigningRequest>(requestsResource);
  return createKeyedController({
    name: 'certificatesigningrequest-cleaner-controller',
    context,
    register(queue) {
      const enqueue = (request: CertificateSigningRequest): void => queue.add(keyOf(request));
      requests.addHandler({ added: enqueue, updated: enqueue });
    },
    async sync(name, queue) {
      const request = requests.get('', name);
      if (request === undefined) return;
      const left = endOf(request) - context.clock.now();
      if (left > 0) {
        queue.addAfter(name, left);
        return;
      }
      const { uid = '' } = request.metadata;
      try {
        await context.client.resource(requestsResource).delete(name, { preconditions: { uid } });
      } catch (error) {
        if (!hasReason(error, 'NotFound')) throw error;
      }
    },
  });
}

/** When a request may go, in milliseconds since the epoch. */
function endOf({ metadata, status }: CertificateSigningRequest): number {
  const created = Date.parse(metadata.creationTimestamp ?? '');
  const ends = [created + pendingMillis];
  const certificate = status?.certificate ?? '';
  for (const { type, lastUpdateTime } of status?.conditions ?? []) {
    const decided = Date.parse(lastUpdateTime ?? metadata.creationTimestamp ?? '');
    if (type === 'Denied' || type === 'Failed' || (type === 'Approved' && certificate !== '')) {
      ends.push(decided + hourMillis);
    }
  }
  if (certificate !== '') {
    const { validTo } = new X509Certificate(Buffer.from(certificate, 'base64'));
    ends.push(Date.parse(validTo));
  }
  return Math.min(...ends);
}
