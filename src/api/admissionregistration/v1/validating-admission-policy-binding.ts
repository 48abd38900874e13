import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of ValidatingAdmissionPolicyBinding objects. */
export const validatingAdmissionPolicyBindingTypes: TypeSource = {
  package: 'io.k8s.api.admissionregistration.v1',
  text: `
kind ValidatingAdmissionPolicyBinding
  metadata: meta.ObjectMeta=
  spec!: ValidatingAdmissionPolicyBindingSpec=

type ValidatingAdmissionPolicyBindingSpec
  matchResources: MatchResources
  paramRef: ParamRef
  policyName!: string
  validationActions!: [string] set
`,
};

/** The validatingadmissionpolicybindings resource. */
export const validatingAdmissionPolicyBindingResource: ResourceDefinition = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  resource: 'validatingadmissionpolicybindings',
  singular: 'validatingadmissionpolicybinding',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
};
