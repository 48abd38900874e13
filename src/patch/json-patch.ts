import {
  cloneJson,
  describeJsonKind,
  equalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  setOwn,
} from '../apimachinery/json.ts';
import { stringifyJson } from '../apimachinery/json-codec.ts';

/** One operation of RFC 6902. */
export interface JsonPatchOperation {
  readonly op?: string;
  readonly path?: string;
  readonly from?: string;
  readonly value?: JsonValue;
}

/** An operation that cannot be carried out; `message` is what kubectl prints of it. */
export class JsonPatchError extends Error {
  /** What kind of failure: a missing place has its own message in kubectl. */
  readonly reason: 'missing' | 'test failed' | 'other';
  /** The path of the operation. */
  readonly path: string;

  constructor(message: string, path: string, reason: JsonPatchError['reason'] = 'other') {
    super(message);
    this.name = 'JsonPatchError';
    this.path = path;
    this.reason = reason;
  }
}

/** What the copies of one patch may add in all, in bytes of JSON: a copy of a copy has twice the size of the first. */
const maxCopiedBytes = 3 * 1024 * 1024;

export interface JsonPatchOptions {
  /**
   * Whose ways count. To the API server (the default) a key that an object does not have is null for `replace` and
   * `copy`, as is a value that is not given, and operations are looked at one by one; kubectl and RFC 6902 refuse these
   * and look at all operations first. Messages differ, too, and only the server has a bound to what copies add.
   */
  readonly as?: 'server' | 'kubectl';
}

/**
 * Applies a JSON patch (RFC 6902) as Kubernetes does: `-` is the end of a list, negative indices count from there. The
 * document is changed in place where that is possible; use the result.
 * @throws JsonPatchError when an operation is malformed, or for the first one that does not apply.
 */
export function applyJsonPatch(
  document: JsonValue,
  operations: readonly JsonPatchOperation[],
  options: JsonPatchOptions = {},
): JsonValue {
  let result = document;
  const manner: Manner = { isStrict: options.as === 'kubectl', entered: new Set() };
  if (manner.isStrict) {
    const checked = operations.map(checkOperation);
    for (const operation of checked) result = applyOperation(result, operation, manner);
    return result;
  }
  let copied = 0;
  for (const operation of operations) {
    const read = readOperation(operation);
    if (read.op === 'copy') copied = checkCopies(result, read, copied);
    result = applyOperation(result, read, manner);
  }
  return sortedWhereEntered(result, manner);
}

/** How operations are carried out, and the objects and lists that they went through so far. */
interface Manner {
  readonly isStrict: boolean;
  readonly entered: Set<JsonValue>;
}

/** The server writes the objects that operations went through with sorted keys, all others as they were. */
function sortedWhereEntered(value: JsonValue, manner: Manner): JsonValue {
  if (!manner.entered.has(value)) return value;
  if (Array.isArray(value)) return value.map((item) => sortedWhereEntered(item, manner));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortedWhereEntered(item, manner)]));
}

/** A value that `test` compares is gone through in all its depth. */
function enterAll(value: JsonValue, { entered }: Manner): void {
  if (!Array.isArray(value) && !isJsonObject(value)) return;
  entered.add(value);
  for (const item of Object.values(value)) enterAll(item, { isStrict: false, entered });
}

/** Says what is wrong with operations before any is applied. @throws JsonPatchError for the first malformed one */
export function checkJsonPatch(operations: readonly JsonPatchOperation[]): void {
  for (const operation of operations) checkOperation(operation);
}

interface CheckedOperation {
  readonly op: string;
  readonly path: string;
  readonly from: string;
  readonly value: JsonValue;
}

const known = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function checkOperation(operation: JsonPatchOperation): CheckedOperation {
  const { op = '', path, from = '', value = null } = operation;
  if (!known.has(op)) throw malformed(operation, 'unsupported operation');
  if ((op === 'add' || op === 'replace') && !Object.hasOwn(operation, 'value')) {
    throw malformed(operation, "failed to decode 'value': operation, missing value field: missing value");
  }
  if (op === 'move' || op === 'copy') {
    if (operation.from === undefined) {
      throw malformed(operation, "failed to decode 'from': operation, missing from field: missing value");
    }
    checkText(operation, 'from', from);
  }
  if (path === undefined)
    throw malformed(operation, "failed to decode 'path': operation missing path field: missing value");
  checkText(operation, 'path', path);
  return { op, path, from, value };
}

/** An operation as the API server reads it when its turn comes. @throws JsonPatchError */
function readOperation(operation: JsonPatchOperation): CheckedOperation {
  const op = typeof operation.op === 'string' ? operation.op : 'unknown';
  if (!known.has(op)) throw new JsonPatchError(`Unexpected kind: ${op}`, operation.path ?? '');
  const hasFrom = op === 'move' || op === 'copy';
  const from = hasFrom ? readText(operation, op, 'from', false) : '';
  const path = readText(operation, op, 'path', op === 'add' || op === 'remove' || op === 'copy');
  return { op, path, from, value: operation.value ?? null };
}

