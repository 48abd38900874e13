import type { FileSystem } from '../system/file-system.ts';
import { KustomizeError, reasonOf } from './build-error.ts';
import { Loader, type LoadRestriction } from './loader.ts';
import { removeOrigins } from './origin.ts';
import { accumulateKustomization } from './accumulate.ts';
import type { BuildContext } from './kustomization-target.ts';
import type { ResourceMap } from './resource-map.ts';
import type { Resource } from './resource.ts';
import { effectiveNamespace, notANamespace } from './resource-id.ts';
import { hashNames } from './transformers/hash-names.ts';
import { mapEntriesTransformer } from './transformers/map-entries.ts';
import { nameReferenceTransformer } from './transformers/name-references.ts';
import { sortOrderTransformer } from './transformers/sort-order.ts';

/** What is built, and how. */
export interface BuildOptions {
  readonly files: FileSystem;
  /** Folder that `path` is relative to; absolute. */
  readonly cwd: string;
  /** The folder with the kustomization file. */
  readonly path: string;
  /** Default: files below the folder only. */
  readonly loadRestriction?: LoadRestriction;
  readonly enableHelm?: boolean;
  /** The caller's order: by kind or as they come. A kustomization that says one itself is told that it wins. */
  readonly reorder?: 'legacy' | 'none';
  /** Whether every object gets the label of kustomize, whatever the kustomization says. */
  readonly managedByLabel?: boolean;
  /** Told of deprecated fields, a line at a time. */
  readonly warn: (line: string) => void;
  /** Told what kustomize logs, a line at a time. */
  readonly log: (line: string) => void;
}

const localConfig = 'config.kubernetes.io/local-config';
/** The version that objects are labelled with on demand (`buildMetadata: [managedByLabel]`). */
const managedBy = 'kustomize-v5.8.1';

const twoOrders =
  "Warning: Sorting order is set both in 'kustomization.yaml' ('sortOptions') and in a CLI flag ('--reorder'). Using the kustomization file over the CLI flag.";

/**
 * Builds a kustomization as kustomize 5.8 does: gathers the objects, changes them, gives generated ones the hash of
 * what they hold, and names that refer to others those that these have at last. The objects come in kubectl's order.
 * @throws KustomizeError
 */
export async function buildKustomization(options: BuildOptions): Promise<ResourceMap> {
  try {
    return await build(options);
  } catch (error) {
    throw error instanceof KustomizeError ? error : new KustomizeError(reasonOf(error));
  }
}

async function build(options: BuildOptions): Promise<ResourceMap> {
  const { files, cwd, path, loadRestriction = 'LoadRestrictionsRootOnly' } = options;
  const loader = await Loader.at(path, cwd, files, loadRestriction);
  const context: BuildContext = { warn: options.warn, enableHelm: options.enableHelm === true, schemas: undefined };
  const { accumulated, kustomization } = await accumulateKustomization(loader, context);
  const { map, config, variables } = accumulated;
  hashNames(map);
  nameReferenceTransformer(config.nameReference)(map);
  variables.resolve(map, config.varReference, options.log);
  map.replaceAll(map.resources.filter((resource) => (resource.annotations.get(localConfig) ?? 'false') === 'false'));
  if (kustomization.sortOptions !== undefined && options.reorder !== undefined) options.log(twoOrders);
  sortOrderTransformer(kustomization.sortOptions ?? { order: options.reorder === 'none' ? 'fifo' : 'legacy' })(map);
  const buildMetadata = kustomization.buildMetadata ?? [];
  if (options.managedByLabel === true || buildMetadata.includes('managedByLabel')) {
    const labels = { 'app.kubernetes.io/managed-by': managedBy };
    mapEntriesTransformer(labels, [{ path: 'metadata/labels', create: true }])(map);
  }
  for (const resource of map.resources) resource.removeNotes();
  removeOrigins(map, buildMetadata);
  return map;
}

/** A built kustomization as text: documents with their fields sorted, between lines of dashes. @throws KustomizeError */
export function kustomizationText(map: ResourceMap): string {
  return map.resources.map(textOf).join('---\n');
}

/** A built kustomization as files, one for each object, named after its kind and name. @throws KustomizeError */
export function kustomizationFiles(map: ResourceMap): { readonly name: string; readonly text: string }[] {
  const namespaces = new Set(map.resources.map(({ currentId }) => effectiveNamespace(currentId)));
  namespaces.delete(notANamespace);
  return map.resources.map((resource) => {
    const { group, version, kind, name } = resource.currentId;
    const file = `${[group, version, kind].filter((part) => part !== '').join('_')}_${name}.yaml`;
    const namespace = effectiveNamespace(resource.currentId);
    const prefix = namespaces.size > 1 && namespace !== notANamespace ? `${namespace}_` : '';
    return { name: `${prefix}${file}`.toLowerCase(), text: textOf(resource) };
  });
}

function textOf(resource: Resource): string {
  try {
    return resource.toYaml();
  } catch (error) {
    throw new KustomizeError(`map[string]interface {}(nil): ${reasonOf(error)}`);
  }
}
