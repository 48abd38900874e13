import type { Toleration } from '../../api/types/core-v1.ts';
import { decodeTyped } from '../../apimachinery/decoding/typed-decoder.ts';
import { describeJsonKind, equalJson } from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import type { SchemaSource } from '../../apimachinery/schema.ts';

const tolerationType = 'io.k8s.api.core.v1.Toleration';

/** A list of tolerations as an annotation holds it, in JSON. @throws Error in the words of Go's decoder */
export function readTolerations(text: string, types: SchemaSource): Toleration[] {
  const list = parseJson(text);
  if (list === null) return [];
  if (!Array.isArray(list)) {
    throw new TypeError(`json: cannot unmarshal ${describeJsonKind(list)} into Go value of type []v1.Toleration`);
  }
  return list.map((item) => decodeTyped(item, tolerationType, types).object as Toleration);
}

/** Two lists of tolerations as one, without those that another one includes. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  all.forEach((toleration, index) => {
    const isIncludedBefore = merged.some((other) => toleratesAll(other, toleration));
    const isIncludedLater = all
      .slice(index + 1)
      .some((other) => !equalJson(other, toleration) && toleratesAll(other, toleration));
    if (!isIncludedBefore && !isIncludedLater) merged.push(toleration);
  });
  return merged;
}

/** Whether every toleration is included in one of the list; an empty list includes everything. */
export function areTolerationsWithin(tolerations: readonly Toleration[], list: readonly Toleration[]): boolean {
  if (list.length === 0) return true;
  return tolerations.every((toleration) => list.some((allowed) => toleratesAll(allowed, toleration)));
}

/** Whether the first tolerates whatever the second does. */
function toleratesAll(wide: Toleration, narrow: Toleration): boolean {
  if (equalJson(wide, narrow)) return true;
  const isForAll = (wide.key ?? '') === '' && wide.operator === 'Exists';
  if ((narrow.key ?? '') !== (wide.key ?? '') && !isForAll) return false;
  if ((wide.effect ?? '') !== '' && wide.effect !== narrow.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  if (wide.operator !== undefined && wide.operator !== '' && wide.operator !== 'Equal') return false;
  return narrow.operator === 'Equal' && (narrow.value ?? '') === (wide.value ?? '');
}
