import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of ControllerRevision objects. */
export const controllerRevisionTypes: TypeSource = {
  package: 'io.k8s.api.apps.v1',
  text: `
kind ControllerRevision
  data: runtime.RawExtension
  metadata: meta.ObjectMeta=
  revision!: int64=
`,
};

/** The controllerrevisions resource. */
export const controllerRevisionResource: ResourceDefinition = {
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  singular: 'controllerrevision',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.apps.v1.ControllerRevision',
};
