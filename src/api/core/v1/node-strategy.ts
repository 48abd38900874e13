import type { Strategy } from '../../resource-definition.ts';

/** Nodes come with their status: the kubelet that registers one says everything at once. */
export const nodeStrategy: Strategy = {
  hasGeneration: false,
  prepareForCreate() {},
};
