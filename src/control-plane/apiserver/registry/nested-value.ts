import { formatGoValue, goTypeName } from '../../../apimachinery/go-value.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';

/** A value on the way or at the end of a path is of another type; the message is Go's `unstructured` package's. */
export class NestedTypeError extends Error {}

/** The steps of `.spec.replicas`, the simple paths that scales are read by. */
export function stepsOfPath(path: string): string[] {
  return path.replace(/^\./, '').split('.');
}

/**
 * What stands at a path; undefined where nothing does.
 * @throws NestedTypeError for what is of another type, and for a value on the way that has no fields
 */
export function nestedValue(object: JsonObject, path: string, type: 'int64' | 'string'): JsonValue | undefined {
  let current: JsonValue = object;
  const steps = stepsOfPath(path);
  for (const [index, step] of steps.entries()) {
    if (current === null) return undefined;
    if (!isJsonObject(current)) throw misfit(steps.slice(0, index + 1), current, 'map[string]interface{}');
    const next: JsonValue | undefined = Object.hasOwn(current, step) ? current[step] : undefined;
    if (next === undefined) return undefined;
    current = next;
  }
  if (goTypeName(current) !== type) throw misfit(steps, current, type);
  return current;
}

function misfit(steps: readonly string[], value: JsonValue, expected: string): NestedTypeError {
  const found = `${formatGoValue(value)} is of the type ${goTypeName(value)}`;
  return new NestedTypeError(`.${steps.join('.')} accessor error: ${found}, expected ${expected}`);
}
