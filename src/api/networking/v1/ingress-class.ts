import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column } from '../../columns.ts';
import type { IngressClass } from '../../types/networking-v1.ts';
import { setIngressClassDefaults } from './ingress-class-defaults.ts';
import { ingressClassStrategy } from './ingress-class-validation.ts';

/** The types of IngressClass objects. */
export const ingressClassTypes: TypeSource = {
  package: 'io.k8s.api.networking.v1',
  text: `
kind IngressClass
  metadata: meta.ObjectMeta=
  spec: IngressClassSpec=

type IngressClassParametersReference
  apiGroup: string
  kind!: string=
  name!: string=
  namespace: string
  scope: string

type IngressClassSpec
  controller: string
  parameters: IngressClassParametersReference
`,
};

/** `Kind.group/name`. */
function parametersCell(object: IngressClass): string {
  const parameters = object.spec?.parameters;
  if (parameters === undefined) return '<none>';
  const { apiGroup, kind, name } = parameters;
  return apiGroup === undefined ? `${kind}/${name}` : `${kind}.${apiGroup}/${name}`;
}

const columns: readonly Column[] = [
  column(
    'Name',
    'string',
    '@meta.v1.ObjectMeta.name',
    (object: IngressClass) =>
      object.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true'
        ? `${object.metadata.name ?? ''} (default)`
        : (object.metadata.name ?? ''),
    'name',
  ),
  column(
    'Controller',
    'string',
    'Controller that is responsible for handling this class',
    (object: IngressClass) => object.spec?.controller ?? '',
  ),
  column('Parameters', 'string', 'A reference to a resource with additional parameters', parametersCell),
  ageColumn,
];

/** The ingressclasses resource. */
export const ingressClassResource: ResourceDefinition = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  resource: 'ingressclasses',
  singular: 'ingressclass',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.networking.v1.IngressClass',
  columns,
  strategy: ingressClassStrategy,
  setDefaults: setIngressClassDefaults,
};
