import { column, nameColumn } from '../../columns.ts';
import { optionalResource } from '../../optional-resource.ts';
import { allVerbs } from '../../resource-definition.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { type PodCertificateRequest, podCertificateRequestStrategy } from './pod-certificate-request-strategy.ts';

const typePackage = 'io.k8s.api.certificates.v1beta1';

function stateCell({ status }: PodCertificateRequest): string {
  const known = ['Issued', 'Denied', 'Failed'];
  return (status?.conditions ?? []).findLast(({ type }) => known.includes(type))?.type ?? 'Pending';
}

function annotationsCell({ spec }: PodCertificateRequest): string {
  const entries = Object.entries(spec.unverifiedUserAnnotations ?? {}).map(([key, value]) => `${key}=${value}`);
  return entries.length === 0 ? '<none>' : entries.toSorted((left, right) => (left < right ? -1 : 1)).join(',');
}

/** The podcertificaterequests resource (KEP-4317). */
export const podCertificateRequest = optionalResource(
  {
    group: 'certificates.k8s.io',
    version: 'v1beta1',
    kind: 'PodCertificateRequest',
    resource: 'podcertificaterequests',
    singular: 'podcertificaterequest',
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: allVerbs,
    subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
    type: `${typePackage}.PodCertificateRequest`,
    columns: [
      nameColumn,
      column(
        'PodName',
        'string',
        '@certificates.v1beta1.PodCertificateRequestSpec.podName',
        ({ spec }: PodCertificateRequest) => spec.podName,
      ),
      column(
        'ServiceAccountName',
        'string',
        '@certificates.v1beta1.PodCertificateRequestSpec.serviceAccountName',
        ({ spec }: PodCertificateRequest) => spec.serviceAccountName,
      ),
      column(
        'NodeName',
        'string',
        '@certificates.v1beta1.PodCertificateRequestSpec.nodeName',
        ({ spec }: PodCertificateRequest) => spec.nodeName,
      ),
      column(
        'SignerName',
        'string',
        '@certificates.v1beta1.PodCertificateRequestSpec.signerName',
        ({ spec }: PodCertificateRequest) => spec.signerName,
      ),
      column('State', 'string', 'Is the request Pending, Issued, Denied, or Failed?', stateCell),
      column(
        'UnverifiedUserAnnotations',
        'string',
        '@certificates.v1beta1.PodCertificateRequestSpec.unverifiedUserAnnotations',
        annotationsCell,
      ),
    ],
    selectableFields: fieldReaders(['spec.signerName', 'spec.podName', 'spec.nodeName']),
    selectsNamespace: false,
    strategy: podCertificateRequestStrategy,
  },
  {
    package: typePackage,
    text: `
kind PodCertificateRequest
  metadata: meta.ObjectMeta=
  spec!: PodCertificateRequestSpec=
  status: PodCertificateRequestStatus=

type PodCertificateRequestSpec
  signerName!: string=
  podName!: string=
  podUID!: string=
  serviceAccountName!: string=
  serviceAccountUID!: string=
  nodeName!: string=
  nodeUID!: string=
  maxExpirationSeconds: int32=86400
  pkixPublicKey: bytes null
  proofOfPossession: bytes null
  stubPKCS10Request!: bytes null
  unverifiedUserAnnotations: {string}

type PodCertificateRequestStatus
  beginRefreshAt: meta.Time
  certificateChain: string
  conditions: [meta.Condition] map(type) merge(type)
  notAfter: meta.Time
  notBefore: meta.Time
`,
  },
  'PodCertificateRequest',
);
