import {
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type ListExpr,
  type MapExpr,
  operators,
  type SelectExpr,
  type StructExpr,
} from './ast.ts';
import type { FunctionDeclaration, Overload } from './declarations.ts';
import { CelCompileError, type CelIssue } from './issues.ts';
import type { ParsedExpression } from './parser.ts';
import {
  type CelType,
  formatType,
  isDyn,
  isSameType,
  listType,
  mapType,
  optionalType,
  optionalValueType,
  typeOfType,
  typeParam,
  types,
} from './types.ts';
import { moreGeneral, Substitutions } from './unification.ts';
import { CelTypeValue, typeOf } from './values.ts';

/** Looks up the objects with declared fields. */
export interface TypeProvider {
  /** Whether there is a type of this name that can be constructed and selected from. */
  hasType(name: string): boolean;
  /** The type of a field; undefined when there is none. */
  fieldType(typeName: string, field: string): CelType | undefined;
}

/** What an expression may refer to. */
export interface Declarations {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly provider: TypeProvider;
}

/** What a name or call was found to mean. */
export type Reference =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'constant'; readonly value: CelTypeValue }
  | { readonly kind: 'struct'; readonly name: string }
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly overloads: readonly Overload[];
      /** The call's object is a part of the function's name. */
      readonly isNamespaced: boolean;
    };

/** An expression that has types. */
export interface CheckedExpression extends ParsedExpression {
  readonly type: CelType;
  /** By the ids of the expressions. */
  readonly types: ReadonlyMap<number, CelType>;
  readonly references: ReadonlyMap<number, Reference>;
}

const namedTypes: Readonly<Record<string, CelType>> = {
  bool: types.bool,
  bytes: types.bytes,
  double: types.double,
  int: types.int,
  list: listType(types.dyn),
  map: mapType(types.dyn, types.dyn),
  null_type: types.null,
  string: types.string,
  type: types.type,
  uint: types.uint,
  optional_type: optionalType(types.dyn),
  'google.protobuf.Duration': types.duration,
  'google.protobuf.Timestamp': types.timestamp,
  'net.IP': { kind: 'opaque', name: 'net.IP', parameters: [] },
  'net.CIDR': { kind: 'opaque', name: 'net.CIDR', parameters: [] },
};

/**
 * Finds the type of everything in an expression.
 * @throws CelCompileError in the words of cel-go's checker.
 */
export function checkExpression(parsed: ParsedExpression, declarations: Declarations): CheckedExpression {
  const checker = new Checker(declarations);
  checker.check(parsed.expr);
  if (checker.issues.length > 0) throw new CelCompileError(parsed.source, checker.issues);
  const found = new Map<number, CelType>();
  for (const [id, type] of checker.types) found.set(id, checker.substitutions.apply(type, true));
  return {
    ...parsed,
    type: found.get(parsed.expr.id) ?? types.dyn,
    types: found,
    references: checker.references,
  };
}

