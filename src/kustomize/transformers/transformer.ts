import type { Origin } from '../origin.ts';
import type { ResourceMap } from '../resource-map.ts';

/** Changes the objects of a build in place. @throws KustomizeError */
export type Transformer = (map: ResourceMap) => void;

/** A change with what is noted of it. */
export interface ConfiguredTransformer {
  readonly transform: Transformer;
  readonly origin: Origin | undefined;
}
