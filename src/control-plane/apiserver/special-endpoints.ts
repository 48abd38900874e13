import { handleBinding, handlePodBinding } from './registry/pod-binding.ts';
import { handlePodEviction } from './registry/pod-eviction.ts';
import type { SpecialEndpoints } from './route-resource.ts';

/** The built-in endpoints that are not the generic ones. */
export const builtInSpecialEndpoints: SpecialEndpoints = new Map([
  ['/bindings/', { create: handleBinding }],
  ['/pods/binding', { create: handlePodBinding }],
  ['/pods/eviction', { create: handlePodEviction }],
]);
