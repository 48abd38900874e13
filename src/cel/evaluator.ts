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
import { negate } from './arithmetic.ts';
import type { CheckedExpression } from './checker.ts';
import type { FunctionDeclaration, Overload } from './declarations.ts';
import { callCost } from './runtime-cost.ts';
import { findAt, index, showKey } from './standard-library.ts';
import {
  CelDuration,
  CelEvaluationError,
  type CelKey,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  type CelValue,
  GrowingList,
  isKey,
  isOfType,
  noSuchOverload,
  noValue,
  typeOf,
} from './values.ts';

/** Gives the variables of an expression their values; undefined for a name that has none. */
export type Activation = (name: string) => CelValue | undefined;

/** Makes a message out of its fields. */
export type StructMaker = (typeName: string, fields: ReadonlyMap<string, CelValue>) => CelValue;

/** An expression that takes more work than is allowed. */
export class CelCostError extends Error {}

/** What an evaluation came to. */
export interface Evaluation {
  readonly value: CelValue;
  /** The work it took, in the units of Kubernetes' cost limits. */
  readonly cost: number;
}

/** A program: evaluates its expression again and again. */
export interface Program {
  /**
   * @param costLimit most units of work
   * @throws CelEvaluationError for what goes wrong in the expression, CelCostError over the limit
   */
  evaluate(activation: Activation, costLimit?: number): Evaluation;
}

interface State {
  readonly activation: Activation;
  readonly locals: (CelValue | undefined)[];
  readonly limit: number;
  cost: number;
}

type Step = (state: State) => CelValue;

/** Makes a checked expression ready to run. */
export function planProgram(
  checked: CheckedExpression,
  functions: ReadonlyMap<string, FunctionDeclaration>,
  makeStruct: StructMaker,
): Program {
  const planner = new Planner(checked, functions, makeStruct);
  const step = planner.plan(checked.expr);
  return {
    evaluate(activation, costLimit = Number.POSITIVE_INFINITY) {
      const locals: (CelValue | undefined)[] = Array.from({ length: planner.slots });
      const state: State = { activation, locals, limit: costLimit, cost: 0 };
      const value = step(state);
      return { value, cost: state.cost };
    },
  };
}

function spend(state: State, cost: number): void {
  state.cost += cost;
  if (state.cost > state.limit) throw new CelCostError('operation cancelled: actual cost limit exceeded');
}

/** Only what goes wrong in the expression is a value of the language; the rest ends the evaluation. */
function attempt(step: Step, state: State): CelValue | CelEvaluationError {
  try {
    return step(state);
  } catch (error) {
    if (error instanceof CelEvaluationError) return error;
    throw error;
  }
}

/** Calls that do not look at all their arguments, or not as functions do. */
const specialForms: ReadonlySet<string> = new Set([
  operators.and,
  operators.or,
  operators.conditional,
  operators.index,
  operators.optionalIndex,
  operators.optionalSelect,
  operators.notStrictlyFalse,
]);

class Planner {
  /** How many values comprehensions keep at once. */
  slots = 0;
  readonly #checked: CheckedExpression;
  readonly #functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly #makeStruct: StructMaker;
  readonly #scopes: Map<string, number>[] = [];

  constructor(
    checked: CheckedExpression,
    functions: ReadonlyMap<string, FunctionDeclaration>,
    makeStruct: StructMaker,
  ) {
    this.#checked = checked;
    this.#functions = functions;
    this.#makeStruct = makeStruct;
  }

  plan(expr: Expr): Step {
    switch (expr.kind) {
      case 'literal': {
        const { value } = expr;
        return () => value;
      }
      case 'ident':
        return this.#planIdent(expr, expr.name);
      case 'select':
        return this.#planSelect(expr);
      case 'call':
        return this.#planCall(expr);
      case 'list':
        return this.#planList(expr);
      case 'map':
        return this.#planMap(expr);
      case 'struct':
        return this.#planStruct(expr);
      default:
        return this.#planComprehension(expr);
    }
  }

