import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { customResourceDefinitionStrategy } from './custom-resource-definition-strategy.ts';
import { setCustomResourceDefinitionDefaults } from './custom-resource-definition-defaults.ts';

/** The types of CustomResourceDefinition objects. */
export const customResourceDefinitionTypes: TypeSource = {
  package: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  text: `
kind CustomResourceDefinition
  metadata: meta.ObjectMeta=
  spec!: CustomResourceDefinitionSpec=
  status: CustomResourceDefinitionStatus=

type CustomResourceColumnDefinition
  description: string
  format: string
  name!: string=
  type!: string=
  priority: int32
  jsonPath!: string=

type CustomResourceConversion
  strategy!: string=
  webhook: WebhookConversion

type CustomResourceDefinitionCondition
  lastTransitionTime: meta.Time
  message: string
  observedGeneration: int64
  reason: string
  type!: string=
  status!: string=

type CustomResourceDefinitionNames
  categories: [string] atomic
  plural!: string=
  listKind: string
  kind!: string=
  shortNames: [string] atomic
  singular: string

type CustomResourceDefinitionSpec
  conversion: CustomResourceConversion
  group!: string=
  names!: CustomResourceDefinitionNames=
  preserveUnknownFields: bool
  scope!: string=
  versions!: [CustomResourceDefinitionVersion] atomic

type CustomResourceDefinitionStatus
  acceptedNames: CustomResourceDefinitionNames=
  conditions: [CustomResourceDefinitionCondition] map(type) null
  observedGeneration: int64
  storedVersions: [string] atomic

type CustomResourceDefinitionVersion
  additionalPrinterColumns: [CustomResourceColumnDefinition] atomic
  deprecated: bool
  deprecationWarning: string
  name!: string=
  schema: CustomResourceValidation
  selectableFields: [SelectableField] atomic
  served!: bool=
  storage!: bool=
  subresources: CustomResourceSubresources

type CustomResourceSubresourceScale
  labelSelectorPath: string
  specReplicasPath!: string=
  statusReplicasPath!: string=

type CustomResourceSubresourceStatus open

type CustomResourceSubresources
  scale: CustomResourceSubresourceScale
  status: CustomResourceSubresourceStatus

type CustomResourceValidation
  openAPIV3Schema: JSONSchemaProps

type ExternalDocumentation
  description: string
  url: string

scalar JSON any

type JSONSchemaProps
  $ref: string
  $schema: string
  additionalItems: JSONSchemaPropsOrBool
  additionalProperties: JSONSchemaPropsOrBool
  allOf: [JSONSchemaProps] atomic
  anyOf: [JSONSchemaProps] atomic
  default: JSON
  definitions: {JSONSchemaProps}
  dependencies: {JSONSchemaPropsOrStringArray}
  description: string
  enum: [JSON] atomic
  example: JSON
  exclusiveMaximum: bool
  exclusiveMinimum: bool
  externalDocs: ExternalDocumentation
  format: string
  id: string
  items: JSONSchemaPropsOrArray
  maxItems: int64
  maxLength: int64
  maxProperties: int64
  maximum: double
  minItems: int64
  minLength: int64
  minProperties: int64
  minimum: double
  multipleOf: double
  not: JSONSchemaProps
  nullable: bool
  oneOf: [JSONSchemaProps] atomic
  pattern: string
  patternProperties: {JSONSchemaProps}
  properties: {JSONSchemaProps}
  required: [string] atomic
  title: string
  type: string
  uniqueItems: bool
  x-kubernetes-embedded-resource: bool
  x-kubernetes-int-or-string: bool
  x-kubernetes-list-map-keys: [string] atomic
  x-kubernetes-list-type: string
  x-kubernetes-map-type: string
  x-kubernetes-preserve-unknown-fields: bool
  x-kubernetes-validations: [ValidationRule] map(rule) merge(rule)

scalar JSONSchemaPropsOrArray any

scalar JSONSchemaPropsOrBool any

scalar JSONSchemaPropsOrStringArray any

type SelectableField
  jsonPath!: string=

type ServiceReference
  namespace!: string=
  name!: string=
  path: string
  port: int32

type ValidationRule
  fieldPath: string
  message: string
  messageExpression: string
  optionalOldSelf: bool
  reason: string enum(FieldValueDuplicate, FieldValueForbidden, FieldValueInvalid, FieldValueRequired)
  rule!: string=

type WebhookClientConfig
  caBundle: bytes
  service: ServiceReference
  url: string

type WebhookConversion
  clientConfig: WebhookClientConfig
  conversionReviewVersions!: [string] atomic
`,
};

/** The customresourcedefinitions resource. */
export const customResourceDefinitionResource: ResourceDefinition = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  resource: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], hasTable: false }],
  type: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  storageVersion: { group: 'apiextensions.k8s.io', version: 'v1beta1' },
  setDefaults: setCustomResourceDefinitionDefaults,
  strategy: customResourceDefinitionStrategy,
};
