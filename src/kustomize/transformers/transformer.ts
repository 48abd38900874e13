import type { ResourceMap } from '../resource-map.ts';

/** Changes the objects of a build in place. @throws KustomizeError */
export type Transformer = (map: ResourceMap) => void;
