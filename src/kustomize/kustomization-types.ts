import type { GoType } from './go-decode.ts';

const string: GoType = { go: 'string' };
const bool: GoType = { go: 'bool' };
const strings: GoType = { go: 'list', item: string };
const stringMap: GoType = { go: 'map', value: string };
const anyMap: GoType = { go: 'map', value: { go: 'any' } };

function struct(name: string, fields: Readonly<Record<string, GoType>>): GoType & { readonly go: 'struct' } {
  return { go: 'struct', name: `types.${name}`, fields };
}

const list = (item: GoType): GoType => ({ go: 'list', item });
const pointers = (item: GoType): GoType => ({ go: 'list', item, isPointer: true });

const gvk = { group: string, version: string, kind: string };
const resId = { ...gvk, name: string, namespace: string };

/** The metadata of a configuration. */
export const objectMetaType = struct('ObjectMeta', {
  name: string,
  namespace: string,
  labels: stringMap,
  annotations: stringMap,
});

/** Which fields of which kinds: `{group, version, kind, path, create}`. */
export const fieldSpecType = struct('FieldSpec', { ...gvk, path: string, create: bool });

/** What a patch is for. */
export const selectorType = struct('Selector', { ...resId, annotationSelector: string, labelSelector: string });

/** A patch with its target. */
export const patchType = struct('Patch', {
  path: string,
  patch: string,
  target: selectorType,
  options: struct('PatchArgs', { allowNameChange: bool, allowKindChange: bool }),
});

/** A new name, tag or digest of an image. */
export const imageType = struct('Image', {
  name: string,
  newName: string,
  tagSuffix: string,
  newTag: string,
  digest: string,
});

const fieldOptions = struct('FieldOptions', {
  delimiter: string,
  index: { go: 'int' },
  encoding: string,
  create: bool,
});

const replacementFields = {
  source: struct('SourceSelector', { ...resId, fieldPath: string, options: fieldOptions }),
  targets: pointers(
    struct('TargetSelector', {
      select: selectorType,
      reject: pointers(selectorType),
      fieldPaths: strings,
      options: fieldOptions,
    }),
  ),
  sourceValue: string,
};

/** One replacement of a file that a kustomization names. */
export const replacementType = struct('Replacement', replacementFields);

/** One replacement, or the path of a file with some. */
export const replacementFieldType = struct('ReplacementField', { ...replacementFields, path: string });

/** How many replicas the object of a name shall have. */
export const replicaType = struct('Replica', { name: string, count: { go: 'int64' } });

const generatorOptions = struct('GeneratorOptions', {
  labels: stringMap,
  annotations: stringMap,
  disableNameSuffixHash: bool,
  immutable: bool,
});

const generatorFields = {
  namespace: string,
  name: string,
  behavior: string,
  literals: strings,
  files: strings,
  envs: strings,
  env: string,
  options: generatorOptions,
};

/** Where a ConfigMap comes from. */
export const configMapArgsType = struct('ConfigMapArgs', generatorFields);
/** Where a Secret comes from. */
export const secretArgsType = struct('SecretArgs', { ...generatorFields, type: string });

const helmChart = struct('HelmChart', {
  name: string,
  version: string,
  repo: string,
  releaseName: string,
  namespace: string,
  additionalValuesFiles: strings,
  valuesFile: string,
  valuesInline: anyMap,
  valuesMerge: string,
  includeCRDs: bool,
  skipHooks: bool,
  apiVersions: strings,
  kubeVersion: string,
  nameTemplate: string,
  skipTests: bool,
  debug: bool,
  devel: bool,
});

const helmChartArgs = struct('HelmChartArgs', {
  chartName: string,
  chartVersion: string,
  chartRepoUrl: string,
  chartHome: string,
  chartRepoName: string,
  helmBin: string,
  helmHome: string,
  values: string,
  valuesLocal: anyMap,
  valuesMerge: string,
  releaseName: string,
  releaseNamespace: string,
  extraArgs: strings,
});

const label = struct('Label', {
  pairs: stringMap,
  includeSelectors: bool,
  includeTemplates: bool,
  fields: list(fieldSpecType),
});

const variable = struct('Var', {
  name: string,
  objref: struct('Target', { apiVersion: string, ...gvk, name: string, namespace: string }),
  fieldref: struct('FieldSelector', { fieldPath: string }),
});

const sortOptions = struct('SortOptions', {
  order: { go: 'string', name: 'types.SortOrder' },
  legacySortOptions: struct('LegacySortOptions', { orderFirst: strings, orderLast: strings }),
});

/** All fields of a kustomization file with their types, as kustomize 5.8 declares them. */
export const kustomizationType = struct('Kustomization', {
  kind: string,
  apiVersion: string,
  metadata: objectMetaType,
  openapi: stringMap,
  namePrefix: string,
  nameSuffix: string,
  namespace: string,
  commonLabels: stringMap,
  labels: list(label),
  commonAnnotations: stringMap,
  patchesStrategicMerge: list({ go: 'string', name: 'types.PatchStrategicMerge' }),
  patchesJson6902: list(patchType),
  patches: list(patchType),
  images: list(imageType),
  imageTags: list(imageType),
  replacements: list(replacementFieldType),
  replicas: list(replicaType),
  vars: list(variable),
  sortOptions,
  resources: strings,
  components: strings,
  crds: strings,
  bases: strings,
  configMapGenerator: list(configMapArgsType),
  secretGenerator: list(secretArgsType),
  helmGlobals: struct('HelmGlobals', { chartHome: string, configHome: string }),
  helmCharts: list(helmChart),
  helmChartInflationGenerator: list(helmChartArgs),
  generatorOptions,
  configurations: strings,
  generators: strings,
  transformers: strings,
  validators: strings,
  buildMetadata: strings,
});
