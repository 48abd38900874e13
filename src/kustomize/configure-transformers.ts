import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import type { KustomizationTarget } from './accumulate.ts';
import { KustomizeError, wrapped } from './build-error.ts';
import type { TransformerConfig } from './default-field-specs.ts';
import { type FieldSpec, mergeFieldSpecs } from './field-spec.ts';
import type { LabelArgs, PatchArgs } from './kustomization.ts';
import { builtInMergeSchemas } from './merge/built-in-schemas.ts';
import { madeBy, type Origin } from './origin.ts';
import { imageTransformer } from './transformers/images.ts';
import { mapEntriesTransformer } from './transformers/map-entries.ts';
import { affixTransformer } from './transformers/name-affix.ts';
import { namespaceTransformer } from './transformers/namespace.ts';
import { jsonPatchTransformer, patchTransformer, strategicMergeTransformer } from './transformers/patches.ts';
import { replacementTransformer } from './transformers/replacements.ts';
import { replicasTransformer } from './transformers/replicas.ts';
import type { Transformer } from './transformers/transformer.ts';

/** A change with what is noted of it. */
export interface ConfiguredTransformer {
  readonly transform: Transformer;
  readonly origin: Origin | undefined;
}

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
  const plugins = [...(kustomization.transformers ?? []), ...(kustomization.validators ?? [])];
  if (plugins.length > 0) throw new KustomizeError('transformers and validators are not supported by kubectl-ts yet');
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
    add('ReplacementTransformer', [await replacementTransformer(replacements, target.loader)]);
  }
  return configured;
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

function withoutEmpty(args: (PatchArgs & { readonly jsonOp?: string | undefined }) | object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined && value !== ''));
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
