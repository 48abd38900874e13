import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
  status!: string=
  type!: string=

type CertificateSigningRequestSpec
  expirationSeconds: int32
  extra: {[string]}
  groups: [string] atomic
  request!: bytes
  signerName!: string=
  uid: string
  usages: [string] atomic
  username: string

type CertificateSigningRequestStatus
  certificate: bytes
  conditions: [CertificateSigningRequestCondition] map(type)
`,
};

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
    { name: 'approval', verbs: ['get', 'patch', 'update'] },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
};
