import { GoLiteral, goText, typeName } from '../go-format.ts';
import { isGoInteger, sortedKeys } from '../../apimachinery/go-value.ts';
import { FunctionError, isTrue, noValue, templateFunctions } from './functions.ts';
import { GoTemplateError } from './lexer.ts';
import { type Command, nodeText, type Operand, type Pipeline, type TemplateNode } from './nodes.ts';
import { parseTemplate, type TemplateSet } from './parser.ts';

export { GoTemplateError } from './lexer.ts';

const functionNames: ReadonlySet<string> = new Set(['and', 'or', ...templateFunctions.keys()]);
const deepestTemplate = 100_000;

export interface GoTemplateOptions {
  /** The template's name in messages; kubectl's is `output`. */
  readonly name?: string;
  /** A key that a map does not have is an error, instead of `<no value>`. */
  readonly failOnMissingKeys?: boolean;
}

/**
 * A text/template as Go reads and executes it, over JSON values.
 * @throws GoTemplateError in the constructor and in `execute`, with Go's text
 */
export class GoTemplate {
  readonly #name: string;
  readonly #text: string;
  readonly #templates: TemplateSet;
  readonly #failOnMissingKeys: boolean;

  constructor(text: string, options: GoTemplateOptions = {}) {
    this.#name = options.name ?? 'output';
    this.#text = text;
    this.#failOnMissingKeys = options.failOnMissingKeys ?? false;
    this.#templates = parseTemplate(this.#name, text, functionNames);
  }

