import { isJsonObject } from '../apimachinery/json.ts';
import { KustomizeError, reasonOf, wrapped } from './build-error.ts';
import type { FieldSpec } from './field-spec.ts';
import { generateObject } from './generators.ts';
import { decodeGo, type GoType } from './go-decode.ts';
import type {
  GeneratorArgs,
  GeneratorOptions,
  ImageArgs,
  PatchArgs,
  ReplacementArgs,
  Selector,
} from './kustomization.ts';
import type { KustomizationTarget } from './kustomization-target.ts';
import { pluginTypes } from './plugin-types.ts';
import { madeByPlugin, type Origin, originAt, setOrigin } from './origin.ts';
import { ResourceMap } from './resource-map.ts';
import { readResources } from './resource-reader.ts';
import type { Resource } from './resource.ts';
import { iamPolicy, type IamPolicyArgs } from './iam-policy.ts';
import type { Loader } from './loader.ts';
import { formatGvk, formatId } from './resource-id.ts';
import { builtInMergeSchemas } from './merge/built-in-schemas.ts';
import { hashNames } from './transformers/hash-names.ts';
import { imageTransformer } from './transformers/images.ts';
import { mapEntriesTransformer } from './transformers/map-entries.ts';
import { affixTransformer } from './transformers/name-affix.ts';
import { namespaceTransformer, subjectModeOf } from './transformers/namespace.ts';
import { jsonPatchTransformer, patchTransformer, strategicMergeTransformer } from './transformers/patches.ts';
import { replacementTransformer } from './transformers/replacements.ts';
import { replicasTransformer } from './transformers/replicas.ts';
import type { ConfiguredTransformer, Transformer } from './transformers/transformer.ts';

/** A plugin that makes objects, ready to; it is told of where somebody asks. */
export interface ConfiguredGenerator {
  readonly generate: () => Promise<readonly Resource[]>;
  readonly maker: Origin | undefined;
}

