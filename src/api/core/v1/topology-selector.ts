import type { TypeSource } from '../../type-language.ts';

/** Types that storage classes take from the core group. */
export const topologySelectorTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
type TopologySelectorLabelRequirement
  key!: string=
  values!: [string] atomic

type TopologySelectorTerm atomic
  matchLabelExpressions: [TopologySelectorLabelRequirement] atomic
`,
};