/** @param isVague whether every failure is told as a missing value */
function readText(operation: JsonPatchOperation, op: string, name: 'path' | 'from', isVague: boolean): string {
  const value: JsonValue | undefined = operation[name];
  if (typeof value === 'string') return value;
  let why =
    name === 'path' ? 'operation missing path field: missing value' : 'operation, missing from field: missing value';
  if (value !== undefined && value !== null)
    why = `json: cannot unmarshal ${describeJsonKind(value)} into Go value of type string`;
  if (isVague) why = 'missing value';
  throw new JsonPatchError(`${op} operation failed to decode ${name}: ${why}`, '');
}

function checkText(operation: JsonPatchOperation, name: string, value: JsonValue): void {
  if (typeof value === 'string') return;
  throw malformed(
    operation,
    `failed to decode '${name}': json: cannot unmarshal ${describeJsonKind(value)} into Go value of type string`,
  );
}

function malformed(operation: JsonPatchOperation, why: string): JsonPatchError {
  const entries = Object.entries(operation).sort(([left], [right]) => (left < right ? -1 : 1));
  const text = stringifyJson(Object.fromEntries(entries));
  return new JsonPatchError(`invalid operation ${text}: ${why}`, operation.path ?? '');
}

function applyOperation(document: JsonValue, operation: CheckedOperation, manner: Manner): JsonValue {
  switch (operation.op) {
    case 'add': {
      const { path } = operation;
      const place = placeOf(
        document,
        path,
        `add operation does not apply: doc is missing path: ${quoted(path)}`,
        manner,
      );
      addTo(place, cloneJson(operation.value), `error in add for path: '${path}'`, manner.isStrict);
      return document;
    }
    case 'remove': {
      const { path } = operation;
      const place = placeOf(
        document,
        path,
        `remove operation does not apply: doc is missing path: ${quoted(path)}`,
        manner,
      );
      removeFrom(place, `error in remove for path: '${path}'`, manner.isStrict);
      return document;
    }
    case 'replace':
      return replace(document, operation, manner);
    case 'move':
      return move(document, operation, manner);
    case 'copy':
      return copy(document, operation, manner);
    default:
      test(document, operation, manner);
      return document;
  }
}

function quoted(path: string): string {
  return JSON.stringify(path);
}

function replace(document: JsonValue, { path, value }: CheckedOperation, manner: Manner): JsonValue {
  if (path === '') {
    if (manner.isStrict || (typeof value === 'object' && value !== null)) return cloneJson(value);
    // Of null the real library has no error of its own to wrap.
    const cause = value === null ? ': %!w(<nil>)' : '';
    throw new JsonPatchError(`replace operation value must be object or array${cause}`, path);
  }
  const place = placeOf(document, path, `replace operation does not apply: doc is missing path: ${path}`, manner);
  const { container, step } = place;
  if (Array.isArray(container)) {
    const index = position(step, container.length, container.length - 1);
    if (index === undefined) throw missing(`replace operation does not apply: doc is missing key: ${path}`, path);
    container[index] = cloneJson(value);
  } else {
    if (manner.isStrict && !Object.hasOwn(container, step)) {
      throw missing(`replace operation does not apply: doc is missing key: ${path}`, path);
    }
    setOwn(container, step, cloneJson(value));
  }
  return document;
}

function move(document: JsonValue, { from, path }: CheckedOperation, manner: Manner): JsonValue {
  const source = placeOf(document, from, `move operation does not apply: doc is missing from path: ${from}`, manner);
  const value = valueIn(source, manner.isStrict, `error in move for path: '${source.step}'`);
  removeFrom(source, `error in move for path: '${source.step}'`, manner.isStrict);
  const target = placeOf(
    document,
    path,
    `move operation does not apply: doc is missing destination path: ${path}`,
    manner,
  );
  addTo(target, value, `error in move for path: '${path}'`, manner.isStrict);
  return document;
}

/** What is copied with one more copy. @throws JsonPatchError when that is too much */
function checkCopies(document: JsonValue, { from, path }: CheckedOperation, before: number): number {
  const source = placeOf(document, from, `copy operation does not apply: doc is missing from path: ${from}`);
  const value = valueIn(source, false, `error in copy for from: '${from}'`);
  const copied = before + Buffer.byteLength(stringifyJson(value));
  if (copied > maxCopiedBytes) {
    const much = `the accumulated size increase of copy is ${copied}, exceeding the limit ${maxCopiedBytes}`;
    throw new JsonPatchError(`Unable to complete the copy, ${much}`, path);
  }
  return copied;
}

