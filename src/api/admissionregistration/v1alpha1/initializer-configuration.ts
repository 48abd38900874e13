import { type FieldError, FieldPath, invalid, required } from '../../../apimachinery/field-error.ts';
import type { KubeObject, Unstructured } from '../../../apimachinery/object-meta.ts';
import type { SchemaSource } from '../../../apimachinery/schema.ts';
import type { Documentation } from '../../documentation.ts';
import { builtInTypes, listType } from '../../registry.ts';
import { allVerbs, type ResourceDefinition, type TypeDefinition } from '../../resource-definition.ts';
import { parseTypes, type TypeSource } from '../../type-language.ts';
import { validateWebhookName } from '../v1/webhook-configuration-validation.ts';

/** Which new objects an initializer sees before everybody else. */
export interface InitializerRule {
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
}

/** admissionregistration.k8s.io/v1alpha1 InitializerConfiguration, as until Kubernetes 1.13. */
export interface InitializerConfiguration extends KubeObject {
  readonly initializers?: readonly { readonly name: string; readonly rules?: readonly InitializerRule[] }[];
}

const typePackage = 'io.k8s.api.admissionregistration.v1alpha1';
const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** The initializerconfigurations resource, which is served with the feature gate Initializers only. */
export const initializerConfigurationResource: ResourceDefinition = {
  group: 'admissionregistration.k8s.io',
  version: 'v1alpha1',
  kind: 'InitializerConfiguration',
  resource: 'initializerconfigurations',
  singular: 'initializerconfiguration',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: `${typePackage}.InitializerConfiguration`,
  strategy: {
    allowUnconditionalUpdate: false,
    validateCreate: validateInitializerConfiguration,
    validateUpdate: validateInitializerConfiguration,
  },
};

let withInitializers: ReadonlyMap<string, TypeDefinition> | undefined;

/** The built-in types, those of initializers, and the metadata of objects with its `initializers`. */
export function typesWithInitializers(): ReadonlyMap<string, TypeDefinition> {
  if (withInitializers !== undefined) return withInitializers;
  const types = new Map(builtInTypes());
  for (const type of [...parseTypes(configurationTypes), ...parseTypes(metadataTypes)]) types.set(type.name, type);
  const { type, group, version, kind } = initializerConfigurationResource;
  const gvk = { group, version, kind };
  const configuration = types.get(type);
  if (configuration !== undefined) types.set(type, { ...configuration, gvks: [gvk] });
  const list = listType(type, gvk);
  types.set(list.name, list);
  const metadataName = `${metaPackage}.ObjectMeta`;
  const metadata = types.get(metadataName);
  if (metadata !== undefined) {
    const properties = { ...metadata.schema.properties, initializers: { ref: `${metaPackage}.Initializers` } };
    types.set(metadataName, { ...metadata, schema: { ...metadata.schema, properties } });
  }
  withInitializers = types;
  return types;
}

/** The same as a source of schemas. */
export const schemasWithInitializers: SchemaSource = { lookup: (name) => typesWithInitializers().get(name)?.schema };

const configurationTypes: TypeSource = {
  package: typePackage,
  text: `
kind InitializerConfiguration
  initializers: [Initializer] map(name) merge(name) strategy(merge)
  metadata: meta.ObjectMeta=

type Initializer
  name!: string=
  rules: [Rule] atomic

type Rule
  apiGroups: [string] atomic
  apiVersions: [string] atomic
  resources: [string] atomic
`,
};

const metadataTypes: TypeSource = {
  package: metaPackage,
  text: `
type Initializers
  pending!: [Initializer] map(name) merge(name) strategy(merge)
  result: Status

type Initializer
  name!: string=
`,
};

/** What is said of the types and fields, where other types have the documentation of the models. */
const texts: Readonly<Record<string, string>> = {
  [`${typePackage}.Initializer`]: 'Initializer names who sees new objects before everybody else, and which.',
  [`${typePackage}.Initializer.name`]: 'Name of the initializer: a domain of at least three parts.',
  [`${typePackage}.Initializer.rules`]: 'Rules say which resources it sees. All of them have to match.',
  [`${typePackage}.InitializerConfiguration`]: 'InitializerConfiguration says which initializers new objects wait for.',
  [`${typePackage}.InitializerConfiguration.initializers`]:
    'Initializers in the order in which they see an object. Those of several configurations come by the names of these.',
  [`${typePackage}.Rule`]: 'Rule is a choice of resources.',
  [`${typePackage}.Rule.apiGroups`]: "APIGroups of the resources; '*' alone is all groups.",
  [`${typePackage}.Rule.apiVersions`]: "APIVersions of the resources; '*' alone is all versions.",
  [`${typePackage}.Rule.resources`]: "Resources by plural name, without subresources; '*' alone is all resources.",
  [`${metaPackage}.Initializer`]: 'Initializer is one that has yet to see an object.',
  [`${metaPackage}.Initializer.name`]: 'Name of the initializer.',
  [`${metaPackage}.Initializers`]: 'Initializers says how far the initialization of an object has come.',
  [`${metaPackage}.Initializers.pending`]:
    'Pending initializers in their order. The object is there for everybody when the last one is taken off.',
  [`${metaPackage}.Initializers.result`]: 'Result says why the object will never be: it is deleted then.',
  [`${metaPackage}.ObjectMeta.initializers`]:
    'Initializers that have yet to see the object. Until then it is shown to those only who ask for uninitialized objects.',
};

/** Documentation with the texts of initializers. */
export function documentationWithInitializers(documentation: Documentation): Documentation {
  return (name) => (Object.hasOwn(texts, name) ? texts[name] : documentation(name));
}

function validateInitializerConfiguration(object: Unstructured): FieldError[] {
  const path = new FieldPath('initializers');
  return ((object as unknown as InitializerConfiguration).initializers ?? []).flatMap(({ name, rules = [] }, index) => {
    const at = path.index(index);
    return [
      ...validateWebhookName(name, at.child('name')),
      ...rules.flatMap((rule, position) => validateRule(rule, at.child('rules').index(position))),
    ];
  });
}

function validateRule(
  { apiGroups = [], apiVersions = [], resources = [] }: InitializerRule,
  path: FieldPath,
): FieldError[] {
  const versionsAt = path.child('apiVersions');
  const resourcesAt = path.child('resources');
  return [
    ...validateList(apiGroups, path.child('apiGroups'), 'API groups'),
    ...validateList(apiVersions, versionsAt, 'API versions'),
    ...apiVersions.flatMap((version, index) => (version === '' ? [required(versionsAt.index(index))] : [])),
    ...(resources.length === 0 ? [required(resourcesAt)] : []),
    ...resources.flatMap((resource, index) => {
      if (resource === '') return [required(resourcesAt.index(index))];
      const names = resource.includes('/');
      return names ? [invalid(resourcesAt.index(index), resource, 'must not specify subresources')] : [];
    }),
    ...validateWildcard(resources, resourcesAt, 'resources'),
  ];
}

function validateList(values: readonly string[], path: FieldPath, others: string): FieldError[] {
  return values.length === 0 ? [required(path)] : validateWildcard(values, path, others);
}

function validateWildcard(values: readonly string[], path: FieldPath, others: string): FieldError[] {
  if (values.length < 2 || !values.includes('*')) return [];
  return [invalid(path, values, `if '*' is present, must not specify other ${others}`)];
}