  #planIdent(expr: Expr, written: string): Step {
    const reference = this.#checked.references.get(expr.id);
    if (reference?.kind === 'constant') {
      const { value } = reference;
      return (state) => {
        spend(state, 1);
        return value;
      };
    }
    const name = reference?.kind === 'variable' ? reference.name : written;
    const slot = this.#scopes.findLast((scope) => scope.has(name))?.get(name);
    return (state) => {
      spend(state, 1);
      const value = slot === undefined ? state.activation(name) : state.locals[slot];
      if (value === undefined) throw new CelEvaluationError(`no such attribute(s): ${name}`);
      return value;
    };
  }

  #planSelect(expr: SelectExpr): Step {
    const reference = this.#checked.references.get(expr.id);
    if (reference !== undefined) return this.#planIdent(expr, '');
    const operand = this.plan(expr.operand);
    const { field, testOnly } = expr;
    if (testOnly) {
      return (state) => {
        const target = operand(state);
        const inside = target instanceof CelOptional ? target.value : target;
        return inside !== undefined && findField(inside, field) !== undefined;
      };
    }
    return (state) => {
      const target = operand(state);
      spend(state, 1);
      if (target instanceof CelOptional) return optionalField(target, field);
      const found = findField(target, field);
      if (found === undefined) throw new CelEvaluationError(`no such key: ${field}`);
      return found;
    };
  }

  #planCall(expr: CallExpr): Step {
    // Each argument is planned once: what nests calls would take twice the time for every level.
    return (specialForms.has(expr.name) ? this.#planSpecialForm(expr) : undefined) ?? this.#planFunction(expr);
  }

  #planSpecialForm({ name, args }: CallExpr): Step | undefined {
    const [first, second, third] = args.map((arg) => this.plan(arg));
    if (first !== undefined && second !== undefined) {
      if (name === operators.and) return logical(first, second, false);
      if (name === operators.or) return logical(first, second, true);
      if (name === operators.conditional && third !== undefined) return conditional(first, second, third);
      if (name === operators.index) return indexed(first, second);
      if (name === operators.optionalIndex) return optionalIndexed(first, second);
      if (name === operators.optionalSelect) return optionalSelected(first, args[1]);
    }
    if (name === operators.notStrictlyFalse && first !== undefined) {
      return (state) => {
        const value = attempt(first, state);
        spend(state, 1);
        return value !== false;
      };
    }
    return undefined;
  }

  #planFunction(expr: CallExpr): Step {
    const reference = this.#checked.references.get(expr.id);
    const isNamespaced = reference?.kind === 'function' && reference.isNamespaced;
    const target = expr.target === undefined || isNamespaced ? [] : [expr.target];
    const args = [...target, ...expr.args].map((arg) => this.plan(arg));
    const name = reference?.kind === 'function' ? reference.name : expr.name;
    const overloads =
      reference?.kind === 'function' ? reference.overloads : (this.#functions.get(expr.name)?.overloads ?? []);
    const [id = '', ...others] = overloads.map((candidate) => candidate.id);
    const overloadId = others.length === 0 ? id : '';
    const [lazyLeft, lazyRight] = args;
    if (lazyLeft !== undefined && lazyRight !== undefined) {
      if (overloadId === 'optional_or_optional') return optionalOr(lazyLeft, lazyRight, false);
      if (overloadId === 'optional_orValue_value') return optionalOr(lazyLeft, lazyRight, true);
    }
    // A pattern that is a literal is compiled once, and what it is matched with is looked at where that is done.
    const isCompiled = name === 'matches' && expr.args.at(-1)?.kind === 'literal';
    return (state) => {
      const values = args.map((arg) => arg(state));
      if (isCompiled && typeof values[0] !== 'string') throw noSuchOverload();
      const result = dispatch(name, overloads, values);
      spend(state, callCost(name, overloadId, values, result));
      return result;
    };
  }

  #planList(expr: ListExpr): Step {
    const { elements, optional } = expr;
    if (elements.length > 0 && elements.every((element) => element.kind === 'literal') && optional.size === 0) {
      // Lists of literals are made once, as the real evaluator folds them.
      const constant = new CelList(elements.map((element) => (element.kind === 'literal' ? element.value : null)));
      return () => constant;
    }
    const steps = elements.map((element) => this.plan(element));
    return (state) => {
      const items: CelValue[] = [];
      for (const [position, step] of steps.entries()) {
        const value = step(state);
        if (!optional.has(position)) items.push(value);
        else if (!(value instanceof CelOptional)) {
          throw new CelEvaluationError(
            `cannot initialize optional list element from non-optional value ${showKey(value)}`,
          );
        } else if (value.value !== undefined) items.push(value.value);
      }
      spend(state, 10);
      return new CelList(items);
    };
  }

  #planMap(expr: MapExpr): Step {
    const entries = expr.entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      optional,
    }));
    const isConstant =
      entries.length > 0 &&
      expr.entries.every(({ key, value, optional }) => key.kind === 'literal' && value.kind === 'literal' && !optional);
    return (state) => {
      const made: [CelKey, CelValue][] = [];
      for (const { key, value, optional } of entries) {
        const name = key(state);
        const item = value(state);
        if (!isKey(name)) throw new CelEvaluationError(`unsupported key type: ${typeOf(name).name}`);
        if (!optional) made.push([name, item]);
        else if (!(item instanceof CelOptional)) {
          const message = `cannot initialize optional entry '${showKey(name)}' from non-optional value ${showKey(item)}`;
          throw new CelEvaluationError(message);
        } else if (item.value !== undefined) made.push([name, item.value]);
      }
      if (!isConstant) spend(state, 30);
      return new CelMap(made);
    };
  }

  #planStruct(expr: StructExpr): Step {
    const fields = expr.fields.map(({ name, value, optional }) => ({ name, value: this.plan(value), optional }));
    const typeName = expr.typeName.replace(/^\./, '');
    return (state) => {
      const made = new Map<string, CelValue>();
      for (const { name, value, optional } of fields) {
        const item = value(state);
        if (!optional) made.set(name, item);
        else if (!(item instanceof CelOptional)) {
          const message = `cannot initialize optional entry '${name}' from non-optional value ${showKey(item)}`;
          throw new CelEvaluationError(message);
        } else if (item.value !== undefined) made.set(name, item.value);
      }
      spend(state, 40);
      return this.#makeStruct(typeName, made);
    };
  }

  #planComprehension(expr: ComprehensionExpr): Step {
    const range = this.plan(expr.range);
    const initial = this.plan(expr.initial);
    const growsList = expr.initial.kind === 'list' && expr.initial.elements.length === 0;
    const accumulator = this.slots++;
    const first = this.slots++;
    const second = this.slots++;
    this.#scopes.push(new Map([[expr.accumulator, accumulator]]));
    const inner = new Map([[expr.variable, first]]);
    if (expr.secondVariable !== undefined) inner.set(expr.secondVariable, second);
    this.#scopes.push(inner);
    const condition = this.plan(expr.condition);
    const step = this.plan(expr.step);
    this.#scopes.pop();
    const result = this.plan(expr.result);
    this.#scopes.pop();
    const hasTwo = expr.secondVariable !== undefined;
    return (state) => {
      const { locals } = state;
      const over = range(state);
      if (!(over instanceof CelList || over instanceof CelMap)) throw noSuchOverload();
      const start = initial(state);
      const growing = growsList ? new GrowingList() : undefined;
      locals[accumulator] = growing ?? start;
      let failure: CelEvaluationError | undefined;
      for (const [key, value] of iterate(over, hasTwo)) {
        locals[first] = key;
        locals[second] = value;
        // An error in the accumulator is carried on: a later element may still decide.
        if (failure === undefined && attempt(condition, state) === false) break;
        const next = attempt((inside) => withFailure(step, inside, accumulator, failure), state);
        if (next instanceof CelEvaluationError) {
          if (!isQuantifier(expr)) throw next;
          failure = next;
        } else {
          failure = undefined;
          locals[accumulator] = next;
        }
      }
      if (failure !== undefined) throw failure;
      growing?.close();
      return result(state);
    };
  }
}

