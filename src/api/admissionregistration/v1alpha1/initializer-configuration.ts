import { type FieldError, FieldPath, invalid, required } from '../../../apimachinery/field-error.ts';
import type { KubeObject, Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Schema, SchemaSource } from '../../../apimachinery/schema.ts';
import { builtInSchemas, listType } from '../../registry.ts';
import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import { parseTypes } from '../../type-language.ts';
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

/** The types of initializers, and the metadata of objects with its `initializers`, before the other built-in types. */
export const schemasWithInitializers: SchemaSource = {
  lookup: (name) => ownTypes().get(name) ?? builtInSchemas.lookup(name),
};

let parsed: ReadonlyMap<string, Schema> | undefined;

function ownTypes(): ReadonlyMap<string, Schema> {
  if (parsed !== undefined) return parsed;
  const configurations = parseTypes({
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
  });
  const metadata = parseTypes({
    package: metaPackage,
    text: `
type Initializers
  pending!: [Initializer] map(name) merge(name) strategy(merge)
  result: Status

type Initializer
  name!: string=
`,
  });
  const { group, version, kind } = initializerConfigurationResource;
  const list = listType(initializerConfigurationResource.type, { group, version, kind });
  const types = new Map([...configurations, ...metadata, list].map(({ name, schema }) => [name, schema]));
  const plain = builtInSchemas.lookup(`${metaPackage}.ObjectMeta`);
  types.set(`${metaPackage}.ObjectMeta`, {
    ...plain,
    properties: { ...plain?.properties, initializers: { ref: `${metaPackage}.Initializers` } },
  });
  parsed = types;
  return types;
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
