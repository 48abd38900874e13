import { isJsonObject, type JsonValue } from '../../../apimachinery/json.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'where'; readonly field: string; readonly value: string };

/**
 * Reads the JSONPath of a printer column or of the scale subresource: fields, quoted fields, indices, `[*]` and
 * `[?(@.type=="Ready")]`. @throws Error for anything else.
 */
export function parseObjectPath(path: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = path.trim();
  while (rest !== '') {
    const match =
      /^\.((?:[\w-]|\\.)+)/.exec(rest) ??
      /^\['((?:[^'\\]|\\.)*)'\]/.exec(rest) ??
      /^\[(\d+)\]/.exec(rest) ??
      /^\[(\*)\]/.exec(rest) ??
      /^\[\?\(@\.([\w.-]+)\s*==\s*["']([^"']*)["']\)\]/.exec(rest);
    if (match === null) throw new Error(`cannot read the path ${JSON.stringify(path)} at ${JSON.stringify(rest)}`);
    const [whole, first = '', second] = match;
    if (second !== undefined) steps.push({ kind: 'where', field: first, value: second });
    else if (first === '*') steps.push({ kind: 'all' });
    else if (/^\[\d/.test(whole)) steps.push({ kind: 'index', index: Number(first) });
    else steps.push({ kind: 'field', name: first.replaceAll(/\\(.)/g, '$1') });
    rest = rest.slice(whole.length);
  }
  return steps;
}

/** All values the path leads to. */
export function valuesAt(value: unknown, steps: readonly Step[]): JsonValue[] {
  let current: JsonValue[] = [value as JsonValue];
  for (const step of steps) current = current.flatMap((item) => follow(item, step));
  return current;
}

function follow(value: JsonValue, step: Step): JsonValue[] {
  switch (step.kind) {
    case 'field': {
      const found = isJsonObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
      return found === undefined ? [] : [found];
    }
    case 'index': {
      const found = Array.isArray(value) ? value[step.index] : undefined;
      return found === undefined ? [] : [found];
    }
    case 'all':
      return Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
    default:
      return Array.isArray(value) ? value.filter((item) => isJsonObject(item) && item[step.field] === step.value) : [];
  }
}
