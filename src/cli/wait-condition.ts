import type { Unstructured } from '../apimachinery/object-meta.ts';
import { JsonPath, JsonPathError, relaxedJsonPath } from '../printers/jsonpath.ts';
import { formatGoValue } from '../printers/go-value.ts';
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

/** The sign before the value is the first one that is not within the braces. */
function splitPath(text: string): { readonly expression: string; readonly value: string | undefined } {
  const close = text.startsWith('{') ? text.lastIndexOf('}') : -1;
  const sign = text.indexOf('=', close + 1);
  const unquote = (part: string): string => part.replaceAll(/^['"]|['"]$/g, '');
  if (sign < 0) return { expression: unquote(text), value: undefined };
  const value = unquote(text.slice(sign + 1));
  if (value === '') {
    throw new CommandError(
      "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
    );
  }
  return { expression: unquote(text.slice(0, sign)), value };
}
