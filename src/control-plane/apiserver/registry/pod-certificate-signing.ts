import type { PodCertificateRequest } from '../../../api/certificates/v1beta1/pod-certificate-request-strategy.ts';
import { validatePodCertificateStatus } from '../../../api/certificates/v1beta1/pod-certificate-status-validation.ts';
import { type FieldError, FieldPath, fieldForbidden, goQuote } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import type { RequestAuthorizer } from '../filters/authorization.ts';
import type { WriteContext } from './store.ts';

/**
 * Only who may `sign` for a signer answers requests for its certificates (KEP-4317); what is wrong besides is told first.
 */
export async function podCertificateSigningProblems(
  authorizer: RequestAuthorizer,
  object: Unstructured,
  old: Unstructured,
  { asked, now, user }: WriteContext,
): Promise<FieldError[]> {
  const [request, before] = [object, old] as unknown as [PodCertificateRequest, PodCertificateRequest];
  if (asked === undefined || equalSemantic(request.status ?? {}, before.status ?? {})) return [];
  if (validatePodCertificateStatus(request, before, now).length > 0) return [];
  const { signerName } = before.spec;
  for (const name of [signerName, `${signerName.split('/')[0] ?? ''}/*`]) {
    const signers = { apiGroup: 'certificates.k8s.io', apiVersion: '*', resource: 'signers', subresource: '' };
    const question = { ...asked, ...signers, verb: 'sign', namespace: '', name };
    if ((await authorizer.authorize(question)).allowed) return [];
  }
  const text = `User ${goQuote(user.username)} is not permitted to "sign" for signer ${goQuote(signerName)}`;
  return [fieldForbidden(new FieldPath('spec.signerName'), text)];
}
