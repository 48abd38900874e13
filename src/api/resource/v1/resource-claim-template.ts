import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import type { ResourceClaimTemplate } from '../../types/resource-v1.ts';
import { resourceClaimTemplateStrategy, setClaimSpecDefaults } from './resource-claim-validation.ts';
import { ageColumn, nameColumn } from '../../columns.ts';

/** The types of ResourceClaimTemplate objects. */
export const resourceClaimTemplateTypes: TypeSource = {
  package: 'io.k8s.api.resource.v1',
  text: `
kind ResourceClaimTemplate
  metadata: meta.ObjectMeta=
  spec!: ResourceClaimTemplateSpec=

type ResourceClaimTemplateSpec
  metadata: meta.ObjectMeta=
  spec!: ResourceClaimSpec=
`,
};

const columns: readonly Column[] = [nameColumn, ageColumn];

/** The resourceclaimtemplates resource. */
export const resourceClaimTemplateResource: ResourceDefinition = {
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  resource: 'resourceclaimtemplates',
  singular: 'resourceclaimtemplate',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.resource.v1.ResourceClaimTemplate',
  columns,
  setDefaults: (object) => setClaimSpecDefaults((object as unknown as ResourceClaimTemplate).spec.spec),
  strategy: resourceClaimTemplateStrategy,
};
