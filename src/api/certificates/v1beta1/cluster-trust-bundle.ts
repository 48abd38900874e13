import { nameColumn, column } from '../../columns.ts';
import { optionalResource } from '../../optional-resource.ts';
import { allVerbs } from '../../resource-definition.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { type ClusterTrustBundle, clusterTrustBundleStrategy } from './cluster-trust-bundle-strategy.ts';

const typePackage = 'io.k8s.api.certificates.v1beta1';

/** The clustertrustbundles resource (KEP-3257). */
export const clusterTrustBundle = optionalResource(
  {
    group: 'certificates.k8s.io',
    version: 'v1beta1',
    kind: 'ClusterTrustBundle',
    resource: 'clustertrustbundles',
    singular: 'clustertrustbundle',
    shortNames: [],
    categories: [],
    namespaced: false,
    verbs: allVerbs,
    subresources: [],
    type: `${typePackage}.ClusterTrustBundle`,
    columns: [
      nameColumn,
      column(
        'SignerName',
        'string',
        '@certificates.v1beta1.ClusterTrustBundleSpec.signerName',
        ({ spec }: ClusterTrustBundle) => (spec.signerName === '' ? undefined : spec.signerName) ?? '<none>',
      ),
    ],
    selectableFields: fieldReaders(['spec.signerName']),
    strategy: clusterTrustBundleStrategy,
  },
  {
    package: typePackage,
    text: `
kind ClusterTrustBundle
  metadata: meta.ObjectMeta=
  spec!: ClusterTrustBundleSpec=

type ClusterTrustBundleSpec
  signerName: string
  trustBundle!: string=
`,
  },
  'ClusterTrustBundle',
);
