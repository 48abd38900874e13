import { cloneJson, type JsonObject } from '../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../apimachinery/schema.ts';
import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import { PatchConflictError, type PatchPrecondition, PatchPreconditionError } from './patch-precondition.ts';
import { mergeMaps } from './strategic-merge/apply.ts';
import { patchesConflict } from './strategic-merge/conflicts.ts';
import { diffMaps } from './strategic-merge/create.ts';
import { fieldRules, goText } from './strategic-merge/field-rule.ts';

export { StrategicMergePatchError } from './strategic-merge/field-rule.ts';

/**
 * Applies a strategic merge patch. Neither argument is changed.
 * @param schema the document's type; without one, maps merge and everything else is replaced.
 * @param tellSpent is told what is left of the patch: apimachinery takes directives out of it that it has followed.
 * @throws StrategicMergePatchError with apimachinery's text
 */
export function applyStrategicMergePatch(
  document: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
  tellSpent?: (patch: JsonObject) => void,
): JsonObject {
  const spent = cloneJson(patch);
  const merged = mergeMaps(cloneJson(document), spent, fieldRules(schema, source), false);
  tellSpent?.(spent);
  return merged;
}

/** The patch that turns `original` into `modified`. @throws StrategicMergePatchError */
export function createStrategicMergePatch(
  original: JsonObject,
  modified: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
): JsonObject {
  return diffMaps(original, modified, fieldRules(schema, source), { additions: true, deletions: true, order: true });
}

/** How a three-way patch is checked. */
export interface ThreeWayPatchOptions {
  /** False makes it an error when the current state was changed where the patch changes it too. Default true. */
  readonly overwrite?: boolean;
  readonly preconditions?: readonly PatchPrecondition[];
}

/**
 * The patch that kubectl apply sends: it brings `current` to `modified`, and removes what `original` (the last applied
 * configuration) had and `modified` has no more. Sort its keys to get kubectl's very text.
 * @throws StrategicMergePatchError, PatchPreconditionError, PatchConflictError with apimachinery's texts
 */
export function createThreeWayStrategicMergePatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  schema: Schema | undefined,
  source: SchemaSource,
  options: ThreeWayPatchOptions = {},
): JsonObject {
  const rules = fieldRules(schema, source);
  const delta = diffMaps(current, modified, rules, { additions: true, deletions: false, order: true });
  const deletions = diffMaps(original, modified, rules, { additions: false, deletions: true, order: true });
  const patch = mergeMaps(deletions, delta, rules, true);
  for (const holds of options.preconditions ?? []) {
    if (!holds(patch)) throw new PatchPreconditionError(`precondition failed for: ${goText(patch)}`);
  }
  if (options.overwrite === false) {
    const changed = diffMaps(original, current, rules, { additions: true, deletions: true, order: false });
    if (patchesConflict(patch, changed, rules)) {
      throw new PatchConflictError(
        `patch:\n${stringifyYaml(patch)}\nconflicts with changes made from original to current:\n${stringifyYaml(changed)}\n`,
      );
    }
  }
  return patch;
}
