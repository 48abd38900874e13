import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { directiveKey, type FieldRule, type FieldRules, goText, itemKind, retainKeysKey } from './field-rule.ts';

/** Whether two patches of the same type want different things of the same place. @throws StrategicMergePatchError */
export function patchesConflict(left: JsonObject, right: JsonObject, rules: FieldRules): boolean {
  for (const [key, value] of Object.entries(left)) {
    const other = Object.hasOwn(right, key) ? right[key] : undefined;
    if (key === directiveKey || key === retainKeysKey || other === undefined) continue;
    if (valuesConflict(value, other, rules.of(key))) return true;
  }
  return false;
}

const plain: Pick<FieldRule, 'strategy' | 'mergeKey'> = { strategy: '', mergeKey: '' };

function valuesConflict(left: JsonValue, right: JsonValue, rule: FieldRule): boolean {
  if (isJsonObject(left)) {
    if (!isJsonObject(right) || left[directiveKey] !== right[directiveKey]) return true;
    return rule.strategy !== 'replace' && patchesConflict(left, right, rule.fields);
  }
  if (Array.isArray(left)) return !Array.isArray(right) || listsConflict(left, right, rule);
  return !equalJson(left, right);
}

function listsConflict(left: readonly JsonValue[], right: readonly JsonValue[], rule: FieldRule): boolean {
  const kind = itemKind(left, right);
  if (rule.strategy === 'merge') {
    if (kind === 'scalar') return false;
    return left.some((item) => {
      const other = right.find((candidate) => keyText(candidate, rule) === keyText(item, rule));
      return other !== undefined && valuesConflict(item, other, { ...rule, ...plain });
    });
  }
  if (left.length !== right.length) return true;
  const [lefts, rights] = kind === 'scalar' ? [sortedTexts(left), sortedTexts(right)] : [left, right];
  if (lefts.length !== rights.length) return true;
  return lefts.some((item, index) => valuesConflict(item, rights[index] ?? null, { ...rule, ...plain }));
}

function keyText(item: JsonValue, { mergeKey }: FieldRule): string {
  return goText(isJsonObject(item) ? (item[mergeKey] ?? null) : null);
}

function sortedTexts(list: readonly JsonValue[]): string[] {
  return [...new Set(list.map(goText))].sort();
}