/** all() and exists() absorb errors; the others do not. */
function isQuantifier({ step }: ComprehensionExpr): boolean {
  return step.kind === 'call' && (step.name === operators.and || step.name === operators.or);
}

/** Runs the step of a fold whose accumulator is an error: reading the accumulator throws it. */
function withFailure(step: Step, state: State, slot: number, failure: CelEvaluationError | undefined): CelValue {
  if (failure === undefined) return step(state);
  state.locals[slot] = undefined;
  try {
    return step(state);
  } catch (error) {
    if (error instanceof CelEvaluationError) throw failure;
    throw error;
  }
}

function* iterate(over: CelList | CelMap, hasTwo: boolean): Generator<readonly [CelValue, CelValue | undefined]> {
  if (over instanceof CelMap) {
    if (hasTwo) yield* over.entries();
    else for (const key of over.keys()) yield [key, undefined];
    return;
  }
  let position = 0n;
  for (const item of over) yield hasTwo ? [position++, item] : [item, undefined];
}

/** What has no fields at all lacks this one, too (cel-go's attributes). @throws CelEvaluationError for lists */
function findField(target: CelValue, field: string): CelValue | undefined {
  if (target instanceof CelMap) return target.find(field);
  if (target instanceof CelOpaque) return target.field(field);
  return target instanceof CelList ? findAt(target, field) : undefined;
}

function optionalField(target: CelOptional, field: string): CelOptional {
  const found = target.value === undefined ? undefined : findField(target.value, field);
  return found === undefined ? noValue : new CelOptional(found);
}