/** What the fields of any plugin's configuration may say. */
interface PluginConfig extends GeneratorArgs, IamPolicyArgs, Omit<PatchArgs, 'options'> {
  readonly options?: GeneratorOptions & PatchArgs['options'];
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly fieldSpecs?: readonly FieldSpec[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly imageTag?: ImageArgs;
  readonly unsetOnly?: boolean;
  readonly setRoleBindingSubjects?: string;
  readonly target?: Selector;
  readonly jsonOp?: string;
  readonly paths?: readonly string[];
  readonly patches?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly replacements?: readonly ReplacementArgs[];
  readonly replica?: { readonly name?: string; readonly count?: number | bigint };
}

type Configure = (config: PluginConfig, target: KustomizationTarget, text: string) => Promise<Transformer[]>;

/** kustomize's own plugins by their kinds: they do what the fields of a kustomization do, with fields of one's own. */
const transformers: Readonly<Record<string, Configure>> = {
  AnnotationsTransformer: async ({ annotations = {}, fieldSpecs = [] }) => [
    mapEntriesTransformer(annotations, fieldSpecs),
  ],
  HashTransformer: async () => [hashNames],
  ImageTagTransformer: async ({ imageTag = {}, fieldSpecs = [] }) => [imageTransformer(imageTag, fieldSpecs)],
  LabelTransformer: async ({ labels = {}, fieldSpecs = [] }) => [mapEntriesTransformer(labels, fieldSpecs)],
  NamespaceTransformer: async ({ metadata = {}, fieldSpecs = [], unsetOnly = false, setRoleBindingSubjects = '' }) => [
    namespaceTransformer({
      namespace: metadata.namespace ?? '',
      fieldSpecs,
      unsetOnly,
      subjects: subjectModeOf(setRoleBindingSubjects),
    }),
  ],
  PatchJson6902Transformer: async ({ target, path = '', jsonOp = '' }, { loader }) => [
    await jsonPatchTransformer({ path, patch: jsonOp, ...(target === undefined ? {} : { target }) }, loader),
  ],
  PatchStrategicMergeTransformer: async ({ paths = [], patches = '' }, { loader, context }) => {
    if (paths.length === 0 && patches === '') throw new KustomizeError('empty file path and empty patch content');
    const schemas = context.schemas ?? builtInMergeSchemas;
    return [await strategicMergeTransformer(paths, { loader, schemas }, patches)];
  },
  PatchTransformer: async (config, { loader, context }, text) => [
    await patchTransformer(config, text, { loader, schemas: context.schemas ?? builtInMergeSchemas }),
  ],
  PrefixSuffixTransformer: async ({ prefix = '', suffix = '', fieldSpecs }) => [
    affixTransformer('prefix', prefix, required(fieldSpecs)),
    affixTransformer('suffix', suffix, required(fieldSpecs)),
  ],
  PrefixTransformer: async ({ prefix = '', fieldSpecs }) => [affixTransformer('prefix', prefix, required(fieldSpecs))],
  ReplacementTransformer: async ({ replacements = [] }, { loader }) => [
    await replacementTransformer(replacements, loader),
  ],
  ReplicaCountTransformer: async ({ replica: { name = '', count = 0 } = {}, fieldSpecs = [] }) => [
    replicasTransformer(name, count, fieldSpecs),
  ],
  SuffixTransformer: async ({ suffix = '', fieldSpecs }) => [affixTransformer('suffix', suffix, required(fieldSpecs))],
};

type Generate = (config: PluginConfig, loader: Loader) => Promise<readonly Resource[]>;

const generators: Readonly<Record<string, Generate>> = {
  ConfigMapGenerator: async (config, loader) => [await generateObject('ConfigMap', namedArgs(config), loader)],
  IAMPolicyGenerator: async (config) => iamPolicy(config),
  SecretGenerator: async (config, loader) => [await generateObject('Secret', namedArgs(config), loader)],
};

/** A generator is called as its object is, unless it says otherwise. */
function namedArgs(config: PluginConfig): GeneratorArgs {
  const { metadata = {}, name = '', namespace = '' } = config;
  return { ...config, name: name || (metadata.name ?? ''), namespace: namespace || (metadata.namespace ?? '') };
}

/** Plugins of kustomize's own that are not here. */
const missing = new Set(['HelmChartInflationGenerator', 'ValueAddTransformer']);

function required(fieldSpecs: readonly FieldSpec[] | undefined): readonly FieldSpec[] {
  if (fieldSpecs === undefined) throw new KustomizeError('fieldSpecs is not expected to be nil');
  return fieldSpecs;
}

/** The changes of `transformers` or `validators`: configurations, or files and folders with them. @throws KustomizeError */
export async function pluginTransformers(
  target: KustomizationTarget,
  entries: readonly string[],
): Promise<ConfiguredTransformer[]> {
  const configured: ConfiguredTransformer[] = [];
  for (const resource of await pluginConfigs(target, entries)) {
    const configure = transformers[knownKind(resource)];
    if (configure === undefined) throw new KustomizeError(`plugin ${formatId(resource.originalId)} not a transformer`);
    const transforms = await configuring(resource, () => configure(configOf(resource), target, resource.toYaml()));
    const origin = madeByPlugin(resource);
    // Parts of one plugin are noted once.
    configured.push({ transform: (map) => transforms.forEach((transform) => transform(map)), origin });
  }
  return configured;
}

/** What makes objects by the entries of `generators`. @throws KustomizeError */
export async function pluginGenerators(
  target: KustomizationTarget,
  entries: readonly string[],
): Promise<ConfiguredGenerator[]> {
  const configured: ConfiguredGenerator[] = [];
  for (const resource of await pluginConfigs(target, entries)) {
    try {
      const generate = generators[knownKind(resource)];
      if (generate === undefined) throw new KustomizeError(`plugin ${formatId(resource.originalId)} not a generator`);
      const config = await configuring(resource, async () => configOf(resource));
      configured.push({ generate: () => generate(config, target.loader), maker: madeByPlugin(resource) });
    } catch (error) {
      throw wrapped('failed to load generator', error);
    }
  }
  return configured;
}

async function pluginConfigs(target: KustomizationTarget, entries: readonly string[]): Promise<readonly Resource[]> {
  const { origin, fileName, gather } = target;
  const map = new ResourceMap();
  const paths: string[] = [];
  for (const entry of entries) {
    let resources: Resource[];
    try {
      resources = readResources(entry);
    } catch (error) {
      reasonOf(error);
      paths.push(entry);
      continue;
    }
    for (const resource of resources) if (origin !== undefined) setOrigin(resource, originAt(origin, fileName));
    map.appendAll(resources);
  }
  return (await gather(paths, map)).resources;
}

/** The kind of a plugin that there is. @throws KustomizeError for programs, and for kinds that nobody knows */
function knownKind(resource: Resource): string {
  const { group, version, kind } = resource.gvk;
  if (group !== '' || version !== 'builtin') {
    throw new KustomizeError(`external plugins disabled; unable to load external plugin '${kind}'`);
  }
  if (missing.has(kind)) throw new KustomizeError(`the plugin ${kind} of kustomize is not part of kubectl-ts`);
  if (transformers[kind] === undefined && generators[kind] === undefined) {
    throw new KustomizeError(`unable to load builtin ${formatGvk(resource.gvk)}`);
  }
  return kind;
}

function configOf(resource: Resource): PluginConfig {
  const type: GoType | undefined = pluginTypes[resource.kind];
  const value = resource.toJson();
  if (type === undefined || !isJsonObject(value)) throw new KustomizeError(`${resource.kind} has no configuration`);
  try {
    return decodeGo(value, type, { ignoreUnknown: true, isUnnamed: true }) as PluginConfig;
  } catch (error) {
    throw wrapped('error unmarshaling JSON: while decoding JSON', error);
  }
}

async function configuring<T>(resource: Resource, configure: () => Promise<T>): Promise<T> {
  try {
    return await configure();
  } catch (error) {
    throw wrapped(`plugin ${formatId(resource.originalId)} fails configuration`, error);
  }
}
