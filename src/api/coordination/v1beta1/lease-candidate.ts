import { ageColumn, column, nameColumn } from '../../columns.ts';
import { optionalResource } from '../../optional-resource.ts';
import { allVerbs } from '../../resource-definition.ts';
import { type LeaseCandidate, leaseCandidateStrategy } from './lease-candidate-strategy.ts';

const typePackage = 'io.k8s.api.coordination.v1beta1';

/** The leasecandidates resource: who stands for election to a lease (KEP-4355). */
export const leaseCandidate = optionalResource(
  {
    group: 'coordination.k8s.io',
    version: 'v1beta1',
    kind: 'LeaseCandidate',
    resource: 'leasecandidates',
    singular: 'leasecandidate',
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: allVerbs,
    subresources: [],
    type: `${typePackage}.LeaseCandidate`,
    deprecationWarning: 'coordination.k8s.io/v1beta1 LeaseCandidate is deprecated in v1.36+, unavailable in v1.39+',
    columns: [
      nameColumn,
      column(
        'LeaseName',
        'string',
        'LeaseName is the name of the lease for which this candidate is contending. This field is immutable.',
        ({ spec }: LeaseCandidate) => spec?.leaseName ?? '',
      ),
      column('BinaryVersion', 'string', '', ({ spec }: LeaseCandidate) => spec?.binaryVersion ?? ''),
      column('EmulationVersion', 'string', '', ({ spec }: LeaseCandidate) => spec?.emulationVersion ?? ''),
      ageColumn,
    ],
    strategy: leaseCandidateStrategy,
  },
  {
    package: typePackage,
    text: `
kind LeaseCandidate
  metadata: meta.ObjectMeta=
  spec!: LeaseCandidateSpec=

type LeaseCandidateSpec
  leaseName!: string=
  pingTime: meta.MicroTime
  renewTime: meta.MicroTime
  binaryVersion!: string=
  emulationVersion: string
  strategy!: string
`,
  },
);