function logical(left: Step, right: Step, decisive: boolean): Step {
  return (state) => {
    const first = attempt(left, state);
    if (first === decisive) return decisive;
    const second = attempt(right, state);
    if (second === decisive) return decisive;
    for (const value of [first, second]) {
      if (value instanceof CelEvaluationError) throw value;
    }
    if (typeof first !== 'boolean' || typeof second !== 'boolean') throw noSuchOverload();
    return !decisive;
  };
}

function conditional(condition: Step, whenTrue: Step, whenFalse: Step): Step {
  return (state) => {
    const value = condition(state);
    if (typeof value !== 'boolean') throw noSuchOverload();
    return value ? whenTrue(state) : whenFalse(state);
  };
}

function indexed(container: Step, key: Step): Step {
  return (state) => {
    const target = container(state);
    const at = key(state);
    spend(state, 1);
    if (!(target instanceof CelOptional)) {
      const hasItems = target instanceof CelMap || target instanceof CelList;
      if (!hasItems) throw new CelEvaluationError(`no such key: ${showKey(at)}`);
      return index(target, at);
    }
    const found = target.value === undefined ? undefined : findAt(target.value, at);
    return found === undefined ? noValue : new CelOptional(found);
  };
}

function optionalIndexed(container: Step, key: Step): Step {
  return (state) => {
    const target = container(state);
    const at = key(state);
    spend(state, 1);
    const inside = target instanceof CelOptional ? target.value : target;
    const hasItems = inside instanceof CelMap || inside instanceof CelList;
    const found = hasItems ? findAt(inside, at) : undefined;
    return found === undefined ? noValue : new CelOptional(found);
  };
}

function optionalSelected(operand: Step, field: Expr | undefined): Step {
  const name = field?.kind === 'literal' && typeof field.value === 'string' ? field.value : '';
  return (state) => {
    const target = operand(state);
    spend(state, 1);
    return optionalField(target instanceof CelOptional ? target : new CelOptional(target), name);
  };
}

function optionalOr(left: Step, right: Step, unwrap: boolean): Step {
  return (state) => {
    const value = left(state);
    if (!(value instanceof CelOptional)) return value;
    if (value.value === undefined) return right(state);
    return unwrap ? value.value : value;
  };
}

/** The types of values that have each operator, or what else goes by a property of its first argument. */
const operands: Readonly<Record<string, readonly string[]>> = {
  [operators.add]: ['bytes', 'double', 'int', 'list', 'uint'],
  [operators.subtract]: ['double', 'int', 'uint'],
  [operators.multiply]: ['double', 'int', 'uint'],
  [operators.divide]: ['double', 'int', 'uint'],
  [operators.modulo]: ['int', 'uint'],
  [operators.negate]: ['double', 'int'],
  [operators.less]: ['bool', 'bytes', 'double', 'int', 'uint'],
  size: ['bytes', 'list', 'map'],
  matches: [],
};

/** What looks at its arguments itself, so that its error does not name their types. */
const unguarded: readonly string[] = ['contains', 'endsWith', 'startsWith'];

/** Whether a value has no such operator at all; undefined for what is no operator. Texts, spans and times take any. */
function lacksOperator(name: string, operand: CelValue): boolean | undefined {
  if (name === operators.not || name === operators.in || unguarded.includes(name)) return false;
  const ordered: readonly string[] = [operators.less, operators.lessEquals, operators.greater, operators.greaterEquals];
  const key = ordered.includes(name) ? operators.less : name;
  const kinds = Object.hasOwn(operands, key) ? operands[key] : undefined;
  if (kinds === undefined) return undefined;
  if (typeof operand === 'string' || operand instanceof CelDuration || operand instanceof CelTimestamp) return false;
  return !kinds.includes(typeOf(operand).name);
}

/** Calls the overload whose types fit the values. */
function dispatch(name: string, overloads: readonly Overload[], values: readonly CelValue[]): CelValue {
  for (const candidate of overloads) {
    if (candidate.call === undefined || candidate.args.length !== values.length) continue;
    if (!candidate.args.every((type, position) => isOfType(values[position] ?? null, type))) continue;
    return candidate.call(values);
  }
  const [operand = null] = values;
  // Declared for numbers alone, and yet there for spans of time.
  if (name === operators.negate && operand instanceof CelDuration) return negate(operand);
  const lacks = lacksOperator(name, operand);
  if (lacks === true) throw new CelEvaluationError(`no such overload: ${name}`);
  if (lacks === false || (name.startsWith('_') && values.length === 2)) throw noSuchOverload();
  const shown = values.map((value) => typeOf(value).name).join(', ');
  throw new CelEvaluationError(`no such overload: ${name}(${shown})`);
}
