import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { equalJson } from '../../apimachinery/json.ts';
import {
  accessQuestion,
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { refusal } from './refusal.ts';

const requests = 'certificates.k8s.io/certificatesigningrequests';
const signers = { group: 'certificates.k8s.io', version: '*', resource: 'signers' } as const;
const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** Only who may `approve` for a signer approves or denies its requests. */
export function certificateApproval(context: AdmissionContext): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    async validate(attributes) {
      if (!isUpdateOf(attributes, 'approval')) return;
      await requireSigner(context, attributes, 'approve');
    },
  };
}

/** Only who may `sign` for a signer sets certificates and conditions. */
export function certificateSigning(context: AdmissionContext): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    async validate(attributes) {
      if (!isUpdateOf(attributes, 'status')) return;
      const before = (attributes.oldObject as unknown as CertificateSigningRequest).status;
      const after = (attributes.object as unknown as CertificateSigningRequest).status;
      const isSame =
        before?.certificate === after?.certificate && equalJson(before?.conditions ?? [], after?.conditions ?? []);
      if (!isSame) await requireSigner(context, attributes, 'sign');
    },
  };
}

/** Nobody becomes a superuser by a certificate of the client signer. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  async validate(attributes) {
    if (resourceKey(attributes) !== requests || attributes.subresource !== '' || attributes.operation !== 'CREATE')
      return;
    const { spec } = attributes.object as unknown as CertificateSigningRequest;
    if (spec.signerName !== clientSigner) return;
    let groups: readonly string[];
    try {
      // The certificate code is large, and few need it.
      const { parseCertificateRequest } = await import('../../pki/certificates.ts');
      const pem = Buffer.from(spec.request, 'base64').toString('utf8');
      groups = (await parseCertificateRequest(pem)).organizations;
    } catch (error) {
      const text = messageOf(error);
      throw refusal(attributes, `failed to parse CSR: ${text}`);
    }
    if (!groups.includes('system:masters')) return;
    const message = `use of ${clientSigner} signer with system:masters group is not allowed`;
    throw refusal(attributes, message);
  },
};

function isUpdateOf(attributes: AdmissionAttributes, subresource: string): boolean {
  const isRequest = resourceKey(attributes) === requests && attributes.subresource === subresource;
  return isRequest && attributes.operation === 'UPDATE' && attributes.oldObject !== undefined;
}

async function requireSigner(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  verb: 'approve' | 'sign',
): Promise<void> {
  const { signerName } = (attributes.oldObject as unknown as CertificateSigningRequest).spec;
  if (await maySpeakFor(context, attributes, verb, signerName)) return;
  const message = `user not permitted to ${verb} requests with signerName "${signerName}"`;
  throw refusal(attributes, message);
}

/** Whether the user has a right over a signer, or over all of its domain. */
export async function maySpeakFor(
  { access }: AdmissionContext,
  { user }: AdmissionAttributes,
  verb: 'approve' | 'sign' | 'attest',
  signerName: string,
): Promise<boolean> {
  for (const name of [signerName, `${signerName.split('/')[0] ?? ''}/*`]) {
    if ((await access.authorize(accessQuestion(user, verb, signers, { name }))).allowed) return true;
  }
  return false;
}
