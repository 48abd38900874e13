import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setLimitRangeDefaults } from './core-defaults.ts';
import { limitRangeStrategy } from './limit-range-validation.ts';

/** The types of LimitRange objects. */
export const limitRangeTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind LimitRange
  metadata: meta.ObjectMeta=
  spec: LimitRangeSpec=

type LimitRangeItem
  default: {resource.Quantity}
  defaultRequest: {resource.Quantity}
  max: {resource.Quantity}
  maxLimitRequestRatio: {resource.Quantity}
  min: {resource.Quantity}
  type!: string=

type LimitRangeSpec
  limits!: [LimitRangeItem] atomic
`,
};

/** The limitranges resource. */
export const limitRangeResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  resource: 'limitranges',
  singular: 'limitrange',
  shortNames: ['limits'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.core.v1.LimitRange',
  setDefaults: setLimitRangeDefaults,
  strategy: limitRangeStrategy,
};
