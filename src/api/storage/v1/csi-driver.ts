import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of CSIDriver objects. */
export const csiDriverTypes: TypeSource = {
  package: 'io.k8s.api.storage.v1',
  text: `
kind CSIDriver
  metadata: meta.ObjectMeta=
  spec!: CSIDriverSpec=

type CSIDriverSpec
  attachRequired: bool
  fsGroupPolicy: string
  nodeAllocatableUpdatePeriodSeconds: int64
  podInfoOnMount: bool
  preventPodSchedulingIfMissing: bool
  requiresRepublish: bool
  seLinuxMount: bool
  serviceAccountTokenInSecrets: bool
  storageCapacity: bool
  tokenRequests: [TokenRequest] atomic
  volumeLifecycleModes: [string] set

type TokenRequest
  audience!: string=
  expirationSeconds: int64
`,
};

/** The csidrivers resource. */
export const csiDriverResource: ResourceDefinition = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  resource: 'csidrivers',
  singular: 'csidriver',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.storage.v1.CSIDriver',
};