class Checker {
  readonly issues: CelIssue[] = [];
  readonly types = new Map<number, CelType>();
  readonly references = new Map<number, Reference>();
  readonly substitutions = new Substitutions();
  readonly #declarations: Declarations;
  /** Variables of the comprehensions around, innermost last. */
  readonly #scopes: Map<string, CelType>[] = [];
  #freeParameters = 0;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  check(expr: Expr): void {
    switch (expr.kind) {
      case 'literal':
        return this.#set(expr, typeOf(expr.value));
      case 'ident':
        return this.#checkIdent(expr, expr.name);
      case 'select':
        return this.#checkSelect(expr);
      case 'call':
        return this.#checkCall(expr);
      case 'list':
        return this.#checkList(expr);
      case 'map':
        return this.#checkMap(expr);
      case 'struct':
        return this.#checkStruct(expr);
      default:
        return this.#checkComprehension(expr);
    }
  }

  #set(expr: Expr, type: CelType): void {
    this.types.set(expr.id, type);
  }

  #typeOf(expr: Expr): CelType {
    return this.types.get(expr.id) ?? types.error;
  }

  #report({ offset }: { readonly offset: number }, message: string): void {
    this.issues.push({ offset, message });
  }

  #free(): CelType {
    return typeParam(`_var${this.#freeParameters++}`);
  }

  #undeclared(expr: Expr, name: string): void {
    this.#set(expr, types.error);
    this.#report(expr, `undeclared reference to '${name}' (in container '')`);
  }

  #mismatch(expr: Expr, expected: CelType, actual: CelType): void {
    this.#report(expr, `expected type '${formatType(expected)}' but found '${formatType(actual)}'`);
  }

  #local(name: string): CelType | undefined {
    return this.#scopes.findLast((scope) => scope.has(name))?.get(name);
  }

  /** Gives an expression the meaning of a declared name, if there is one. */
  #resolve(expr: Expr, name: string): boolean {
    const local = name.startsWith('.') ? undefined : this.#local(name);
    const plain = name.replace(/^\./, '');
    const type = local ?? this.#declarations.variables.get(plain);
    if (type !== undefined) {
      this.#set(expr, type);
      this.references.set(expr.id, { kind: 'variable', name: local === undefined ? plain : name });
      return true;
    }
    const named = Object.hasOwn(namedTypes, plain) ? namedTypes[plain] : this.#structType(plain);
    if (named === undefined) return false;
    this.#set(expr, typeOfType(named));
    this.references.set(expr.id, { kind: 'constant', value: new CelTypeValue(named) });
    return true;
  }

  #structType(name: string): CelType | undefined {
    return this.#declarations.provider.hasType(name) ? { kind: 'struct', name, parameters: [] } : undefined;
  }

  #checkIdent(expr: Expr, name: string): void {
    if (!this.#resolve(expr, name)) this.#undeclared(expr, name);
  }

  #checkSelect(expr: SelectExpr): void {
    const name = expr.testOnly ? undefined : qualifiedName(expr);
    const root = name?.slice(0, name.indexOf('.', 1));
    if (name !== undefined && (root === undefined || this.#local(root) === undefined) && this.#resolve(expr, name)) {
      return;
    }
    const field = this.#fieldType(expr, expr.operand, expr.field, false);
    this.#set(expr, expr.testOnly ? types.bool : this.substitutions.apply(field, false));
  }

  #fieldType(expr: Expr, operand: Expr, field: string, isOptional: boolean): CelType {
    this.check(operand);
    const operandType = this.substitutions.apply(this.#typeOf(operand), false);
    const inside = optionalValueType(operandType);
    const target = inside ?? operandType;
    let result: CelType = types.dyn;
    if (target.kind === 'map') result = target.parameters[1] ?? types.dyn;
    else if (target.kind === 'struct') result = this.#structFieldType(expr, target.name, field);
    else if (target.kind === 'typeParam') this.substitutions.isAssignable(types.dyn, target);
    else if (!isDyn(target) && target.kind !== 'error') {
      this.#report(expr, `type '${formatType(target)}' does not support field selection`);
    }
    return inside !== undefined || isOptional ? optionalType(result) : result;
  }

  #structFieldType(at: { readonly offset: number }, typeName: string, field: string): CelType {
    const { provider } = this.#declarations;
    if (!provider.hasType(typeName)) this.#report(at, `unexpected failed resolution of '${typeName}'`);
    else {
      const found = provider.fieldType(typeName, field);
      if (found !== undefined) return found;
      this.#report(at, `undefined field '${field}'`);
    }
    return types.error;
  }

  #checkCall(expr: CallExpr): void {
    const { name, target, args } = expr;
    if (name === operators.optionalSelect) return this.#checkOptionalSelect(expr);
    for (const arg of args) this.check(arg);
    const { functions } = this.#declarations;
    if (target === undefined) {
      const found = functions.get(name.replace(/^\./, ''));
      if (found === undefined) this.#undeclared(expr, name);
      else this.#resolveOverload(expr, found, undefined, false);
      return;
    }
    const prefix = qualifiedName(target);
    const namespaced = prefix === undefined ? undefined : functions.get(`${prefix.replace(/^\./, '')}.${name}`);
    if (namespaced !== undefined) return this.#resolveOverload(expr, namespaced, undefined, true);
    this.check(target);
    const found = functions.get(name);
    if (found === undefined) this.#undeclared(expr, name);
    else this.#resolveOverload(expr, found, target, false);
  }

  #checkOptionalSelect(expr: CallExpr): void {
    const [operand, field] = expr.args;
    if (operand === undefined || field?.kind !== 'literal' || typeof field.value !== 'string') return;
    this.check(field);
    const result = this.#fieldType(expr, operand, field.value, true);
    this.#set(expr, this.substitutions.apply(result, false));
    this.references.set(expr.id, { kind: 'function', name: expr.name, overloads: [], isNamespaced: false });
  }

  #resolveOverload(expr: CallExpr, found: FunctionDeclaration, target: Expr | undefined, isNamespaced: boolean): void {
    const args = target === undefined ? expr.args : [target, ...expr.args];
    if (found.name === operators.and || found.name === operators.or) return this.#checkLogical(expr, found);
    const argTypes = args.map((arg) => this.#typeOf(arg));
    const matching: Overload[] = [];
    let result: CelType | undefined;
    for (const candidate of found.overloads) {
      if (candidate.isMember !== (target !== undefined)) continue;
      const fresh = this.#instantiate(candidate);
      if (!this.substitutions.areAssignable(argTypes, fresh.args)) continue;
      matching.push(candidate);
      const own = this.substitutions.apply(fresh.result, false);
      if (result === undefined) result = own;
      else if (!isDyn(result) && !isSameType(own, result)) result = types.dyn;
    }
    if (result === undefined) {
      const shown = argTypes.map((type) => formatType(this.substitutions.apply(type, true)));
      const signature =
        target === undefined ? `(${shown.join(', ')})` : `${shown[0] ?? ''}.(${shown.slice(1).join(', ')})`;
      this.#report(expr, `found no matching overload for '${found.name}' applied to '${signature}'`);
      this.#set(expr, types.error);
      return;
    }
    this.#set(expr, result);
    this.references.set(expr.id, { kind: 'function', name: found.name, overloads: matching, isNamespaced });
  }

  #checkLogical(expr: CallExpr, found: FunctionDeclaration): void {
    const wrong = expr.args.filter((arg) => !this.substitutions.isAssignable(this.#typeOf(arg), types.bool));
    for (const arg of wrong) this.#mismatch(arg, types.bool, this.#typeOf(arg));
    this.#set(expr, wrong.length > 0 ? types.error : types.bool);
    const { name, overloads } = found;
    this.references.set(expr.id, { kind: 'function', name, overloads, isNamespaced: false });
  }

  /** An overload's types with parameters that are used nowhere else. */
  #instantiate({ args, result }: Overload): { readonly args: CelType[]; readonly result: CelType } {
    const fresh = new Map<string, CelType>();
    const replace = (type: CelType): CelType => {
      if (type.kind === 'typeParam') {
        const known = fresh.get(type.name) ?? this.#free();
        fresh.set(type.name, known);
        return known;
      }
      return type.parameters.length === 0 ? type : { ...type, parameters: type.parameters.map(replace) };
    };
    return { args: args.map(replace), result: replace(result) };
  }

  #join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    // Mixed literals are for checkLiterals to refuse, as format() takes them.
    return this.substitutions.isAssignable(previous, current) ? moreGeneral(previous, current) : types.dyn;
  }

  /** The type inside an entry with a question mark, which must be optional. */
  #unwrapped(expr: Expr, isOptional: boolean): CelType {
    const type = this.#typeOf(expr);
    if (!isOptional) return type;
    const inside = optionalValueType(type);
    if (inside === undefined && !isDyn(type)) this.#mismatch(expr, optionalType(type), type);
    return inside ?? type;
  }

  #checkList(expr: ListExpr): void {
    let joined: CelType | undefined;
    for (const [index, element] of expr.elements.entries()) {
      this.check(element);
      joined = this.#join(joined, this.#unwrapped(element, expr.optional.has(index)));
    }
    this.#set(expr, listType(joined ?? this.#free()));
  }

  #checkMap(expr: MapExpr): void {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, optional } of expr.entries) {
      this.check(key);
      keys = this.#join(keys, this.#typeOf(key));
      this.check(value);
      values = this.#join(values, this.#unwrapped(value, optional));
    }
    this.#set(expr, mapType(keys ?? this.#free(), values ?? this.#free()));
  }

  #checkStruct(expr: StructExpr): void {
    const name = expr.typeName.replace(/^\./, '');
    const result = this.#structType(name);
    if (result === undefined) {
      if (Object.hasOwn(namedTypes, name)) {
        this.#report(expr, `'${name}' is not a message type`);
        this.#set(expr, types.error);
      } else this.#undeclared(expr, expr.typeName);
      if (!Object.hasOwn(namedTypes, name)) return;
    } else this.#set(expr, result);
    this.references.set(expr.id, { kind: 'struct', name });
    for (const field of expr.fields) {
      this.check(field.value);
      const wanted = result === undefined ? types.error : this.#structFieldType(field, name, field.name);
      const actual = this.#unwrapped(field.value, field.optional);
      if (!this.substitutions.isAssignable(wanted, actual)) {
        this.#report(
          field,
          `expected type of field '${field.name}' is '${formatType(wanted)}' but provided type is '${formatType(actual)}'`,
        );
      }
    }
  }

  #checkComprehension(expr: ComprehensionExpr): void {
    const { range, initial, condition, step, result, variable, secondVariable, accumulator } = expr;
    this.check(range);
    this.check(initial);
    const rangeType = this.substitutions.apply(this.#typeOf(range), false);
    const accumulated = this.#typeOf(initial);
    this.#scopes.push(new Map([[accumulator, accumulated]]));
    const [first, second] = this.#iterated(range, rangeType, secondVariable !== undefined);
    const inner = new Map([[variable, first]]);
    if (secondVariable !== undefined) inner.set(secondVariable, second);
    this.#scopes.push(inner);
    this.check(condition);
    this.#assert(condition, types.bool);
    this.check(step);
    this.#assert(step, accumulated);
    this.#scopes.pop();
    this.check(result);
    this.#scopes.pop();
    this.#set(expr, this.substitutions.apply(this.#typeOf(result), false));
  }

  #iterated(range: Expr, type: CelType, hasTwo: boolean): [CelType, CelType] {
    const [first = types.dyn, second = types.dyn] = type.parameters;
    if (type.kind === 'list') return hasTwo ? [types.int, first] : [first, first];
    if (type.kind === 'map') return [first, second];
    if (isDyn(type) || type.kind === 'error' || type.kind === 'typeParam') {
      this.substitutions.isAssignable(types.dyn, type);
      return [types.dyn, types.dyn];
    }
    const message = `expression of type '${formatType(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
    this.#report(range, message);
    return [types.error, types.error];
  }

  #assert(expr: Expr, wanted: CelType): void {
    if (!this.substitutions.isAssignable(wanted, this.#typeOf(expr))) this.#mismatch(expr, wanted, this.#typeOf(expr));
  }
}

/** `a.b.c` of selections from a name; undefined for anything else. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.testOnly) return undefined;
  const prefix = qualifiedName(expr.operand);
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`;
}
