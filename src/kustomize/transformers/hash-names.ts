import { resourceHash } from '../generators.ts';
import { needsHash } from '../resource-map.ts';
import type { Transformer } from './transformer.ts';

/** Puts the hash of what it holds behind the name of each object that wants it. */
export const hashNames: Transformer = (map) => {
  for (const resource of map.resources) {
    if (!needsHash(resource)) continue;
    const hash = resourceHash(resource);
    resource.storePreviousId();
    resource.setName(`${resource.name}-${hash}`);
  }
};
