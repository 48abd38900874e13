import { goQuote } from '../apimachinery/field-error.ts';
import { KustomizeError, reasonOf, wrapped } from './build-error.ts';
import { componentKind, type Kustomization, loadKustomization } from './kustomization.ts';
import { loadCrdConfig } from './crd-config.ts';
import type { BuildContext, KustomizationTarget } from './kustomization-target.ts';
import type { Loader } from './loader.ts';
import { builtInMergeSchemas } from './merge/built-in-schemas.ts';
import { readMergeSchemas } from './merge/merge-schema.ts';
import { annotateTransformation, originAt, setOrigin } from './origin.ts';
import { ResourceMap } from './resource-map.ts';
import { isMalformed, readResourceFile } from './resource-reader.ts';
import { runGenerators } from './run-generators.ts';
import { emptyConfig, loadTransformerConfig, mergeConfigs } from './transformer-config.ts';
import type { TransformerConfig } from './default-field-specs.ts';
import { configureTransformers, runValidators } from './configure-transformers.ts';
import { VariableSet } from './variables.ts';

/** What was gathered: objects, and the rules for what comes later. */
export interface Accumulated {
  readonly map: ResourceMap;
  config: TransformerConfig;
  readonly variables: VariableSet;
}

function nothing(): Accumulated {
  return { map: new ResourceMap(), config: emptyConfig, variables: new VariableSet() };
}

/** Gathers all that the kustomization of a folder names. @throws KustomizeError */
export async function accumulateKustomization(
  loader: Loader,
  context: BuildContext,
): Promise<{ readonly accumulated: Accumulated; readonly kustomization: Kustomization }> {
  const { kustomization, fileName } = await loadKustomization(loader, context.warn);
  await chooseSchemas(kustomization, loader, context);
  const origin = (kustomization.buildMetadata ?? []).length > 0 ? {} : undefined;
  const target = withGather({ loader, kustomization, fileName, context, origin, helmNamespace: '' });
  return { accumulated: await accumulate(target, nothing()), kustomization };
}

function withGather(target: Omit<KustomizationTarget, 'gather'>): KustomizationTarget {
  const whole: KustomizationTarget = {
    ...target,
    gather: async (paths, map) => (await accumulateResources(whole, { ...nothing(), map }, paths)).map,
  };
  return whole;
}

async function chooseSchemas(kustomization: Kustomization, loader: Loader, context: BuildContext): Promise<void> {
  const { path, version } = kustomization.openapi ?? {};
  const text = path === undefined ? undefined : await loader.loadText(path);
  if (context.schemas !== undefined) return;
  if (text !== undefined) {
    if (version !== undefined) {
      throw new KustomizeError('builtin version and custom schema provided, cannot use both');
    }
    context.schemas = readMergeSchemas(text);
  } else if (version !== undefined && version !== '') {
    if (version !== 'v1.21.2') throw new KustomizeError('the specified OpenAPI version is not built in');
    context.schemas = builtInMergeSchemas;
  }
}

/** The steps of one kustomization, in their order. */
async function accumulate(target: KustomizationTarget, start: Accumulated): Promise<Accumulated> {
  const { kustomization, loader } = target;
  let gathered: Accumulated;
  try {
    gathered = await accumulateResources(target, start, kustomization.resources ?? []);
  } catch (error) {
    throw wrapped('accumulating resources', error);
  }
  const own = await loadTransformerConfig(loader, kustomization.configurations ?? []);
  gathered.config = mergeConfigs(gathered.config, own);
  const crds = kustomization.crds ?? [];
  try {
    gathered.config = mergeConfigs(gathered.config, await loadCrdConfig(loader, crds));
  } catch (error) {
    throw wrapped(`loading CRDs [${crds.join(' ')}]`, error);
  }
  await runGenerators(target, gathered.map);
  try {
    gathered = await accumulateComponents(target, gathered, kustomization.components ?? []);
  } catch (error) {
    throw wrapped('accumulating components', error);
  }
  for (const { transform, origin } of await configureTransformers(target, gathered.config)) {
    transform(gathered.map);
    if (origin !== undefined) annotateTransformation(gathered.map, origin);
    gathered.map.replaceAll(gathered.map.resources.filter((resource) => !resource.isEmpty));
  }
  await runValidators(target, gathered.map);
  gathered.variables.add(kustomization.vars ?? [], gathered.map);
  return gathered;
}

