import { comparisonKind, formatGoValue, goTypeName, sortedKeys } from './go-value.ts';
import { stringifyGoJson } from './go-json.ts';
import { JsonPathError, type JsonPathNode, parseJsonPathTemplate } from './jsonpath-parser.ts';

export { JsonPathError } from './jsonpath-parser.ts';

export interface JsonPathOptions {
  /** A field that is absent yields nothing instead of an error. */
  readonly allowMissingKeys?: boolean;
  /** All results as one indented JSON list (`-o jsonpath-as-json`). */
  readonly asJson?: boolean;
}

/** A result; a float64 of a literal needs to be told from an int64. */
interface FloatLiteral {
  readonly float: number;
}

type Action = 'range' | 'end';

/**
 * A JSONPath template as client-go's util/jsonpath reads it.
 * @throws JsonPathError in the constructor for what cannot be read, in `execute` and `find` for what cannot be applied
 */
export class JsonPath {
  readonly #nodes: readonly JsonPathNode[];
  readonly #options: JsonPathOptions;

  constructor(template: string, options: JsonPathOptions = {}) {
    this.#nodes = parseJsonPathTemplate(template);
    this.#options = options;
  }

  /** The text the template makes of an object. */
  execute(data: unknown): string {
    return this.find(data)
      .map((results) => this.printResults(results))
      .join('');
  }

