import { goQuote } from '../../apimachinery/field-error.ts';
import { unquoteGo } from '../../apimachinery/go-literal.ts';
import { describeToken, GoTemplateError, type Token, tokenize } from './lexer.ts';
import { parseNumber } from './number-literal.ts';
import type { Command, Operand, Pipeline, TemplateNode } from './nodes.ts';

/** The templates of one text: the main one and those it defines. */
export type TemplateSet = Map<string, readonly TemplateNode[]>;

/**
 * Reads a template.
 * @param functions the names that may be called
 * @throws GoTemplateError `template: NAME:LINE: …`
 */
export function parseTemplate(name: string, text: string, functions: ReadonlySet<string>): TemplateSet {
  return new TemplateParser(name, text, functions).parse();
}

class TemplateParser {
  readonly #name: string;
  readonly #functions: ReadonlySet<string>;
  readonly #tokens: readonly Token[];
  readonly #templates: TemplateSet = new Map();
  #index = 0;
  #variables: string[] = ['$'];
  #rangeDepth = 0;
  #actionLine = 0;

  constructor(name: string, text: string, functions: ReadonlySet<string>) {
    this.#name = name;
    this.#functions = functions;
    this.#tokens = tokenize(text);
  }

  parse(): TemplateSet {
    const nodes: TemplateNode[] = [];
    while (this.#peek().type !== 'eof') {
      if (this.#peek().type === 'left' && this.#isDefinition()) {
        this.#define();
        continue;
      }
      const node = this.#textOrAction();
      if (typeof node === 'string') this.#fail(`unexpected {{${node}}}`);
      if (node !== undefined) nodes.push(node);
    }
    this.#templates.set(this.#name, nodes);
    return this.#templates;
  }

