import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of MutatingAdmissionPolicyBinding objects. */
export const mutatingAdmissionPolicyBindingTypes: TypeSource = {
  package: 'io.k8s.api.admissionregistration.v1',
  text: `
kind MutatingAdmissionPolicyBinding
  metadata: meta.ObjectMeta=
  spec: MutatingAdmissionPolicyBindingSpec=

type MutatingAdmissionPolicyBindingSpec
  matchResources: MatchResources
  paramRef: ParamRef
  policyName: string

type ParamRef atomic
  name: string
  namespace: string
  parameterNotFoundAction: string
  selector: meta.LabelSelector
`,
};

/** The mutatingadmissionpolicybindings resource. */
export const mutatingAdmissionPolicyBindingResource: ResourceDefinition = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  resource: 'mutatingadmissionpolicybindings',
  singular: 'mutatingadmissionpolicybinding',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding',
};
