import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import type { KustomizationTarget } from './kustomization-target.ts';
import { KustomizeError, wrapped } from './build-error.ts';
import { type GeneratedKind, generateObject, mergeOptions } from './generators.ts';
import type { GeneratorArgs } from './kustomization.ts';
import { annotateOrigin, madeBy } from './origin.ts';
import { type ConfiguredGenerator, pluginGenerators } from './plugins.ts';
import type { Resource } from './resource.ts';
import type { ResourceMap } from './resource-map.ts';

/** Adds what the generators of a kustomization make: config maps, then secrets. @throws KustomizeError */
export async function runGenerators(target: KustomizationTarget, map: ResourceMap): Promise<void> {
  const { kustomization } = target;
  refuseCharts(target);
  for (const args of kustomization.configMapGenerator ?? []) await runGenerator(target, map, 'ConfigMap', args);
  for (const args of kustomization.secretGenerator ?? []) await runGenerator(target, map, 'Secret', args);
  for (const { generate, maker } of await configuredPlugins(target)) {
    for (const resource of await generate()) {
      if (maker !== undefined) annotateOrigin([resource], maker);
      absorb(map, resource);
    }
  }
}

async function runGenerator(
  { kustomization, loader, origin, fileName }: KustomizationTarget,
  map: ResourceMap,
  kind: GeneratedKind,
  args: GeneratorArgs,
): Promise<void> {
  const options = mergeOptions(args.options, kustomization.generatorOptions);
  const resource = await generateObject(kind, options === undefined ? args : { ...args, options }, loader);
  if (origin !== undefined) annotateOrigin([resource], madeBy(origin, fileName, `${kind}Generator`));
  absorb(map, resource);
}

function absorb(map: ResourceMap, resource: Resource): void {
  try {
    map.absorb(resource);
  } catch (error) {
    throw wrapped(`merging from generator ${resource.kind}Generator`, error);
  }
}

async function configuredPlugins(target: KustomizationTarget): Promise<ConfiguredGenerator[]> {
  try {
    return await pluginGenerators(target, target.kustomization.generators ?? []);
  } catch (error) {
    throw wrapped('loading generator plugins', error);
  }
}

/** Charts are inflated by helm, which is another program. */
function refuseCharts({ kustomization, context, helmNamespace }: KustomizationTarget): void {
  const [chart] = kustomization.helmCharts ?? [];
  if (chart === undefined) return;
  const namespace = chart['namespace'] ?? kustomization.namespace ?? helmNamespace;
  const config = { ...kustomization.helmGlobals, ...chart, ...(namespace === '' ? {} : { namespace }) };
  const problem = context.enableHelm
    ? 'kubectl-ts does not run helm: use helm template and list its output as a resource'
    : 'must specify --enable-helm';
  throw new KustomizeError(
    `trouble configuring builtin HelmChartInflationGenerator with config: \`\n${stringifyYaml(config)}\`: ${problem}`,
  );
}
