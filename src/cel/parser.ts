import { binaryOperators, type Expr, type LiteralValue, type MapEntry, operators, type StructField } from './ast.ts';
import { CelCompileError, type CelIssue, CelSource } from './issues.ts';
import { type Token, tokenize, type TokenKind, tokenOrder } from './lexer.ts';
import { expandMacro, MacroError, NodeFactory } from './macros.ts';
import { CelUint, maxInt, maxUint, minInt } from './numbers.ts';
import { LiteralError, readBytesLiteral, readStringLiteral } from './string-literal.ts';

/** A parsed expression. */
export interface ParsedExpression {
  readonly source: CelSource;
  readonly expr: Expr;
}

/** Whether a token stands between two operands. */
function isBetweenOperands(text: string): boolean {
  return text === '&&' || text === '||' || Object.hasOwn(binaryOperators, text);
}

const maxCodePoints = 100_000;
const maxDepth = 250;

/**
 * Reads an expression of the Common Expression Language with Kubernetes' macros (cel-spec, `langdef.md`).
 * @throws CelCompileError in the words of cel-go's parser.
 */
export function parseExpression(text: string): ParsedExpression {
  const source = new CelSource(text);
  const size = source.characters.length;
  if (size > maxCodePoints) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${maxCodePoints}`;
    throw new CelCompileError(source, [{ offset: -1, message }]);
  }
  return { source, expr: new Parser(source).parse() };
}

/** Ends parsing: what follows cannot be understood. */
class SyntaxStop extends Error {}

const startsExpression: readonly TokenKind[] = [
  "'['",
  "'{'",
  "'('",
  "'.'",
  "'-'",
  "'!'",
  "'true'",
  "'false'",
  "'null'",
  'NUM_FLOAT',
  'NUM_INT',
  'NUM_UINT',
  'STRING',
  'BYTES',
  'IDENTIFIER',
];
const relations = new Set(['<', '<=', '>', '>=', '==', '!=', 'in']);
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

class Parser {
  readonly #tokens: readonly Token[];
  readonly #source: CelSource;
  readonly #issues: CelIssue[];
  readonly #nodes = new NodeFactory();
  #position = 0;
  #depth = 0;

  constructor(source: CelSource) {
    const { tokens, issues } = tokenize(source);
    this.#source = source;
    this.#tokens = tokens;
    this.#issues = [...issues];
  }

  parse(): Expr {
    let expr: Expr | undefined;
    try {
      expr = this.#expression();
      this.#expect('<EOF>', []);
    } catch (error) {
      if (!(error instanceof SyntaxStop)) throw error;
    }
    if (expr === undefined || this.#issues.length > 0) throw new CelCompileError(this.#source, this.#issues);
    return expr;
  }

  #peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#position + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new Error('an expression without an end');
    return token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }

  #accept(kind: TokenKind): Token | undefined {
    return this.#peek().kind === kind ? this.#take() : undefined;
  }

  /** The token that must come; one too many or one too few is passed over as ANTLR does, with an issue. */
  #expect(kind: TokenKind, after: readonly TokenKind[]): Token {
    const token = this.#peek();
    if (token.kind === kind) return this.#take();
    if (this.#peek(1).kind === kind && token.kind !== '<EOF>') {
      this.#syntax(token, `extraneous input '${token.text}' expecting ${kind}`);
      this.#position++;
      return this.#take();
    }
    if (after.includes(token.kind)) {
      this.#syntax(token, `missing ${kind} at '${token.text}'`);
      return token;
    }
    throw this.#mismatch(token, [kind]);
  }

  /** Before a choice: the next token must begin one of them. */
  #require(choices: readonly TokenKind[]): void {
    const token = this.#peek();
    if (choices.includes(token.kind)) return;
    if (token.kind !== '<EOF>' && choices.includes(this.#peek(1).kind)) {
      this.#syntax(token, `extraneous input '${token.text}' expecting ${formatChoices(choices)}`);
      this.#position++;
      return;
    }
    throw this.#mismatch(token, choices);
  }

  #mismatch(token: Token, choices: readonly TokenKind[]): SyntaxStop {
    this.#syntax(token, `mismatched input '${token.text}' expecting ${formatChoices(choices)}`);
    return new SyntaxStop();
  }

  #noAlternative(first: Token, token: Token): SyntaxStop {
    const seen = `${first.text}${token.kind === '<EOF>' ? '' : token.text}`;
    const isKeyword = token.text === 'true' || token.text === 'false' || token.text === 'null';
    this.#syntax(
      token,
      isKeyword ? `mismatched input '${token.text}' expecting IDENTIFIER` : `no viable alternative at input '${seen}'`,
    );
    return new SyntaxStop();
  }

  /** What should stand before something stands before an operator, or at the end of all. */
  #endsAfter(sign: TokenKind, count: number): Expr {
    const next = this.#peek();
    const isEnd = next.kind === '<EOF>';
    const choices = formatChoices(startsExpression);
    if (sign === "'!'") this.#syntax(next, `extraneous input '${next.text}' expecting ${choices}`);
    else {
      this.#syntax(next, `no viable alternative at input '${'-'.repeat(count)}${isEnd ? '' : next.text}'`);
      this.#syntax(next, `mismatched input '${next.text}' expecting ${choices}`);
    }
    if (isEnd) throw new SyntaxStop();
    return this.#nodes.literal(next.offset, null);
  }

  #syntax(token: Token, message: string): void {
    this.#issues.push({ offset: token.offset, message: `Syntax error: ${message}` });
  }

  /** An issue with what was understood; parsing goes on with something in its place. */
  #report(offset: number, message: string): Expr {
    this.#issues.push({ offset, message });
    return this.#nodes.literal(offset, null);
  }

  #expression(): Expr {
    if (++this.#depth > maxDepth) {
      this.#issues.push({ offset: -1, message: `expression recursion limit exceeded: ${maxDepth}` });
      throw new SyntaxStop();
    }
    const condition = this.#logical("'||'");
    const question = this.#accept("'?'");
    let expr = condition;
    if (question !== undefined) {
      const whenTrue = this.#logical("'||'");
      this.#expect("':'", startsExpression);
      const whenFalse = this.#expression();
      expr = this.#nodes.call(question.offset, operators.conditional, [condition, whenTrue, whenFalse]);
    }
    this.#depth--;
    return expr;
  }

  /** A chain of && or ||, made into a balanced tree. */
  #logical(operator: "'||'" | "'&&'"): Expr {
    const inner = (): Expr => (operator === "'||'" ? this.#logical("'&&'") : this.#relation());
    const terms = [inner()];
    const signs: Token[] = [];
    for (let sign = this.#accept(operator); sign !== undefined; sign = this.#accept(operator)) {
      signs.push(sign);
      terms.push(inner());
    }
    const name = operator === "'||'" ? operators.or : operators.and;
    const balanced = (low: number, high: number): Expr => {
      if (high < low) return terms[low] ?? this.#nodes.literal(0, null);
      const middle = (low + high + 1) >> 1;
      const sign = signs[middle];
      return this.#nodes.call(sign?.offset ?? 0, name, [balanced(low, middle - 1), balanced(middle + 1, high)]);
    };
    return balanced(0, signs.length - 1);
  }

  #relation(): Expr {
    return this.#binary(
      () => this.#sum(),
      (text) => relations.has(text),
    );
  }

  #sum(): Expr {
    return this.#binary(
      () => this.#product(),
      (text) => text === '+' || text === '-',
    );
  }

  #product(): Expr {
    return this.#binary(
      () => this.#unary(),
      (text) => text === '*' || text === '/' || text === '%',
    );
  }

  #binary(operand: () => Expr, isOperator: (text: string) => boolean): Expr {
    let left = operand();
    while (this.#peek().kind.startsWith("'") && isOperator(this.#peek().text)) {
      const sign = this.#take();
      left = this.#nodes.call(sign.offset, binaryOperators[sign.text] ?? sign.text, [left, operand()]);
    }
    return left;
  }

  #unary(): Expr {
    const token = this.#peek();
    if (isBetweenOperands(token.text) && !startsExpression.some((kind) => this.#startsWith(kind))) {
      // An operator without anything before it: what comes after it is looked at all the same.
      this.#mismatch(token, startsExpression);
      return this.#nodes.literal(token.offset, null);
    }
    this.#require(startsExpression);
    const { kind } = this.#peek();
    if (kind !== "'!'" && !(kind === "'-'" && !this.#isNumber(1))) return this.#member();
    const first = this.#take();
    let count = 1;
    while (this.#accept(kind) !== undefined) count++;
    const next = this.#peek();
    if (next.kind === '<EOF>' || isBetweenOperands(next.text)) return this.#endsAfter(kind, count);
    const operand = this.#member();
    if (count % 2 === 0) return operand;
    return this.#nodes.call(first.offset, kind === "'!'" ? operators.not : operators.negate, [operand]);
  }

  /** Whether an expression begins here, or behind the next token. */
  #startsWith(kind: TokenKind): boolean {
    return this.#peek().kind === kind || this.#peek(1).kind === kind;
  }

  #isNumber(ahead: number): boolean {
    const { kind } = this.#peek(ahead);
    return kind === 'NUM_INT' || kind === 'NUM_FLOAT';
  }

  #member(): Expr {
    let expr = this.#primary();
    for (;;) {
      const dot = this.#accept("'.'");
      if (dot !== undefined) {
        expr = this.#selection(expr, dot);
        continue;
      }
      const bracket = this.#accept("'['");
      if (bracket === undefined) return expr;
      this.#require([...startsExpression, "'?'"]);
      const isOptional = this.#accept("'?'") !== undefined;
      const index = this.#expression();
      this.#expect("']'", ['<EOF>']);
      const name = isOptional ? operators.optionalIndex : operators.index;
      expr = this.#nodes.call(bracket.offset, name, [expr, index]);
    }
  }

  #selection(operand: Expr, dot: Token): Expr {
    const isOptional = this.#accept("'?'") !== undefined;
    const token = this.#peek();
    if (token.kind === 'ESC_IDENTIFIER') {
      this.#take();
      return this.#report(token.offset, "unsupported syntax: '`'");
    }
    if (token.kind !== 'IDENTIFIER') {
      const stop = this.#noAlternative(dot, token);
      // This one may follow what is selected from, so that it is read as the operator.
      if (token.kind === "'in'" && !isOptional) return operand;
      throw stop;
    }
    this.#take();
    if (isOptional) {
      const field = this.#nodes.literal(token.offset, token.text);
      return this.#nodes.call(dot.offset, operators.optionalSelect, [operand, field]);
    }
    const open = this.#accept("'('");
    if (open === undefined) return this.#nodes.select(dot.offset, operand, token.text);
    return this.#call(open, token.text, operand);
  }

  /** The arguments and the closing parenthesis of a call; macros are expanded. */
  #call(open: Token, name: string, target?: Expr): Expr {
    const args: Expr[] = [];
    if (this.#peek().kind !== "')'") {
      this.#require([...startsExpression, "')'"]);
      args.push(this.#expression());
      while (this.#accept("','") !== undefined) args.push(this.#expression());
    }
    this.#expect("')'", ['<EOF>']);
    try {
      const expanded = expandMacro(this.#nodes, open.offset, name, target, args);
      return expanded ?? this.#nodes.call(open.offset, name, args, target);
    } catch (error) {
      if (error instanceof MacroError) return this.#report(error.offset, error.message);
      throw error;
    }
  }

  #primary(): Expr {
    const token = this.#peek();
    switch (token.kind) {
      case "'('": {
        this.#take();
        const inside = this.#expression();
        this.#expect("')'", ['<EOF>']);
        return inside;
      }
      case "'['":
        return this.#list();
      case "'{'":
        return this.#map();
      case "'.'":
      case 'IDENTIFIER':
        return this.#named();
      default:
        return this.#literal();
    }
  }

  #named(): Expr {
    const dot = this.#accept("'.'");
    const token = this.#peek();
    if (token.kind !== 'IDENTIFIER') throw this.#noAlternative(dot ?? token, token);
    const prefix = dot === undefined ? '' : '.';
    const message = this.#messageName();
    if (message !== undefined) return this.#struct(`${prefix}${message}`);
    this.#take();
    const open = this.#accept("'('");
    if (reserved.has(token.text)) {
      if (open !== undefined) this.#call(open, token.text);
      return this.#report((dot ?? token).offset, `reserved identifier: ${token.text}`);
    }
    if (open !== undefined) return this.#call(open, `${prefix}${token.text}`);
    return this.#nodes.ident(token.offset, `${prefix}${token.text}`);
  }

  /** The name before a brace, when that is what comes; it is consumed. */
  #messageName(): string | undefined {
    const names: string[] = [];
    let ahead = 0;
    while (this.#peek(ahead).kind === 'IDENTIFIER') {
      names.push(this.#peek(ahead).text);
      if (this.#peek(ahead + 1).kind !== "'.'") break;
      ahead += 2;
    }
    if (this.#peek(ahead + 1).kind !== "'{'" || this.#peek(ahead).kind !== 'IDENTIFIER') return undefined;
    this.#position += ahead + 1;
    return names.join('.');
  }

  #list(): Expr {
    const open = this.#take();
    const elements: Expr[] = [];
    const optional = new Set<number>();
    this.#items("']'", () => {
      if (this.#accept("'?'") !== undefined) optional.add(elements.length);
      elements.push(this.#expression());
    });
    return this.#nodes.list(open.offset, elements, optional);
  }

  /** Comma separated items up to a closing token; a comma may follow the last. */
  #items(close: TokenKind, item: () => void, starts: readonly TokenKind[] = [...startsExpression, "'?'"]): void {
    this.#require([...starts, close, "','"]);
    if (this.#peek().kind !== close && this.#peek().kind !== "','") {
      item();
      while (this.#peek().kind === "','" && this.#peek(1).kind !== close) {
        this.#take();
        item();
      }
    }
    this.#require([close, "','"]);
    this.#accept("','");
    this.#expect(close, ['<EOF>']);
  }

  #map(): Expr {
    const open = this.#take();
    const entries: MapEntry[] = [];
    this.#items("'}'", () => {
      const optional = this.#accept("'?'") !== undefined;
      const key = this.#expression();
      const colon = this.#expect("':'", startsExpression);
      entries.push(this.#nodes.mapEntry(colon.offset, key, this.#expression(), optional));
    });
    return this.#nodes.map(open.offset, entries);
  }

  #struct(name: string): Expr {
    const open = this.#take();
    const fields: StructField[] = [];
    this.#items(
      "'}'",
      () => {
        const optional = this.#accept("'?'") !== undefined;
        const field = this.#take();
        if (field.kind === 'ESC_IDENTIFIER') this.#report(open.offset, "unsupported syntax: '`'");
        else if (field.kind !== 'IDENTIFIER') throw this.#mismatch(field, ['IDENTIFIER', 'ESC_IDENTIFIER']);
        const colon = this.#expect("':'", startsExpression);
        fields.push(this.#nodes.structField(colon.offset, field.text, this.#expression(), optional));
      },
      ["'?'", 'IDENTIFIER', 'ESC_IDENTIFIER'],
    );
    return this.#nodes.struct(open.offset, name, fields);
  }

  #literal(): Expr {
    const sign = this.#accept("'-'");
    const token = this.#take();
    const { offset } = sign ?? token;
    const value = readLiteral(token, sign !== undefined);
    return typeof value === 'object' && value !== null && 'failure' in value
      ? this.#report(offset, value.failure)
      : this.#nodes.literal(offset, value);
  }
}

