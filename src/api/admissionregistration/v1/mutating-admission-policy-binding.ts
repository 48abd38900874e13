import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { paramRefCell } from './param-cells.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { MutatingAdmissionPolicyBinding } from '../../types/admissionregistration-v1.ts';
import { setMatchResourcesDefaults } from '../policies/match-validation.ts';
import { validateMutatingBinding } from '../policies/mutating-policy-validation.ts';
import { staticNameWarnings } from './static-names.ts';

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

const columns: readonly Column[] = [
  nameColumn,
  column(
    'PolicyName',
    'string',
    'PolicyName indicates the policy definition which the policy binding binded to',
    (object: MutatingAdmissionPolicyBinding) => object.spec?.policyName ?? '',
  ),
  column(
    'ParamRef',
    'string',
    'ParamRef indicates the param resource which sets the configuration param',
    (object: MutatingAdmissionPolicyBinding) => paramRefCell(object.spec?.paramRef),
  ),
  ageColumn,
];

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
  storageVersion: { group: 'admissionregistration.k8s.io', version: 'v1beta1' },
  columns,
  setDefaults: (object) =>
    setMatchResourcesDefaults((object as unknown as MutatingAdmissionPolicyBinding).spec?.matchResources),
  strategy: {
    ...staticNameWarnings,
    allowUnconditionalUpdate: false,
    validateCreate: validateMutatingBinding,
    validateUpdate: validateMutatingBinding,
  },
};
