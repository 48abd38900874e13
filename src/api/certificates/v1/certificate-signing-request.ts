import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { humanDuration } from '../../../apimachinery/duration.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import { certificateSigningRequestStrategy } from './certificate-signing-request-strategy.ts';
import type { CertificateSigningRequest } from '../../types/certificates-v1.ts';

/** The types of CertificateSigningRequest objects. */
export const certificateSigningRequestTypes: TypeSource = {
  package: 'io.k8s.api.certificates.v1',
  text: `
kind CertificateSigningRequest
  metadata: meta.ObjectMeta=
  spec!: CertificateSigningRequestSpec=
  status: CertificateSigningRequestStatus=

type CertificateSigningRequestCondition
  lastTransitionTime: meta.Time
  lastUpdateTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type CertificateSigningRequestSpec
  expirationSeconds: int32
  extra: {[string]}
  groups: [string] atomic
  request!: bytes
  signerName!: string=
  uid: string
  usages: [string enum(any, cert sign, client auth, code signing, content commitment, crl sign, data encipherment, decipher only, digital signature, email protection, encipher only, ipsec end system, ipsec tunnel, ipsec user, key agreement, key encipherment, microsoft sgc, netscape sgc, ocsp signing, s/mime, server auth, signing, timestamping)] atomic
  username: string

type CertificateSigningRequestStatus
  certificate: bytes
  conditions: [CertificateSigningRequestCondition] map(type)
`,
};

function conditionCell(request: CertificateSigningRequest): string {
  const has = (type: string): boolean =>
    request.status?.conditions?.some((condition) => condition.type === type) === true;
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  const failed = has('Failed') ? ',Failed' : '';
  return `${decision}${failed}${request.status?.certificate ? ',Issued' : ''}`;
}

/** As the v1beta1 of this API, which is served no more, described it; tables still say so. */
const signerDescription =
  'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will ' +
  "be defaulted:\n 1. If it's a kubelet client certificate, it is assigned\n" +
  '    "kubernetes.io/kube-apiserver-client-kubelet".\n' +
  " 2. If it's a kubelet serving certificate, it is assigned\n" +
  '    "kubernetes.io/kubelet-serving".\n' +
  ' 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".\n' +
  'Distribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.';

const columns: readonly Column[] = [
  nameColumn,
  ageColumn,
  column(
    'SignerName',
    'string',
    signerDescription,
    (object: CertificateSigningRequest) => object.spec.signerName || '<none>',
  ),
  column(
    'Requestor',
    'string',
    'Base64-encoded PKCS#10 CSR data',
    (object: CertificateSigningRequest) => object.spec.username ?? '',
  ),
  column(
    'RequestedDuration',
    'string',
    '@certificates.v1.CertificateSigningRequestSpec.expirationSeconds',
    (object: CertificateSigningRequest) =>
      object.spec.expirationSeconds === undefined ? '<none>' : humanDuration(object.spec.expirationSeconds * 1000),
  ),
  column('Condition', 'string', 'Conditions applied to the request, such as approval or denial.', conditionCell),
];

/** The certificatesigningrequests resource. */
export const certificateSigningRequestResource: ResourceDefinition = {
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  resource: 'certificatesigningrequests',
  singular: 'certificatesigningrequest',
  shortNames: ['csr'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [
    { name: 'approval', verbs: ['get', 'patch', 'update'], hasTable: false },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
  columns,
  selectableFields: fieldReaders(['spec.signerName']),
  strategy: certificateSigningRequestStrategy,
};
