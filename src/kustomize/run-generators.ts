import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import type { KustomizationTarget } from './accumulate.ts';
import { KustomizeError, wrapped } from './build-error.ts';
import { type GeneratedKind, generateObject, mergeOptions } from './generators.ts';
import type { GeneratorArgs } from './kustomization.ts';
import { annotateOrigin, madeBy } from './origin.ts';
import type { ResourceMap } from './resource-map.ts';

/** Adds what the generators of a kustomization make: config maps, then secrets. @throws KustomizeError */
export async function runGenerators(target: KustomizationTarget, map: ResourceMap): Promise<void> {
  const { kustomization } = target;
  refuseCharts(target);
  if ((kustomization.generators ?? []).length > 0) {
    throw new KustomizeError('generators are not supported by kubectl-ts yet');
  }
  for (const args of kustomization.configMapGenerator ?? []) await runGenerator(target, map, 'ConfigMap', args);
  for (const args of kustomization.secretGenerator ?? []) await runGenerator(target, map, 'Secret', args);
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
  try {
    map.absorb(resource);
  } catch (error) {
    throw wrapped(`merging from generator ${kind}Generator`, error);
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
