import { formatJsonPath } from './json-path-text.ts';
import { isJsonObject, type JsonValue } from './json.ts';
import { stringifyJson } from './json-codec.ts';

/** For parseJson's `onNumber`: notes by their paths how numbers are written that a double may not show as they are. */
export function notingLiterals(
  literals: Map<string, string>,
): (path: readonly (string | number)[], literal: string) => void {
  return (path, literal) => {
    if (isTold(literal)) literals.set(formatJsonPath(path), literal);
  };
}

/** Whether a number is written in a way that a double may not show as it is. */
export function isTold(literal: string): boolean {
  return literal === '-0' || !/^-?\d{1,15}$/.test(literal);
}

/** Compact JSON with the numbers at some paths as they were written, where they still are those numbers. */
export function stringifyWithLiterals(value: JsonValue, literals: ReadonlyMap<string, string>): string {
  if (literals.size === 0) return stringifyJson(value);
  const path: (string | number)[] = [];
  const write = (item: JsonValue): string => {
    if (Array.isArray(item)) return `[${item.map((one, index) => below(index, one)).join(',')}]`;
    if (isJsonObject(item)) {
      const members = Object.entries(item).map(([key, one]) => `${JSON.stringify(key)}:${below(key, one)}`);
      return `{${members.join(',')}}`;
    }
    const literal =
      typeof item === 'number' || typeof item === 'bigint' ? literals.get(formatJsonPath(path)) : undefined;
    return literal !== undefined && Number(literal) === Number(item) ? literal : stringifyJson(item);
  };
  const below = (step: string | number, item: JsonValue): string => {
    path.push(step);
    const text = write(item);
    path.pop();
    return text;
  };
  return write(value);
}
