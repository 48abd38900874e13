import { cloneJson, equalJson, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts';

/** Applies a merge patch (RFC 7386): null removes, objects are merged, everything else replaces. */
export function applyJsonMergePatch(document: JsonValue, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return cloneJson(patch);
  const result: JsonObject = isJsonObject(document) ? { ...document } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, applyJsonMergePatch(Object.hasOwn(result, key) ? (result[key] ?? null) : null, value));
  }
  return result;
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
 * (apimachinery's jsonmergepatch.CreateThreeWayJSONMergePatch; kubectl apply for kinds without a schema).
 */
export function createThreeWayJsonMergePatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
): JsonObject {
  const additions = keepOrDeleteNulls(createJsonMergePatch(current, modified), true);
  const deletions = keepOrDeleteNulls(createJsonMergePatch(original, modified), false);
  return mergePatches(deletions, additions);
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