  execute(data: unknown): string {
    const execution = new Execution(this.#name, this.#text, this.#templates, this.#failOnMissingKeys);
    try {
      execution.runTemplate(this.#name, data);
    } catch (error) {
      if (error instanceof GoTemplateError) error.output = execution.output;
      throw error;
    }
    return execution.output;
  }
}

interface Variable {
  readonly name: string;
  value: unknown;
  /** Came of a range: Go knows no more of its type than that it is a value. */
  isElement?: boolean;
}

type LoopEnd = 'break' | 'continue' | undefined;
type Located = { readonly position: number } & (Operand | Command | Exclude<TemplateNode, { type: 'text' }>);

/** No final operand from an earlier stage of a pipeline. */
const nothing = Symbol('nothing');

class Execution {
  output = '';
  readonly #fileName: string;
  readonly #text: string;
  readonly #templates: TemplateSet;
  readonly #failOnMissingKeys: boolean;
  #templateName: string;
  #node: Located | undefined;
  #variables: Variable[] = [];
  #depth = 0;
  /** Whether the dot is what a range goes through. */
  #isDotElement = false;

  constructor(name: string, text: string, templates: TemplateSet, failOnMissingKeys: boolean) {
    this.#fileName = name;
    this.#templateName = name;
    this.#text = text;
    this.#templates = templates;
    this.#failOnMissingKeys = failOnMissingKeys;
  }

  runTemplate(name: string, dot: unknown): void {
    const nodes = this.#templates.get(name);
    if (nodes === undefined) this.#fail(`template ${JSON.stringify(name)} not defined`);
    if (++this.#depth > deepestTemplate) this.#fail(`exceeded maximum template depth (${deepestTemplate})`);
    const outer = { variables: this.#variables, name: this.#templateName };
    this.#variables = [{ name: '$', value: dot }];
    this.#templateName = name;
    this.#walkInside(nodes, dot, false);
    this.#variables = outer.variables;
    this.#templateName = outer.name;
    this.#depth--;
  }

  #fail(message: string): never {
    if (this.#node === undefined) throw new GoTemplateError(`template: ${this.#templateName}: ${message}`);
    const before = this.#text.slice(0, this.#node.position);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    const where = `${this.#fileName}:${line}:${column}`;
    const name = JSON.stringify(this.#templateName);
    throw new GoTemplateError(`template: ${where}: executing ${name} at <${nodeText(this.#node)}>: ${message}`);
  }

  #walkList(nodes: readonly TemplateNode[], dot: unknown): LoopEnd {
    for (const node of nodes) {
      const end = this.#walk(node, dot);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  /** Walks nodes with a dot of their own. */
  #walkInside(nodes: readonly TemplateNode[], dot: unknown, isElement: boolean): LoopEnd {
    const outer = this.#isDotElement;
    this.#isDotElement = isElement;
    const end = this.#walkList(nodes, dot);
    this.#isDotElement = outer;
    return end;
  }

  #walk(node: TemplateNode, dot: unknown): LoopEnd {
    if (node.type === 'text') {
      this.output += node.text;
      return undefined;
    }
    this.#node = node;
    switch (node.type) {
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.output += printed(value);
        return undefined;
      }
      case 'break':
      case 'continue':
        return node.type;
      case 'template': {
        if (!this.#templates.has(node.name)) this.#fail(`template ${JSON.stringify(node.name)} not defined`);
        const value = node.pipeline === undefined ? null : this.#pipeline(node.pipeline, dot);
        this.runTemplate(node.name, value);
        return undefined;
      }
      case 'range':
        return this.#range(node, dot);
      default:
        return this.#branch(node, dot);
    }
  }

  #branch(node: Extract<TemplateNode, { type: 'if' | 'with' | 'range' }>, dot: unknown): LoopEnd {
    const scope = this.#variables.length;
    const value = this.#pipeline(node.pipeline, dot);
    let end: LoopEnd;
    if (isTrue(value)) {
      end = node.type === 'with' ? this.#walkInside(node.body, value, false) : this.#walkList(node.body, dot);
    } else if (node.otherwise !== undefined) end = this.#walkList(node.otherwise, dot);
    this.#variables.length = scope;
    return end;
  }

  #range(node: Extract<TemplateNode, { type: 'if' | 'with' | 'range' }>, dot: unknown): LoopEnd {
    const scope = this.#variables.length;
    const value = this.#pipeline(node.pipeline, dot);
    const { variables, isAssignment } = node.pipeline;
    // Counting gives numbers; what stands in lists and maps Go sees as values of any type.
    const isElement = typeof value === 'object' && !(value instanceof GoLiteral);
    let count = 0;
    for (const [index, element] of this.#elements(value, variables.length)) {
      count++;
      const inner = this.#variables.length;
      const [first, second] = variables;
      if (first !== undefined && isAssignment) {
        this.#assign(first, second === undefined ? element : index, isElement && second === undefined);
        if (second !== undefined) this.#assign(second, element, isElement);
      } else if (first !== undefined) {
        const [one, two] = this.#variables.slice(-variables.length);
        if (one !== undefined && two !== undefined) one.value = index;
        const own = two ?? one;
        if (own !== undefined) Object.assign(own, { value: element, isElement });
      }
      const end = this.#walkInside(node.body, element, isElement);
      this.#variables.length = inner;
      if (end === 'break') break;
    }
    let end: LoopEnd;
    if (count === 0 && node.otherwise !== undefined) end = this.#walkList(node.otherwise, dot);
    this.#variables.length = scope;
    return end;
  }

  *#elements(value: unknown, variables: number): Generator<[unknown, unknown]> {
    if (value === null || value === undefined) return;
    const number = value instanceof GoLiteral && value.type === 'int' ? value.value : value;
    if (Array.isArray(value)) {
      for (const [index, element] of value.entries()) yield [new GoLiteral(index, 'int'), element];
    } else if ((typeof number === 'number' || typeof number === 'bigint') && isGoInteger(number)) {
      if (variables > 1) this.#fail(`can't use ${goText(value)} to iterate over more than one variable`);
      for (let index = 0; index < number; index++) {
        // Elements are of the number's own type.
        yield [index, value instanceof GoLiteral ? new GoLiteral(index, 'int') : index];
      }
    } else if (typeof value === 'object' && !(value instanceof GoLiteral)) {
      for (const key of sortedKeys(value)) yield [key, (value as Record<string, unknown>)[key]];
    } else {
      this.#fail(`range can't iterate over ${goText(value)}`);
    }
  }

  #assign(name: string, value: unknown, isElement = false): void {
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) this.#fail(`undefined variable: ${name}`);
    Object.assign(variable, { value, isElement });
  }

  #pipeline(pipeline: Pipeline, dot: unknown): unknown {
    this.#node = pipeline;
    let value: unknown = nothing;
    for (const command of pipeline.commands) value = this.#command(dot, command, value);
    for (const name of pipeline.variables) {
      if (pipeline.isAssignment) this.#assign(name, value);
      else this.#variables.push({ name, value });
    }
    return value;
  }

  #command(dot: unknown, command: Command, final: unknown): unknown {
    const [first, ...operands] = command.operands;
    if (first === undefined) return noValue;
    if (first.type === 'identifier') {
      this.#node = first;
      return this.#call(dot, first.name, command, operands, final);
    }
    const takesOperands = first.type === 'field' || first.type === 'variable' || first.type === 'chain';
    if (!takesOperands) this.#refuseOperands(first, operands.length > 0 || final !== nothing);
    if (first.type === 'nil') {
      this.#node = first;
      return this.#fail('nil is not a command');
    }
    return this.#operand(dot, first, operands.length > 0 || final !== nothing);
  }

  #refuseOperands(node: Operand, hasOperands: boolean): void {
    if (!hasOperands) return;
    if (node.type !== 'pipeline') this.#node = node;
    this.#fail(`can't give argument to non-function ${nodeText(node)}`);
  }

  #operand(dot: unknown, node: Operand, hasOperands = false): unknown {
    this.#node = node;
    switch (node.type) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
      case 'string':
        return node.value;
      case 'number':
        if (typeof node.value === 'bigint' && !isGoInt(node.value)) this.#fail(`${node.text} overflows int`);
        return node.isFloat ? new GoLiteral(node.value, 'float64') : new GoLiteral(node.value, 'int');
      case 'pipeline':
        return this.#pipeline(node, dot);
      case 'identifier':
        return this.#call(dot, node.name, node, [], nothing);
      case 'field':
        return this.#fields(dot, node.names, hasOperands, this.#isDotElement);
      case 'chain': {
        if (node.base.type === 'nil') this.#fail('indirection through explicit nil in .');
        const base = this.#operand(dot, node.base);
        return this.#fields(base, node.names, hasOperands);
      }
      default:
        return this.#variable(node, hasOperands);
    }
  }

  #variable(node: Extract<Operand, { type: 'variable' }>, hasOperands: boolean): unknown {
    const [name = '', ...fields] = node.names;
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) return this.#fail(`undefined variable: ${name}`);
    if (fields.length === 0) {
      this.#refuseOperands(node, hasOperands);
      return variable.value;
    }
    return this.#fields(variable.value, fields, hasOperands, variable.isElement);
  }

  #fields(receiver: unknown, names: readonly string[], hasOperands: boolean, isElement = false): unknown {
    let current = receiver;
    names.forEach((name, index) => {
      const isMap = typeof current === 'object' && current !== null && !Array.isArray(current);
      if (isMap && hasOperands && index === names.length - 1) {
        this.#fail(`${name} is not a method but has arguments`);
      }
      current = this.#field(current, name, index === 0 && !isElement ? typeName(receiver) : 'interface {}');
    });
    return current;
  }

  #field(receiver: unknown, name: string, type: string): unknown {
    if (receiver === noValue) {
      if (this.#failOnMissingKeys) this.#fail(`nil data; no entry for key ${JSON.stringify(name)}`);
      return noValue;
    }
    if (receiver === null) return this.#fail(`nil pointer evaluating interface {}.${name}`);
    if (typeof receiver !== 'object' || Array.isArray(receiver) || receiver instanceof GoLiteral) {
      return this.#fail(`can't evaluate field ${name} in type ${type}`);
    }
    const map = receiver as Record<string, unknown>;
    if (Object.hasOwn(map, name)) return map[name];
    if (this.#failOnMissingKeys) this.#fail(`map has no entry for key ${JSON.stringify(name)}`);
    return noValue;
  }

  #call(dot: unknown, name: string, node: Operand | Command, operands: readonly Operand[], final: unknown): unknown {
    if (name === 'and' || name === 'or') return this.#shortCircuit(dot, name, operands, final);
    const definition = templateFunctions.get(name);
    if (definition === undefined) return this.#fail(`${JSON.stringify(name)} is not a defined function`);
    const { least, most } = definition;
    const count = operands.length + (final === nothing ? 0 : 1);
    if (count < least && most === Number.POSITIVE_INFINITY) {
      this.#fail(`wrong number of args for ${name}: want at least ${least} got ${count}`);
    } else if (count < least || count > most) {
      this.#fail(`wrong number of args for ${name}: want ${least} got ${count}`);
    }
    const values: unknown[] = [];
    for (const operand of operands) {
      values.push(this.#operand(dot, operand));
      if (values.length === 1) this.#checkText(name, values[0], operand);
    }
    if (operands.length === 0 && final !== nothing) this.#checkText(name, final, undefined);
    if (final !== nothing) values.push(final);
    // A nil that no field held is nothing at all to len.
    if (name === 'len' && values[0] === null && operands[0]?.type !== 'field') values[0] = noValue;
    try {
      return definition.call(values, operands[0] === undefined ? pipedText(final) : nodeText(operands[0]));
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      this.#node = node;
      return this.#fail(`error calling ${name}: ${error.message}`);
    }
  }

  /** The first operand of printf and base64decode is text. */
  #checkText(name: string, value: unknown, operand: Operand | undefined): void {
    if ((name !== 'printf' && name !== 'base64decode') || typeof value === 'string') return;
    // Of what stands in parentheses, its last part is told.
    if (operand !== undefined && operand.type !== 'pipeline') this.#node = operand;
    if (value === null || value === undefined) this.#fail('invalid value; expected string');
    if (operand?.type === 'number' || operand?.type === 'bool')
      this.#fail(`expected string; found ${nodeText(operand)}`);
    this.#fail(`wrong type for value; expected string; got ${typeName(value)}`);
  }

  #shortCircuit(dot: unknown, name: 'and' | 'or', operands: readonly Operand[], final: unknown): unknown {
    if (operands.length === 0 && final === nothing)
      this.#fail(`wrong number of args for ${name}: want at least 1 got 0`);
    let value: unknown;
    for (const operand of operands) {
      value = this.#operand(dot, operand);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === nothing ? value : final;
  }
}

function isGoInt(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** How a piped value that is to be called is told of: text as it is, else its type. */
function pipedText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined || value === nothing ? '' : `<${typeName(value)} Value>`;
}

function printed(value: unknown): string {
  return value === null || value === undefined || value === nothing ? '<no value>' : goText(value);
}