async function accumulateResources(
  target: KustomizationTarget,
  start: Accumulated,
  paths: readonly string[],
): Promise<Accumulated> {
  let gathered = start;
  for (const path of paths) {
    try {
      await accumulateFile(target, gathered, path);
      continue;
    } catch (error) {
      gathered = await accumulateBase(target, gathered, path, reasonOf(error));
    }
  }
  return gathered;
}

async function accumulateFile(target: KustomizationTarget, { map }: Accumulated, path: string): Promise<void> {
  let resources;
  try {
    resources = await readResourceFile(target.loader, path);
  } catch (error) {
    throw wrapped(`accumulating resources from '${path}'`, error);
  }
  if (target.origin !== undefined) {
    for (const resource of resources) setOrigin(resource, originAt(target.origin, path));
  }
  try {
    map.appendAll(resources);
  } catch (error) {
    throw wrapped(`merging resources from '${path}'`, error);
  }
}

/** What is no file may be the folder of another kustomization. */
async function accumulateBase(
  target: KustomizationTarget,
  start: Accumulated,
  path: string,
  fileProblem: string,
): Promise<Accumulated> {
  let loader: Loader;
  try {
    loader = await target.loader.into(path);
  } catch (error) {
    if (isMalformed(fileProblem)) throw new KustomizeError(fileProblem);
    throw wrapped(`accumulation err='${fileProblem}'`, error);
  }
  try {
    return await accumulateFolder(target, start, path, loader, false);
  } catch (error) {
    throw wrapped(`accumulation err='${fileProblem}'`, error);
  }
}

async function accumulateComponents(
  target: KustomizationTarget,
  start: Accumulated,
  paths: readonly string[],
): Promise<Accumulated> {
  let gathered = start;
  for (const path of paths) {
    let loader: Loader;
    try {
      loader = await target.loader.into(path);
    } catch (error) {
      throw new KustomizeError(`loader.New ${goQuote(reasonOf(error))}`);
    }
    try {
      gathered = await accumulateFolder(target, gathered, path, loader, true);
    } catch (error) {
      throw new KustomizeError(`accumulateDirectory: ${goQuote(reasonOf(error))}`);
    }
  }
  return gathered;
}

async function accumulateFolder(
  parent: KustomizationTarget,
  start: Accumulated,
  path: string,
  loader: Loader,
  isComponent: boolean,
): Promise<Accumulated> {
  const { context } = parent;
  const target = await targetBelow(parent, path, loader);
  await chooseSchemas(target.kustomization, loader, context);
  const { kind } = target.kustomization;
  if (isComponent && kind !== componentKind) {
    throw new KustomizeError(`expected kind '${componentKind}' for path '${loader.root}' but got '${kind}'`);
  }
  if (!isComponent && kind === componentKind) {
    throw new KustomizeError(`expected kind != '${componentKind}' for path '${loader.root}'`);
  }
  let gathered: Accumulated;
  try {
    // A component changes what its parent has gathered; a base has objects of its own.
    gathered = await accumulate(target, isComponent ? start : nothing());
  } catch (error) {
    throw wrapped(`recursed accumulation of path '${loader.root}'`, error);
  }
  try {
    const result = isComponent ? nothing() : start;
    result.map.appendAll(gathered.map.resources);
    result.config = mergeConfigs(result.config, gathered.config);
    result.variables.addAll(gathered.variables);
    return result;
  } catch (error) {
    throw wrapped(`recursed merging from path '${loader.root}'`, error);
  }
}

async function targetBelow(parent: KustomizationTarget, path: string, loader: Loader): Promise<KustomizationTarget> {
  const { context, kustomization, helmNamespace } = parent;
  const origin = parent.origin === undefined ? undefined : originAt(parent.origin, path);
  const helm = kustomization.namespace ?? '';
  try {
    const loaded = await loadKustomization(loader, context.warn);
    return withGather({ loader, ...loaded, context, origin, helmNamespace: helm === '' ? helmNamespace : helm });
  } catch (error) {
    throw wrapped(`couldn't make target for path '${loader.root}'`, error);
  }
}
