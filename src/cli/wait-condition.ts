import type { Unstructured } from '../apimachinery/object-meta.ts';
import { JsonPath, JsonPathError, relaxedJsonPath } from '../apimachinery/jsonpath.ts';
import { formatGoValue } from '../apimachinery/go-value.ts';
import { CommandError } from './command.ts';

/** What one `--for` of `wait` asks for. */
export interface WaitCondition {
  readonly kind: 'create' | 'delete' | 'state';
  /** Whether it holds for an object as it is. @throws CommandError where that cannot be said */
  holds(object: Unstructured): boolean;
}

/** Reads `create`, `delete`, `condition=NAME[=VALUE]` and `jsonpath=EXPRESSION[=VALUE]`. @throws CommandError */
export function parseWaitCondition(text: string): WaitCondition {
  const lower = text.toLowerCase();
  if (lower === 'delete') return { kind: 'delete', holds: () => false };
  if (lower === 'create') return { kind: 'create', holds: () => true };
  if (text.startsWith('condition=')) return statusCondition(text.slice('condition='.length));
  if (text.startsWith('jsonpath=')) return pathCondition(text.slice('jsonpath='.length));
  throw new CommandError(`unrecognized condition: ${JSON.stringify(text)}`);
}

interface StatusCondition {
  readonly type?: string;
  readonly status?: string;
  readonly observedGeneration?: number;
}

function statusCondition(text: string): WaitCondition {
  const sign = text.indexOf('=');
  const name = (sign < 0 ? text : text.slice(0, sign)).toLowerCase();
  const value = (sign < 0 ? 'true' : text.slice(sign + 1)).toLowerCase();
  return {
    kind: 'state',
    holds(object) {
      const status = object['status'] as
        | { readonly conditions?: readonly StatusCondition[]; readonly observedGeneration?: number }
        | undefined;
      const found = status?.conditions?.find(({ type = '' }) => type.toLowerCase() === name);
      if (found === undefined) return false;
      const observed = found.observedGeneration ?? status?.observedGeneration;
      // What was said of an older specification says nothing of this one.
      if (observed !== undefined && observed < (object.metadata.generation ?? 0)) return false;
      return (found.status ?? '').toLowerCase() === value;
    },
  };
}

function pathCondition(text: string): WaitCondition {
  const { expression, value } = splitPath(text);
  if (expression === '') throw new CommandError('jsonpath expression cannot be empty');
  let path: JsonPath;
  try {
    path = new JsonPath(relaxedJsonPath(expression), { allowMissingKeys: true });
  } catch (error) {
    if (error instanceof JsonPathError) throw new CommandError(error.message);
    throw error;
  }
  if (value === '') {
    throw new CommandError(
      "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
    );
  }
  return {
    kind: 'state',
    holds(object) {
      const lists = path.find(object);
      if (lists.length === 0 || lists[0]?.length === 0) return false;
      if (lists.length > 1) throw new CommandError('given jsonpath expression matches more than one list');
      const results = lists[0] ?? [];
      if (results.length > 1) throw new CommandError('given jsonpath expression matches more than one value');
      const [result] = results;
      if (value === undefined) return true;
      if (typeof result === 'object' && result !== null) {
        throw new CommandError('jsonpath leads to a nested object or list which is not supported');
      }
      return (result === null ? '<nil>' : formatGoValue(result)).trim() === value.trim();
    },
  };
}

/** A single `=` stands before the value, `==` belongs to a filter. @throws CommandError */
function splitPath(text: string): { readonly expression: string; readonly value: string | undefined } {
  const parts: string[] = [''];
  for (let at = 0; at < text.length; at++) {
    const isSign = text[at] === '=';
    if (isSign && text[at + 1] !== '=') {
      parts.push('');
      continue;
    }
    parts[parts.length - 1] += isSign ? '==' : (text[at] ?? '');
    if (isSign) at++;
  }
  const [expression = '', value, ...more] = parts;
  if (more.length > 0) {
    throw new CommandError(
      "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
    );
  }
  if (value === undefined) return { expression, value };
  const unquoted = value.replaceAll(/^['"]+|['"]+$/g, '');
  return { expression, value: unquoted };
}
