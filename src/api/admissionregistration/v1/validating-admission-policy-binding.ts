import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { paramRefCell } from './param-cells.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ValidatingAdmissionPolicyBinding } from '../../types/admissionregistration-v1.ts';
import { setMatchResourcesDefaults } from '../policies/match-validation.ts';
import { validateValidatingBinding } from '../policies/validating-policy-validation.ts';
import { staticNameWarnings } from './static-names.ts';

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
  validationActions!: [string enum(Audit, Deny, Warn)] set
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'PolicyName',
    'string',
    'PolicyName indicates the policy definition which the policy binding binded to',
    (object: ValidatingAdmissionPolicyBinding) => object.spec?.policyName ?? '',
  ),
  column(
    'ParamRef',
    'string',
    'ParamRef indicates the param resource which sets the configuration param',
    (object: ValidatingAdmissionPolicyBinding) => paramRefCell(object.spec?.paramRef),
  ),
  ageColumn,
];

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
  columns,
  setDefaults: (object) =>
    setMatchResourcesDefaults((object as unknown as ValidatingAdmissionPolicyBinding).spec.matchResources),
  strategy: {
    ...staticNameWarnings,
    allowUnconditionalUpdate: false,
    validateCreate: validateValidatingBinding,
    validateUpdate: validateValidatingBinding,
  },
};