  #peek(): Token {
    const last = this.#tokens.at(-1);
    return this.#tokens[this.#index] ?? last ?? { type: 'eof', text: '', position: 0, line: 1 };
  }

  #next(): Token {
    const token = this.#peek();
    if (this.#index < this.#tokens.length - 1) this.#index++;
    else this.#index = this.#tokens.length;
    return token;
  }

  #nextNonSpace(): Token {
    while (this.#peek().type === 'space') this.#next();
    return this.#next();
  }

  #peekNonSpace(): Token {
    while (this.#peek().type === 'space') this.#next();
    return this.#peek();
  }

  #fail(message: string, token: Token = this.#tokens[this.#index - 1] ?? this.#peek()): never {
    throw new GoTemplateError(`template: ${this.#name}:${token.line}: ${message}`);
  }

  #unexpected(token: Token, context: string): never {
    if (token.type !== 'error') return this.#fail(`unexpected ${describeToken(token)} in ${context}`, token);
    let extra = '';
    if (this.#actionLine !== 0 && this.#actionLine !== token.line) {
      extra = ` in action started at ${this.#name}:${this.#actionLine}`;
      if (token.text.endsWith(' action')) extra = extra.slice(' in action'.length);
    }
    return this.#fail(`${token.text}${extra}`, token);
  }

  #isDefinition(): boolean {
    let at = this.#index + 1;
    while (this.#tokens[at]?.type === 'space') at++;
    return this.#tokens[at]?.type === 'keyword' && this.#tokens[at]?.text === 'define';
  }

  #define(): void {
    this.#next();
    this.#nextNonSpace();
    const name = this.#templateName('define clause');
    const close = this.#nextNonSpace();
    if (close.type !== 'right') this.#unexpected(close, 'define clause');
    this.#templateBody(name);
  }

  #templateBody(name: string): void {
    const outer = { variables: this.#variables, depth: this.#rangeDepth };
    this.#variables = ['$'];
    this.#rangeDepth = 0;
    const { nodes, end } = this.#list();
    if (end !== 'end') this.#fail(`unexpected {{${end}}} in define clause`);
    this.#variables = outer.variables;
    this.#rangeDepth = outer.depth;
    const before = this.#templates.get(name);
    if (!isEmpty(nodes) && before !== undefined && !isEmpty(before)) {
      this.#fail(`template: multiple definition of template ${goQuote(name)}`);
    }
    if (!isEmpty(nodes) || before === undefined) this.#templates.set(name, nodes);
  }

  #templateName(context: string): string {
    const token = this.#nextNonSpace();
    if (token.type === 'string' || token.type === 'rawString') return this.#unquoted(token);
    return this.#unexpected(token, context);
  }

  #unquoted(token: Token): string {
    const value = unquoteGo(token.text);
    return value ?? this.#fail('invalid syntax', token);
  }

  #list(): { nodes: TemplateNode[]; end: 'end' | 'else' } {
    const nodes: TemplateNode[] = [];
    while (this.#peekNonSpace().type !== 'eof') {
      const node = this.#textOrAction();
      if (typeof node === 'string') return { nodes, end: node };
      if (node !== undefined) nodes.push(node);
    }
    return this.#fail('unexpected EOF', this.#peek());
  }

  /** A node; `end` or `else` where the list ends; undefined for what leaves no node. */
  #textOrAction(): TemplateNode | 'end' | 'else' | undefined {
    const token = this.#nextNonSpace();
    if (token.type === 'text') return { type: 'text', text: token.text };
    if (token.type !== 'left') return this.#unexpected(token, 'input');
    this.#actionLine = token.line;
    const node = this.#action();
    this.#actionLine = 0;
    return node;
  }

  #action(): TemplateNode | 'end' | 'else' | undefined {
    const token = this.#nextNonSpace();
    if (token.type === 'keyword') {
      switch (token.text) {
        case 'if':
        case 'with':
        case 'range':
          return this.#control(token.text, token);
        case 'else':
          return this.#else();
        case 'end':
          this.#expectRight('end');
          return 'end';
        case 'template':
          return this.#template();
        case 'block':
          return this.#block();
        case 'break':
        case 'continue':
          return this.#loopControl(token.text, token);
        default:
          return this.#unexpected(token, 'command');
      }
    }
    this.#index--;
    const position = this.#peek().position;
    return { type: 'action', pipeline: this.#pipeline('command', 'right'), position };
  }

  #expectRight(context: string): void {
    const token = this.#nextNonSpace();
    if (token.type !== 'right') this.#unexpected(token, context);
  }

  /** `{{else}}` ends a list; what follows it in the same action, as in `{{else if}}`, stays to be read. */
  #else(): 'else' {
    const next = this.#peekNonSpace();
    if (next.type === 'keyword' && (next.text === 'if' || next.text === 'with')) return 'else';
    this.#expectRight('else');
    return 'else';
  }

  #loopControl(type: 'break' | 'continue', token: Token): TemplateNode {
    const next = this.#nextNonSpace();
    if (next.type !== 'right') this.#unexpected(next, `{{${type}}}`);
    if (this.#rangeDepth === 0) this.#fail(`{{${type}}} outside {{range}}`);
    return { type, position: token.position };
  }

  #control(type: 'if' | 'with' | 'range', token: Token): TemplateNode {
    const scope = this.#variables.length;
    const pipeline = this.#pipeline(type, 'right');
    if (type === 'range') this.#rangeDepth++;
    const { nodes: body, end } = this.#list();
    if (type === 'range') this.#rangeDepth--;
    let otherwise: TemplateNode[] | undefined;
    if (end === 'else') otherwise = this.#otherwise(type);
    this.#variables.length = scope;
    return { type, pipeline, body, otherwise, position: token.position };
  }

  #otherwise(type: 'if' | 'with' | 'range'): TemplateNode[] {
    const next = this.#peekNonSpace();
    // {{else if x}} is an {{if x}} in the else branch, and shares the {{end}}.
    if (next.type === 'keyword' && next.text === type && (type === 'if' || type === 'with')) {
      const token = this.#next();
      return [this.#control(type, token)];
    }
    const { nodes, end } = this.#list();
    if (end !== 'end') this.#fail(`expected end; found {{${end}}}`);
    return nodes;
  }

  #template(): TemplateNode {
    const nameToken = this.#peekNonSpace();
    const name = this.#templateName('template clause');
    let pipeline: Pipeline | undefined;
    if (this.#nextNonSpace().type !== 'right') {
      this.#index--;
      pipeline = this.#pipeline('template clause', 'right');
    }
    return { type: 'template', name, pipeline, position: nameToken.position };
  }

  #block(): TemplateNode {
    const { position } = this.#peekNonSpace();
    const name = this.#templateName('block clause');
    const pipeline = this.#pipeline('block clause', 'right');
    this.#templateBody(name);
    return { type: 'template', name, pipeline, position };
  }

  #pipeline(context: string, endType: 'right' | 'rightParen'): Pipeline {
    const { position } = this.#peekNonSpace();
    const { variables, isAssignment } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#nextNonSpace();
      if (token.type === endType) {
        this.#checkPipeline(commands, context);
        return { type: 'pipeline', variables, isAssignment, commands, position };
      }
      if (!startsOperand(token)) this.#unexpected(token, context);
      this.#index--;
      commands.push(this.#command());
    }
  }

  #declarations(context: string): { variables: string[]; isAssignment: boolean } {
    const start = this.#index;
    const names: string[] = [];
    for (;;) {
      const token = this.#peekNonSpace();
      if (token.type !== 'variable') break;
      this.#next();
      const sign = this.#peekNonSpace();
      names.push(token.text);
      if (sign.type === 'declare' || sign.type === 'assign') {
        this.#next();
        const isAssignment = sign.type === 'assign';
        // What is assigned to counts as known from here on; whether it is shows when the template runs.
        this.#variables.push(...names);
        return { variables: names, isAssignment };
      }
      if (sign.type !== 'punctuation' || sign.text !== ',') break;
      if (context !== 'range' || names.length > 1) {
        this.#next();
        this.#fail(`too many declarations in ${context}`, sign);
      }
      this.#next();
    }
    this.#index = start;
    return { variables: [], isAssignment: false };
  }

  #checkPipeline(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    commands.slice(1).forEach((command, index) => {
      const first = command.operands[0];
      if (first !== undefined && ['bool', 'dot', 'nil', 'number', 'string'].includes(first.type)) {
        this.#fail(`non executable command in pipeline stage ${index + 2}`);
      }
    });
  }

  #command(): Command {
    const { position } = this.#peekNonSpace();
    const operands: Operand[] = [];
    for (;;) {
      this.#peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.#next();
      if (token.type === 'space') continue;
      if (token.type === 'right' || token.type === 'rightParen') this.#index--;
      else if (token.type !== 'pipe') this.#unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) this.#fail('empty command');
    return { type: 'command', operands, position };
  }

  #operand(): Operand | undefined {
    const base = this.#term();
    if (base === undefined || this.#peek().type !== 'field') return base;
    const { position } = this.#peek();
    const names: string[] = [];
    while (this.#peek().type === 'field') names.push(this.#next().text.slice(1));
    if (base.type === 'field' || base.type === 'variable') {
      return { type: base.type, names: [...base.names, ...names], position };
    }
    if (['bool', 'string', 'number', 'nil', 'dot'].includes(base.type)) {
      const shown = base.type === 'dot' ? '.' : base.type === 'string' ? base.text : operandText(base);
      this.#fail(`unexpected . after term ${goQuote(shown)}`);
    }
    return { type: 'chain', base, names, position };
  }

  #term(): Operand | undefined {
    const token = this.#nextNonSpace();
    const { position, text } = token;
    switch (token.type) {
      case 'identifier':
        if (!this.#functions.has(text)) this.#fail(`function ${goQuote(text)} not defined`, token);
        return { type: 'identifier', name: text, position };
      case 'dot':
        return { type: 'dot', position };
      case 'nil':
        return { type: 'nil', position };
      case 'variable':
        if (!this.#variables.includes(text)) this.#fail(`undefined variable ${goQuote(text)}`, token);
        return { type: 'variable', names: [text], position };
      case 'field':
        return { type: 'field', names: [text.slice(1)], position };
      case 'bool':
        return { type: 'bool', value: text === 'true', position };
      case 'char':
      case 'number':
        return parseNumber(token, (message) => this.#fail(message, token));
      case 'string':
      case 'rawString':
        return { type: 'string', value: this.#unquoted(token), text, position };
      case 'leftParen':
        return this.#pipeline('parenthesized pipeline', 'rightParen');
      default:
        this.#index = Math.max(0, Math.min(this.#index, this.#tokens.length) - 1);
        return undefined;
    }
  }
}

function isEmpty(nodes: readonly TemplateNode[]): boolean {
  return nodes.every((node) => node.type === 'text' && node.text.trim() === '');
}

function operandText(operand: Operand): string {
  if (operand.type === 'number') return operand.text;
  return operand.type === 'bool' ? `${operand.value}` : 'nil';
}

function startsOperand(token: Token): boolean {
  return [
    'bool',
    'char',
    'dot',
    'field',
    'identifier',
    'number',
    'nil',
    'rawString',
    'string',
    'variable',
    'leftParen',
  ].includes(token.type);
}
