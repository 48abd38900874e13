import type { GoType } from './go-decode.ts';
import {
  configMapArgsType,
  fieldSpecType,
  imageType,
  objectMetaType,
  patchType,
  replacementFieldType,
  replicaType,
  secretArgsType,
  selectorType,
} from './kustomization-types.ts';

type Fields = Readonly<Record<string, GoType>>;

const string: GoType = { go: 'string' };
const bool: GoType = { go: 'bool' };
const stringMap: GoType = { go: 'map', value: string };
const fieldSpecs: GoType = { go: 'list', item: fieldSpecType };
const metadata = objectMetaType;

function plugin(name: string, fields: Fields): GoType {
  return { go: 'struct', name: `builtins.${name}Plugin`, fields };
}

/** The configurations of kustomize's own plugins, by kind. */
export const pluginTypes: Readonly<Record<string, GoType>> = {
  AnnotationsTransformer: plugin('AnnotationsTransformer', { annotations: stringMap, fieldSpecs }),
  ConfigMapGenerator: plugin('ConfigMapGenerator', { metadata, ...configMapArgsType.fields }),
  HashTransformer: plugin('HashTransformer', {}),
  IAMPolicyGenerator: plugin('IAMPolicyGenerator', {
    cloud: string,
    kubernetesService: { go: 'struct', name: 'types.KubernetesService', fields: { name: string, namespace: string } },
    serviceAccount: { go: 'struct', name: 'types.ServiceAccount', fields: { name: string, projectId: string } },
  }),
  ImageTagTransformer: plugin('ImageTagTransformer', { imageTag: imageType, fieldSpecs }),
  LabelTransformer: plugin('LabelTransformer', { labels: stringMap, fieldSpecs }),
  NamespaceTransformer: plugin('NamespaceTransformer', {
    metadata,
    fieldSpecs,
    unsetOnly: bool,
    setRoleBindingSubjects: string,
  }),
  PatchJson6902Transformer: plugin('PatchJson6902Transformer', { target: selectorType, path: string, jsonOp: string }),
  PatchStrategicMergeTransformer: plugin('PatchStrategicMergeTransformer', {
    paths: { go: 'list', item: string },
    patches: string,
  }),
  PatchTransformer: plugin('PatchTransformer', patchType.fields),
  PrefixSuffixTransformer: plugin('PrefixTransformer', { prefix: string, suffix: string, fieldSpecs }),
  PrefixTransformer: plugin('PrefixTransformer', { prefix: string, fieldSpecs }),
  ReplacementTransformer: plugin('ReplacementTransformer', {
    replacements: { go: 'list', item: replacementFieldType },
  }),
  ReplicaCountTransformer: plugin('ReplicaCountTransformer', { replica: replicaType, fieldSpecs }),
  SecretGenerator: plugin('SecretGenerator', { metadata, ...secretArgsType.fields }),
  SuffixTransformer: plugin('SuffixTransformer', { suffix: string, fieldSpecs }),
};
