import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';

/** Something that a patch must not do; false when it does. */
export type PatchPrecondition = (patch: JsonObject) => boolean;

/** A patch must not touch a key of the object. */
export function requireKeyUnchanged(key: string): PatchPrecondition {
  return (patch) => !Object.hasOwn(patch, key);
}

/** A patch must not touch a key of the metadata. */
export function requireMetadataKeyUnchanged(key: string): PatchPrecondition {
  return ({ metadata }) => !isJsonObject(metadata) || !Object.hasOwn(metadata, key);
}

/** What kubectl apply requires: the object stays the one it is. */
export const identityUnchanged: readonly PatchPrecondition[] = [
  requireKeyUnchanged('apiVersion'),
  requireKeyUnchanged('kind'),
  requireMetadataKeyUnchanged('name'),
];

/** A patch that does what it must not. */
export class PatchPreconditionError extends Error {}

/** Two sides changed the same place differently. */
export class PatchConflictError extends Error {}
