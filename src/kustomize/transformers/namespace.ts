import { goQuote } from '../../apimachinery/field-error.ts';
import { KustomizeError, reasonOf } from '../build-error.ts';
import { type FieldSpec, visitField } from '../field-spec.ts';
import type { Resource } from '../resource.ts';
import { apiVersionOf, isClusterScoped } from '../resource-id.ts';
import { wrongKind, YamlNode, yamlTag } from '../yaml-node.ts';
import type { Transformer } from './transformer.ts';

/** Which subjects of role bindings follow: those called `default`, all service accounts, or none. */
export type SubjectMode = 'defaultOnly' | 'allServiceAccounts' | 'none';

/** Reads a mode; nothing said is the first one. @throws KustomizeError */
export function subjectModeOf(text: string): SubjectMode {
  if (text === '') return 'defaultOnly';
  if (text === 'defaultOnly' || text === 'allServiceAccounts' || text === 'none') return text;
  throw new KustomizeError(
    `invalid value ${goQuote(text)} for setRoleBindingSubjects: must be one of "defaultOnly", "none" or "allServiceAccounts"`,
  );
}

/** How a namespace is set. */
export interface NamespaceOptions {
  readonly namespace: string;
  readonly fieldSpecs: readonly FieldSpec[];
  /** Only where none is said. */
  readonly unsetOnly?: boolean;
  readonly subjects?: SubjectMode;
}

const textCreation = { kind: 'scalar', tag: yamlTag.string } as const;
const metadataNamespace: FieldSpec = { path: 'metadata/namespace', create: true };

/** Puts all objects into a namespace, and what names it. */
export function namespaceTransformer(options: NamespaceOptions): Transformer {
  return (map) => {
    if (options.namespace === '') return;
    for (const resource of map.resources) {
      if (resource.isEmpty) continue;
      resource.storePreviousId();
      setNamespace(resource, options);
      const id = resource.currentId;
      const matches = map.withCurrentId(id);
      if (matches.length !== 1) {
        const shown = matches.map((match) => match.toString()).join(' ');
        throw new KustomizeError(`namespace transformation produces ID conflict: [${shown}]`);
      }
    }
  };
}

function setNamespace(resource: Resource, options: NamespaceOptions): void {
  const { node, gvk } = resource;
  const set = (target: YamlNode): void => {
    if (options.unsetOnly === true && !target.isEmpty && target.text !== '') return;
    if (target.kind !== 'scalar') throw wrongKind(target, 'scalar');
    target.setScalar(options.namespace, yamlTag.string);
  };
  if (!isClusterScoped(gvk)) visitField(node, metadataNamespace, set, textCreation);
  const bindsRoles = gvk.kind === 'RoleBinding' || gvk.kind === 'ClusterRoleBinding';
  if (bindsRoles) moveSubjects(node, options.subjects ?? 'defaultOnly', set);
  for (const spec of options.fieldSpecs) {
    if (spec.path === 'metadata/namespace') continue;
    // Kinds called Namespace of other groups keep their names.
    if (spec.path === 'metadata/name' && apiVersionOf(gvk) !== 'v1') continue;
    const isSubjects = spec.kind === 'RoleBinding' || spec.kind === 'ClusterRoleBinding';
    if (bindsRoles && isSubjects && spec.path === 'subjects/namespace') continue;
    try {
      visitField(node, spec, set, textCreation);
    } catch (error) {
      const message = reasonOf(error);
      const isKind = message.includes('wrong node kind: expected ScalarNode');
      throw new KustomizeError(
        `${isKind ? 'namespace field specs must target scalar nodes' : 'namespace transformation failed'}: ${message}`,
      );
    }
  }
}

function moveSubjects(node: YamlNode, mode: SubjectMode, set: (target: YamlNode) => void): void {
  if (mode === 'none') return;
  for (const subject of node.get('subjects')?.items ?? []) {
    const follows =
      mode === 'defaultOnly' ? subject.get('name')?.text === 'default' : subject.get('kind')?.text === 'ServiceAccount';
    if (!follows) continue;
    let namespace = subject.get('namespace');
    if (namespace === undefined) {
      namespace = YamlNode.string('');
      subject.fields.set('namespace', namespace);
    }
    set(namespace);
  }
}
