import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { parseGroupVersion } from '../../../apimachinery/gvk.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ControllerRevision } from '../../types/apps-v1.ts';
import { controllerRevisionStrategy } from './controller-revision-strategy.ts';

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

/** `daemonset.apps/ds1`. */
function controllerCell(object: ControllerRevision): string {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return '<none>';
  const { group } = parseGroupVersion(owner.apiVersion);
  const kind = group === '' ? owner.kind : `${owner.kind}.${group}`;
  return `${kind.toLowerCase()}/${owner.name}`;
}

const columns: readonly Column[] = [
  nameColumn,
  column('Controller', 'string', 'Controller of the object', controllerCell),
  column('Revision', 'string', '@apps.v1.ControllerRevision.revision', (object: ControllerRevision) => object.revision),
  ageColumn,
];

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
  columns,
  strategy: controllerRevisionStrategy,
};
