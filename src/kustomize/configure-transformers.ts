import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import type { KustomizationTarget } from './kustomization-target.ts';
import { KustomizeError, wrapped } from './build-error.ts';
import type { TransformerConfig } from './default-field-specs.ts';
import { type FieldSpec, mergeFieldSpecs } from './field-spec.ts';
import type { LabelArgs } from './kustomization.ts';
import { builtInMergeSchemas } from './merge/built-in-schemas.ts';
import { madeBy } from './origin.ts';
import { imageTransformer } from './transformers/images.ts';
import { mapEntriesTransformer } from './transformers/map-entries.ts';
import { affixTransformer } from './transformers/name-affix.ts';
import { namespaceTransformer } from './transformers/namespace.ts';
import { jsonPatchTransformer, patchTransformer, strategicMergeTransformer } from './transformers/patches.ts';
import { replacementTransformer } from './transformers/replacements.ts';
import { replicasTransformer } from './transformers/replicas.ts';
import { pluginTransformers } from './plugins.ts';
import type { ResourceMap } from './resource-map.ts';
import type { ConfiguredTransformer, Transformer } from './transformers/transformer.ts';

/**
 * All changes that a kustomization asks for, in kustomize's order; their files are read before the first is made.
 * @throws KustomizeError
 */
export async function configureTransformers(
  target: KustomizationTarget,
  config: TransformerConfig,
): Promise<ConfiguredTransformer[]> {
  const { kustomization, fileName, origin } = target;
  const configured: ConfiguredTransformer[] = [];
  const add = (kind: string, transforms: readonly Transformer[]): void => {
    const made = origin === undefined ? undefined : madeBy(origin, fileName, kind);
    for (const transform of transforms) configured.push({ transform, origin: made });
  };
  const { namespace = '', namePrefix = '', nameSuffix = '' } = kustomization;
  add('PatchStrategicMergeTransformer', await strategicMerges(target));
  add('PatchTransformer', await patches(target));
  if (namespace !== '') {
    add('NamespaceTransformer', [namespaceTransformer({ namespace, fieldSpecs: config.namespace })]);
  }
  if (namePrefix !== '') add('PrefixTransformer', [affixTransformer('prefix', namePrefix, config.namePrefix)]);
  if (nameSuffix !== '') add('SuffixTransformer', [affixTransformer('suffix', nameSuffix, config.nameSuffix)]);
  add('LabelTransformer', labels(target, config));
  const annotations = kustomization.commonAnnotations ?? {};
  if (Object.keys(annotations).length > 0) {
    add('AnnotationsTransformer', [mapEntriesTransformer(annotations, config.commonAnnotations)]);
  }
  add('PatchJson6902Transformer', await jsonPatches(target));
  add(
    'ReplicaCountTransformer',
    (kustomization.replicas ?? []).map(({ name = '', count = 0 }) => replicasTransformer(name, count, config.replicas)),
  );
  add(
    'ImageTagTransformer',
    (kustomization.images ?? []).map((image) => imageTransformer(image, config.images)),
  );
  const replacements = kustomization.replacements ?? [];
  if (replacements.length > 0) {
    const written = replacements.map((replacement) => withoutEmpty(replacement));
    const replacing = await configuring('ReplacementTransformer', { Replacements: written }, () =>
      replacementTransformer(replacements, target.loader),
    );
    add('ReplacementTransformer', [replacing]);
  }
  configured.push(...(await pluginTransformers(target, kustomization.transformers ?? [])));
  return configured;
}

/** Runs what only looks at the objects. @throws KustomizeError also where one changes any */
export async function runValidators(target: KustomizationTarget, map: ResourceMap): Promise<void> {
  for (const { transform } of await pluginTransformers(target, target.kustomization.validators ?? [])) {
    const before = map.resources.map((resource) => ({ resource, text: resource.toString() }));
    transform(map);
    for (const { resource, text } of before) {
      if (resource.toString() === text && map.resources.includes(resource)) continue;
      throw new KustomizeError(
        `validator shouldn't modify the resource map: nodes unequal: \n -- ${text},\n -- ${resource.toString()}`,
      );
    }
  }
}

async function strategicMerges({ kustomization, loader, context }: KustomizationTarget): Promise<Transformer[]> {
  const paths = kustomization.patchesStrategicMerge ?? [];
  if (paths.length === 0) return [];
  const schemas = context.schemas ?? builtInMergeSchemas;
  return [
    await configuring('PatchStrategicMergeTransformer', { paths }, () =>
      strategicMergeTransformer(paths, { loader, schemas }),
    ),
  ];
}

async function patches({ kustomization, loader, context }: KustomizationTarget): Promise<Transformer[]> {
  const schemas = context.schemas ?? builtInMergeSchemas;
  const transformers: Transformer[] = [];
  for (const args of kustomization.patches ?? []) {
    const config = withoutEmpty({ ...args });
    transformers.push(
      await configuring('PatchTransformer', config, () =>
        patchTransformer(args, stringifyYaml(config), { loader, schemas }),
      ),
    );
  }
  return transformers;
}

async function jsonPatches({ kustomization, loader }: KustomizationTarget): Promise<Transformer[]> {
  const transformers: Transformer[] = [];
  for (const args of kustomization.patchesJson6902 ?? []) {
    const config = withoutEmpty({ target: args.target, path: args.path, jsonOp: args.patch });
    transformers.push(await configuring('PatchJson6902Transformer', config, () => jsonPatchTransformer(args, loader)));
  }
  return transformers;
}

/** A configuration as Go writes it: without what is empty. */
function withoutEmpty(args: object): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(args) as [string, unknown][]) {
    const written = withoutEmptyMembers(value);
    const isEmpty = Array.isArray(written) && written.length === 0;
    if (!isEmpty && ![undefined, '', 0, false].includes(written as undefined)) filled[name] = written;
  }
  return filled;
}

function withoutEmptyMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyMembers);
  return typeof value === 'object' && value !== null ? withoutEmpty(value) : value;
}

async function configuring(
  kind: string,
  config: Readonly<Record<string, unknown>>,
  configure: () => Promise<Transformer>,
): Promise<Transformer> {
  try {
    return await configure();
  } catch (error) {
    throw wrapped(`trouble configuring builtin ${kind} with config: \`\n${stringifyYaml(config)}\``, error);
  }
}

function labels({ kustomization }: KustomizationTarget, config: TransformerConfig): Transformer[] {
  const transformers = (kustomization.labels ?? []).map((label) =>
    mapEntriesTransformer(label.pairs ?? {}, labelFields(label, config)),
  );
  const common = kustomization.commonLabels ?? {};
  if (transformers.length > 0 || Object.keys(common).length > 0) {
    transformers.push(mapEntriesTransformer(common, config.commonLabels));
  }
  return transformers;
}

const metadataLabels: FieldSpec = { path: 'metadata/labels', create: true };

function labelFields(label: LabelArgs, config: TransformerConfig): FieldSpec[] {
  try {
    const fields = mergeFieldSpecs(label.fields ?? [], config.labels);
    if (label.includeSelectors === true) return mergeFieldSpecs(fields, config.commonLabels);
    const templates = label.includeTemplates === true ? mergeFieldSpecs(fields, config.templateLabels) : fields;
    return mergeFieldSpecs(templates, [metadataLabels]);
  } catch (error) {
    throw wrapped('failed to merge labels', error);
  }
}
