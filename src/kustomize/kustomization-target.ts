import type { Kustomization } from './kustomization.ts';
import type { Loader } from './loader.ts';
import type { MergeSchemas } from './merge/merge-schema.ts';
import type { Origin } from './origin.ts';
import type { ResourceMap } from './resource-map.ts';

/** What all parts of one build share. */
export interface BuildContext {
  readonly warn: (line: string) => void;
  readonly enableHelm: boolean;
  /** The types that patches merge by; the first kustomization that names some decides. */
  schemas: MergeSchemas | undefined;
}

/** One kustomization of a build, with where it stands. */
export interface KustomizationTarget {
  readonly loader: Loader;
  readonly kustomization: Kustomization;
  readonly fileName: string;
  readonly context: BuildContext;
  /** Undefined where nobody asks for it. */
  readonly origin: Origin | undefined;
  /** The namespace that charts get. */
  readonly helmNamespace: string;
  /** Reads files and builds folders that hold the configurations of plugins. */
  readonly gather: (paths: readonly string[], start: ResourceMap) => Promise<ResourceMap>;
}
