import { cloneJson, equalJson, isJsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts';

/** One operation of RFC 6902. */
export interface JsonPatchOperation {
  readonly op?: string;
  readonly path?: string;
  readonly from?: string;
  readonly value?: JsonValue;
}

/** An operation that cannot be carried out. */
export class JsonPatchError extends Error {}

/**
 * Applies a JSON patch. The document is changed in place where that is possible; use the result.
 * @throws JsonPatchError for the first operation that does not apply.
 */
export function applyJsonPatch(document: JsonValue, operations: readonly JsonPatchOperation[]): JsonValue {
  let result = document;
  for (const operation of operations) result = applyOperation(result, operation);
  return result;
}

function applyOperation(document: JsonValue, operation: JsonPatchOperation): JsonValue {
  const { op = '', path } = operation;
  if (path === undefined) throw new JsonPatchError(`${op === '' ? 'unknown' : op} operation has no path`);
  switch (op) {
    case 'add':
      return add(document, path, requireValue(operation));
    case 'remove':
      return remove(document, path);
    case 'replace':
      valueAt(document, path, op);
      return add(remove(document, path), path, requireValue(operation));
    case 'move': {
      const from = requireFrom(operation);
      const value = valueAt(document, from, op);
      return add(remove(document, from), path, value);
    }
    case 'copy':
      return add(document, path, cloneJson(valueAt(document, requireFrom(operation), op)));
    case 'test': {
      const actual = path === '' ? document : findValue(document, path);
      if (equalJson(actual ?? null, operation.value ?? null)) return document;
      throw new JsonPatchError(`testing value ${path} failed: test failed`);
    }
    default:
      throw new JsonPatchError(`Unexpected kind: ${op}`);
  }
}

function requireValue(operation: JsonPatchOperation): JsonValue {
  if (!Object.hasOwn(operation, 'value')) {
    throw new JsonPatchError(`${operation.op ?? ''} operation for ${operation.path ?? ''} has no value`);
  }
  return cloneJson(operation.value ?? null);
}

function requireFrom(operation: JsonPatchOperation): string {
  if (operation.from === undefined) throw new JsonPatchError(`${operation.op ?? ''} operation has no from`);
  return operation.from;
}

/** The steps of a JSON pointer (RFC 6901). */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new JsonPatchError(`path ${pointer} does not start with a slash`);
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function arrayIndex(step: string, length: number, pointer: string): number {
  if (!/^(0|[1-9]\d*)$/.test(step) || Number(step) >= length) {
    throw new JsonPatchError(`index ${step} of ${pointer} is out of bounds: invalid index referenced`);
  }
  return Number(step);
}

function childOf(container: JsonValue, step: string, pointer: string): JsonValue | undefined {
  if (Array.isArray(container)) return container[arrayIndex(step, container.length, pointer)];
  if (isJsonObject(container)) return Object.hasOwn(container, step) ? container[step] : undefined;
  return undefined;
}

function findValue(document: JsonValue, pointer: string): JsonValue | undefined {
  let current: JsonValue | undefined = document;
  for (const step of parsePointer(pointer)) {
    if (current === undefined) return undefined;
    current = childOf(current, step, pointer);
  }
  return current;
}

function valueAt(document: JsonValue, pointer: string, operation: string): JsonValue {
  const value = findValue(document, pointer);
  if (value === undefined) {
    throw new JsonPatchError(`${operation} operation does not apply: doc is missing key: ${pointer}: missing value`);
  }
  return value;
}

/** The object or list that holds what the pointer names, and the last step. */
function parentOf(document: JsonValue, pointer: string, operation: string): { parent: JsonValue; step: string } {
  const steps = parsePointer(pointer);
  const step = steps.pop() ?? '';
  let parent: JsonValue | undefined = document;
  for (const part of steps) parent = parent === undefined ? undefined : childOf(parent, part, pointer);
  if (!isJsonObject(parent) && !Array.isArray(parent)) {
    throw new JsonPatchError(`${operation} operation does not apply: doc is missing path: "${pointer}": missing value`);
  }
  return { parent, step };
}

function add(document: JsonValue, pointer: string, value: JsonValue): JsonValue {
  if (pointer === '') return value;
  const { parent, step } = parentOf(document, pointer, 'add');
  if (Array.isArray(parent)) {
    const position = step === '-' ? parent.length : arrayIndex(step, parent.length + 1, pointer);
    parent.splice(position, 0, value);
  } else if (isJsonObject(parent)) {
    setOwn(parent, step, value);
  }
  return document;
}

function remove(document: JsonValue, pointer: string): JsonValue {
  if (pointer === '') return null;
  const { parent, step } = parentOf(document, pointer, 'remove');
  if (Array.isArray(parent)) {
    parent.splice(arrayIndex(step, parent.length, pointer), 1);
  } else if (isJsonObject(parent)) {
    if (!Object.hasOwn(parent, step)) {
      throw new JsonPatchError(`remove operation does not apply: doc is missing key: ${pointer}: missing value`);
    }
    delete parent[step];
  }
  return document;
}