function copy(document: JsonValue, { from, path }: CheckedOperation, manner: Manner): JsonValue {
  const source = placeOf(document, from, `copy operation does not apply: doc is missing from path: ${from}`, manner);
  const value = valueIn(source, manner.isStrict, `error in copy for from: '${from}'`);
  const target = placeOf(
    document,
    path,
    `copy operation does not apply: doc is missing destination path: ${path}`,
    manner,
  );
  const complaint = manner.isStrict ? `error in copy for path: '${path}'` : 'error while adding value during copy';
  addTo(target, cloneJson(sortedWhereEntered(value, manner)), complaint, manner.isStrict);
  return document;
}

function test(document: JsonValue, { path, value }: CheckedOperation, manner: Manner): void {
  let actual = document;
  if (path !== '') {
    const place = placeOf(document, path, `test operation does not apply: is missing path: ${path}`, manner);
    actual = valueIn(place, false, `error in test for path: '${path}'`);
  }
  enterAll(actual, manner);
  if (!equalJson(actual, value)) {
    throw new JsonPatchError(`testing value ${path} failed: test failed`, path, 'test failed');
  }
}

/** The object or list that holds what a pointer names, and the last step. */
interface Place {
  readonly container: JsonObject | JsonValue[];
  readonly step: string;
  readonly pointer: string;
}

/** Finds what a pointer names. @throws JsonPatchError with the complaint when nothing can be there */
function placeOf(document: JsonValue, pointer: string, complaint: string, manner?: Manner): Place {
  const steps = stepsOf(pointer);
  const step = steps.pop();
  let container: JsonValue | undefined = step === undefined ? undefined : document;
  if (container !== undefined) manner?.entered.add(container);
  for (const part of steps) {
    container = childOf(container, part);
    if (container !== undefined) manner?.entered.add(container);
  }
  if (step === undefined || (!isJsonObject(container) && !Array.isArray(container))) throw missing(complaint, pointer);
  return { container, step, pointer };
}

function childOf(container: JsonValue | undefined, step: string): JsonValue | undefined {
  if (Array.isArray(container)) return container[position(step, container.length, container.length - 1) ?? -1];
  return isJsonObject(container) && Object.hasOwn(container, step) ? container[step] : undefined;
}

function missing(complaint: string, path: string): JsonPatchError {
  return new JsonPatchError(`${complaint}: missing value`, path, 'missing');
}

const integer = /^[+-]?\d+$/;

/** An index as written, negative ones from the end; undefined when it is none or beyond `last`. */
function position(step: string, length: number, last: number): number | undefined {
  if (!integer.test(step)) return undefined;
  const index = Number(step) < 0 ? Number(step) + length : Number(step);
  return index < 0 || index > last ? undefined : index;
}

/** @throws JsonPatchError with the text of a bad index */
function requirePosition({ step, pointer }: Place, length: number, last: number, complaint: string): number {
  const index = position(step, length, last);
  if (index !== undefined) return index;
  const why = integer.test(step)
    ? `Unable to access invalid index: ${Number(step)}: invalid index referenced`
    : `strconv.Atoi: parsing ${quoted(step)}: invalid syntax`;
  throw new JsonPatchError(`${complaint}: ${why}`, pointer);
}

function valueIn(place: Place, isStrict: boolean, complaint: string): JsonValue {
  const { container, step, pointer } = place;
  if (Array.isArray(container)) {
    return container[requirePosition(place, container.length, container.length - 1, complaint)] ?? null;
  }
  if (isStrict && !Object.hasOwn(container, step)) {
    throw missing(`${complaint}: unable to get nonexistent key: ${step}`, pointer);
  }
  return Object.hasOwn(container, step) ? (container[step] ?? null) : null;
}

function addTo(place: Place, value: JsonValue, complaint: string, isStrict: boolean): void {
  const { container, step } = place;
  if (!Array.isArray(container)) {
    setOwn(container, step, value);
  } else if (step === '-') {
    container.push(value);
  } else {
    const { length } = container;
    const isVerbose = !isStrict && !integer.test(step);
    const why = isVerbose ? `${complaint}: value was not a proper array index: '${step}'` : complaint;
    // A negative index counts from behind the end: -1 appends.
    container.splice(requirePosition(place, length + 1, length, why), 0, value);
  }
}

function removeFrom(place: Place, complaint: string, isStrict: boolean): void {
  const { container, step, pointer } = place;
  if (Array.isArray(container)) {
    container.splice(requirePosition(place, container.length, container.length - 1, complaint), 1);
    return;
  }
  if (!Object.hasOwn(container, step)) {
    throw missing(`${complaint}: ${isStrict ? 'unable' : 'Unable'} to remove nonexistent key: ${step}`, pointer);
  }
  delete container[step];
}

/** The steps of a pointer (RFC 6901). What stands before the first slash is not looked at, as Kubernetes reads them. */
function stepsOf(pointer: string): string[] {
  const [, ...steps] = pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps;
}
