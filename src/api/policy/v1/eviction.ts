import type { TypeSource } from '../../type-language.ts';

/** The types of the eviction subresource of pods. */
export const evictionTypes: TypeSource = {
  package: 'io.k8s.api.policy.v1',
  text: `
kind Eviction
  deleteOptions: meta.DeleteOptions
  metadata: meta.ObjectMeta=
`,
};
