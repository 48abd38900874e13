import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import { PatchConflictError, type PatchPrecondition, PatchPreconditionError } from './patch-precondition.ts';
import { goText } from './strategic-merge/field-rule.ts';
import { cloneJson, equalJson, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts';

/**
 * Applies a merge patch (RFC 7386) as Kubernetes does: null removes, objects are merged, everything else replaces. Nulls
 * in objects of lists go, too, unless the list takes the place of an object. Objects that were merged, or that the patch
 * brings, have their keys sorted.
 */
export function applyJsonMergePatch(document: JsonValue, patch: JsonValue): JsonValue {
  if (!isJsonObject(document)) return withoutNulls(patch);
  if (!isJsonObject(patch)) return cloneJson(patch);
  const result: JsonObject = { ...document };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, applyJsonMergePatch(Object.hasOwn(result, key) ? (result[key] ?? null) : null, value));
  }
  return sortedByKey(result);
}

function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return sortedByKey(Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)])));
}

function sortedByKey(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The merge patch that turns one object into another. */
export function createJsonMergePatch(original: JsonObject, modified: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(modified)) {
    if (!Object.hasOwn(original, key)) {
      setOwn(patch, key, cloneJson(value));
      continue;
    }
    const before = original[key] ?? null;
    if (equalJson(before, value)) continue;
    const bothObjects = isJsonObject(before) && isJsonObject(value);
    setOwn(patch, key, bothObjects ? createJsonMergePatch(before, value) : cloneJson(value));
  }
  for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) setOwn(patch, key, null);
  return patch;
}

/**
 * The merge patch that brings `current` to `modified`, and removes what `original` had and `modified` has no more
 * (apimachinery's jsonmergepatch; kubectl apply for kinds without a schema).
 * @throws PatchConflictError, PatchPreconditionError
 */
export function createThreeWayJsonMergePatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  preconditions: readonly PatchPrecondition[] = [],
): JsonObject {
  const additions = keepOrDeleteNulls(createJsonMergePatch(current, modified), true);
  const deletions = keepOrDeleteNulls(createJsonMergePatch(original, modified), false);
  if (mergePatchesConflict(additions, deletions)) {
    throw new PatchConflictError(
      `patch:\n${stringifyYaml(additions)}\nconflicts with changes made from original to current:\n${stringifyYaml(deletions)}\n`,
    );
  }
  const patch = mergePatches(deletions, additions);
  for (const holds of preconditions) {
    if (!holds(patch)) throw new PatchPreconditionError(`precondition failed for: ${goText(patch)}`);
  }
  return patch;
}

/** Whether two merge patches want different things of the same place (apimachinery's mergepatch.HasConflicts). */
export function mergePatchesConflict(left: JsonValue, right: JsonValue): boolean {
  if (isJsonObject(left)) {
    if (!isJsonObject(right)) return true;
    return Object.keys(left).some((key) => {
      return Object.hasOwn(right, key) && mergePatchesConflict(left[key] ?? null, right[key] ?? null);
    });
  }
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return true;
    return left.some((item, index) => mergePatchesConflict(item, right[index] ?? null));
  }
  return !equalJson(left, right);
}

/** Without its nulls (`dropNulls`), or only its nulls. */
function keepOrDeleteNulls(patch: JsonObject, dropNulls: boolean): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (isJsonObject(value)) {
      const inner = keepOrDeleteNulls(value, dropNulls);
      if (Object.keys(inner).length > 0 || (dropNulls && Object.keys(value).length === 0)) setOwn(result, key, inner);
    } else if ((value === null) !== dropNulls) {
      setOwn(result, key, value);
    }
  }
  return result;
}

function mergePatches(first: JsonObject, second: JsonObject): JsonObject {
  const result: JsonObject = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = result[key];
    setOwn(result, key, isJsonObject(before) && isJsonObject(value) ? mergePatches(before, value) : value);
  }
  return result;
}