  /** The results of each part of the template. */
  find(data: unknown): unknown[][] {
    return new Evaluation(this.#options.allowMissingKeys === true).run(this.#nodes, data);
  }

  /** How the results of one part are printed: separated by spaces, containers as JSON. */
  printResults(results: readonly unknown[]): string {
    if (this.#options.asJson === true) return `${stringifyGoJson(results.map(plainValue), '    ')}\n`;
    return results.map(resultText).join(' ');
  }
}

/** The text of one value: containers as JSON, the others as Go prints them. */
export function resultText(value: unknown): string {
  if (isFloatLiteral(value)) return formatGoValue(value.float);
  // A null that is gone through by a range is nothing at all.
  if (value === undefined) return '<no value>';
  if (value === null) return 'null';
  return typeof value === 'object' ? stringifyGoJson(value) : formatGoValue(value);
}

function isFloatLiteral(value: unknown): value is FloatLiteral {
  return value instanceof FloatValue;
}

class FloatValue implements FloatLiteral {
  readonly float: number;

  constructor(float: number) {
    this.float = float;
  }
}

function plainValue(value: unknown): unknown {
  return isFloatLiteral(value) ? value.float : value;
}

class Evaluation {
  readonly #allowMissingKeys: boolean;
  #depth = 0;
  /** Where the last `end` stands that ended a block. */
  #lastEnd = -1;

  constructor(allowMissingKeys: boolean) {
    this.#allowMissingKeys = allowMissingKeys;
  }

  run(nodes: readonly JsonPathNode[], data: unknown): unknown[][] {
    return this.#block(nodes, 0, data);
  }

  /**
   * Goes through the nodes from one on, up to the `end` of the block. What follows a range that is never ended belongs
   * to the range, and is gone through once more behind it.
   */
  #block(nodes: readonly JsonPathNode[], from: number, data: unknown): unknown[][] {
    const results: unknown[][] = [];
    for (let index = from; index < nodes.length; index++) {
      const node = nodes[index];
      if (node === undefined) break;
      const actions: Action[] = [];
      const found = this.#walk([data], node, actions);
      if (actions.includes('end')) {
        this.#lastEnd = index;
        break;
      }
      if (!actions.includes('range')) {
        results.push(found);
        continue;
      }
      this.#depth++;
      for (const value of found) results.push(...this.#block(nodes, index + 1, value ?? undefined));
      // Without any value the block is still gone through, to find its end; what it says is dropped.
      if (found.length === 0) this.#block(nodes, index + 1, undefined);
      this.#depth--;
      if (this.#lastEnd > index) index = this.#lastEnd;
    }
    return results;
  }

  #walk(input: readonly unknown[], node: JsonPathNode, actions: Action[]): unknown[] {
    switch (node.type) {
      case 'list':
        return node.nodes.reduce<unknown[]>((current, item) => this.#walk(current, item, actions), [...input]);
      case 'text':
        return [node.text];
      case 'literal':
        return input.map(() => (node.isFloat ? new FloatValue(Number(node.value)) : node.value));
      case 'field':
        return this.#field(input, node.name);
      case 'array':
        return input.flatMap((value) => sliceOf(value, node.parameters));
      case 'filter':
        return input.flatMap((value) => this.#filter(value, node, actions));
      case 'wildcard':
        return input.flatMap((value) => (typeof value === 'string' ? [...Buffer.from(value)] : membersOf(value)));
      case 'recursive':
        return recursive(input);
      case 'union':
        return node.members.flatMap((member) => this.#walk(input, member, actions));
      default:
        return this.#identifier(input, node.name, actions);
    }
  }

  #identifier(input: readonly unknown[], name: string, actions: Action[]): unknown[] {
    if (name === 'range') {
      actions.push('range');
      return [...input];
    }
    if (name !== 'end') throw new JsonPathError(`unrecognized identifier ${name}`);
    if (this.#depth === 0) throw new JsonPathError('not in range, nothing to end');
    actions.push('end');
    return [];
  }

  #field(input: readonly unknown[], name: string): unknown[] {
    // No input, no output and no error.
    if (input.length === 0) return [];
    const results: unknown[] = [];

    for (const value of input) {
      if (isMap(value) && Object.hasOwn(value, name)) results.push(value[name]);
    }
    if (results.length === 0 && !this.#allowMissingKeys) throw new JsonPathError(`${name} is not found`);
    return results;
  }

  #filter(value: unknown, node: Extract<JsonPathNode, { type: 'filter' }>, actions: Action[]): unknown[] {
    if (!Array.isArray(value)) {
      throw new JsonPathError(
        `${value === undefined ? '<invalid Value>' : formatGoValue(value)} is not array or slice and cannot be filtered`,
      );
    }
    const { left, right, operator } = node;
    if (right === undefined) return value.filter((item) => this.#exists(item, left, actions));
    return value.filter((item) => {
      const lefts = this.#walk([item], left, actions);
      if (lefts.length === 0) return false;
      if (lefts.length > 1) throw new JsonPathError('can only compare one element at a time');
      const rights = this.#walk([item], right, actions);
      if (rights.length === 0) return false;
      if (rights.length > 1) throw new JsonPathError('can only compare one element at a time');
      return compare(operator, lefts[0], rights[0]);
    });
  }

  /** A step that fails leaves what it was given, as in the real program, unless it is one that had found nothing. */
  #exists(item: unknown, path: JsonPathNode, actions: Action[]): boolean {
    let current: unknown[] = [item];
    for (const step of path.type === 'list' ? path.nodes : [path]) {
      try {
        current = this.#walk(current, step, actions);
      } catch (error) {
        if (!(error instanceof JsonPathError)) throw error;
        const leavesNothing = step.type === 'field' || (step.type === 'identifier' && step.name === 'end');
        return !leavesNothing && current.length > 0;
      }
    }
    return current.length > 0;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isFloatLiteral(value);
}

/** Members of a list, or of a map in the order of its keys. */
function membersOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isMap(value) ? sortedKeys(value).map((key) => value[key]) : [];
}

function recursive(input: readonly unknown[]): unknown[] {
  return input.flatMap((value) => {
    // Text has members, too: its bytes.
    if (typeof value === 'string') return value === '' ? [] : [value];
    const members = membersOf(value);
    return members.length === 0 ? [] : [value, ...recursive(members)];
  });
}

function sliceOf(value: unknown, parameters: Extract<JsonPathNode, { type: 'array' }>['parameters']): unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new JsonPathError(`${goTypeName(plainValue(value))} is not array or slice`);
  const { length } = value;
  let start = parameters[0].known ? parameters[0].value : 0;
  if (start < 0) start += length;
  let stop = parameters[1].known ? parameters[1].value : length;
  if (stop < 0 || (stop === 0 && parameters[1].derived === true)) stop += length;
  if (start === stop) return [];
  const outOfBounds = (index: number): JsonPathError =>
    new JsonPathError(`array index out of bounds: index ${index}, length ${length}`);
  if (start >= length || start < 0) throw outOfBounds(start);
  if (stop > length || stop < 0) throw outOfBounds(stop - 1);
  if (start > stop) throw new JsonPathError(`starting index ${start} is greater than ending index ${stop}`);
  const step = parameters[2].known ? parameters[2].value : 1;
  if (step <= 0) throw new JsonPathError('step must be > 0');
  return value.slice(start, stop).filter((_item, index) => index % step === 0);
}

/** Go's template comparisons: both sides must be of one kind. */
function compare(operator: string, left: unknown, right: unknown): boolean {
  const leftKind = isFloatLiteral(left) ? 'float' : comparisonKind(left);
  const rightKind = isFloatLiteral(right) ? 'float' : comparisonKind(right);
  if (!['<', '>', '==', '!=', '<=', '>='].includes(operator)) {
    throw new JsonPathError(`unrecognized filter operator ${operator}`);
  }
  if (leftKind === undefined || rightKind === undefined) throw new JsonPathError('invalid type for comparison');
  if (leftKind !== rightKind) throw new JsonPathError('incompatible types for comparison');
  const a = plainValue(left) as string | number;
  const b = plainValue(right) as string | number;
  // eslint-disable-next-line eqeqeq -- a bigint equals the same number
  const isEqual = a == b;
  if (operator === '==') return isEqual;
  if (operator === '!=') return !isEqual;
  if (leftKind === 'bool') throw new JsonPathError('invalid type for comparison');
  if (operator === '<') return a < b;
  if (operator === '<=') return isEqual || a < b;
  return operator === '>' ? !(isEqual || a < b) : !(a < b);
}

/**
 * Turns what people write for a path, `spec.x`, `.spec.x`, `{spec.x}` or `{.spec.x}`, into a template.
 * @throws JsonPathError
 */
export function relaxedJsonPath(expression: string): string {
  if (expression === '') return '';
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(expression);
  if (match === null) {
    throw new JsonPathError(
      "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
    );
  }
  return `{.${match[1] ?? match[2] ?? ''}}`;
}