function readLiteral({ kind, text }: Token, isNegative: boolean): LiteralValue | { readonly failure: string } {
  switch (kind) {
    case 'NUM_INT': {
      const value = isNegative ? -BigInt(text) : BigInt(text);
      return value < minInt || value > maxInt ? { failure: 'invalid int literal' } : value;
    }
    case 'NUM_UINT': {
      const value = BigInt(text.slice(0, -1));
      return value > maxUint ? { failure: 'invalid uint literal' } : new CelUint(value);
    }
    case 'NUM_FLOAT': {
      const value = Number(text);
      if (!Number.isFinite(value)) return { failure: 'invalid double literal' };
      return isNegative ? -value : value;
    }
    case "'true'":
      return true;
    case "'false'":
      return false;
    case "'null'":
      return null;
    default:
      try {
        return kind === 'BYTES' ? readBytesLiteral(text.slice(1)) : readStringLiteral(text);
      } catch (error) {
        if (error instanceof LiteralError) return { failure: error.message };
        throw error;
      }
  }
}

function formatChoices(choices: readonly TokenKind[]): string {
  const [only, ...others] = tokenOrder.filter((kind) => choices.includes(kind));
  return others.length === 0 ? (only ?? '') : `{${[only, ...others].join(', ')}}`;
}
