import {
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type ListExpr,
  type MapExpr,
  operators,
  type SelectExpr,
} from './ast.ts';
import { estimateCall } from './call-estimate.ts';
import type { CheckedExpression } from './checker.ts';
import { anySize, type CostRange, exactly, plus, times, unbounded, union } from './cost-ranges.ts';
import { accumulatorName } from './macros.ts';
import { type CelType, optionalValueType, types } from './types.ts';
import { characterCount } from './values.ts';

/** An expression as cost estimates see it. */
export interface CostNode {
  /** Where its value comes from: a variable, then fields, `@items`, `@keys`, `@values`; undefined when that is not known. */
  readonly path: readonly string[] | undefined;
  readonly type: CelType;
  readonly expr: Expr | undefined;
  /** Its size, where the expression says it. */
  readonly size: CostRange | undefined;
}

/** Tells the sizes that types declare: characters, elements or entries; undefined where they do not. */
export type SizeEstimator = (node: CostNode) => CostRange | undefined;

/** The least and the most work that an expression can take (cel-go's checker/cost.go with Kubernetes' functions). */
export function estimateCost(checked: CheckedExpression, sizes: SizeEstimator): CostRange {
  return new Estimator(checked, sizes).cost(checked.expr);
}

/** Sizes of what is inside a list or map. */
interface EntrySizes {
  readonly kind: 'list' | 'map';
  readonly key: CostRange;
  readonly value: CostRange;
}

interface Local {
  readonly path: readonly string[];
  readonly size: CostRange | undefined;
  readonly entries: EntrySizes | undefined;
}

class Estimator {
  readonly #checked: CheckedExpression;
  readonly #estimate: SizeEstimator;
  readonly #paths = new Map<number, readonly string[]>();
  readonly #sizes = new Map<number, CostRange>();
  readonly #entries = new Map<number, EntrySizes>();
  readonly #locals: [string, Local][] = [];

  constructor(checked: CheckedExpression, estimate: SizeEstimator) {
    this.#checked = checked;
    this.#estimate = estimate;
  }

  cost(expr: Expr): CostRange {
    switch (expr.kind) {
      case 'literal':
        return exactly(0);
      case 'ident':
        this.#paths.set(expr.id, this.#local(expr.name)?.path ?? [expr.name]);
        return exactly(1);
      case 'select':
        return this.#costSelect(expr);
      case 'call':
        return this.#costCall(expr);
      case 'list':
        return this.#costList(expr);
      case 'map':
        return this.#costMap(expr);
      case 'struct':
        return plus(...expr.fields.map(({ value }) => this.cost(value)), exactly(40));
      default:
        return isBinding(expr) ? this.#costBinding(expr) : this.#costComprehension(expr);
    }
  }

  #local(name: string): Local | undefined {
    return this.#locals.findLast(([local]) => local === name)?.[1];
  }

  #typeOf(expr: Expr): CelType {
    return this.#checked.types.get(expr.id) ?? types.dyn;
  }

  #pathOf(expr: Expr): readonly string[] {
    if (expr.kind === 'ident') {
      const local = this.#local(expr.name);
      if (local !== undefined) return local.path;
    }
    return this.#paths.get(expr.id) ?? [];
  }

  #costSelect(expr: SelectExpr): CostRange {
    const reference = this.#checked.references.get(expr.id);
    if (reference?.kind === 'variable' || reference?.kind === 'constant') {
      // One name, dots and all, of a variable or a type.
      this.#paths.set(expr.id, [reference.kind === 'variable' ? reference.name : expr.field]);
      return exactly(1);
    }
    const operand = this.cost(expr.operand);
    if (expr.testOnly) return operand;
    this.#paths.set(expr.id, [...this.#pathOf(expr.operand), expr.field]);
    const { kind } = this.#typeOf(expr.operand);
    return kind === 'map' || kind === 'struct' || kind === 'typeParam' ? plus(operand, exactly(1)) : operand;
  }

  #costCall(expr: CallExpr): CostRange {
    const { name, args } = expr;
    const [only] = args;
    if (name === 'dyn' && only !== undefined) {
      const cost = plus(exactly(1), this.cost(only));
      this.#copySizes(expr, only);
      return cost;
    }
    const argCosts = args.map((arg) => this.cost(arg));
    const nodes = args.map((arg) => this.#node(arg));
    const reference = this.#checked.references.get(expr.id);
    if (reference?.kind !== 'function') return exactly(0);
    const hasTarget = expr.target !== undefined && !reference.isNamespaced;
    const targetCost = hasTarget && expr.target !== undefined ? this.cost(expr.target) : exactly(0);
    const target = hasTarget && expr.target !== undefined ? this.#node(expr.target) : undefined;
    const ids = name === operators.optionalSelect ? ['select_optional_field'] : reference.overloads.map(({ id }) => id);
    let cost: CostRange = { min: unbounded, max: 0 };
    let size: CostRange | undefined;
    for (const id of ids) {
      const estimate = this.#overloadCost(expr, reference.name, id, target, nodes, argCosts);
      cost = union(cost, estimate.cost);
      if (estimate.size !== undefined) size = size === undefined ? estimate.size : union(size, estimate.size);
      if ((id === 'index_list' || id === 'index_map') && only !== undefined) {
        size = this.#entriesOf(only)?.value;
        this.#paths.set(expr.id, [...this.#pathOf(only), id === 'index_list' ? '@items' : '@values']);
      }
      size ??= this.#sizeOf(expr);
    }
    if (size !== undefined) this.#sizes.set(expr.id, size);
    return plus(targetCost, cost);
  }

  #overloadCost(
    expr: CallExpr,
    name: string,
    id: string,
    target: CostNode | undefined,
    args: readonly CostNode[],
    argCosts: readonly CostRange[],
  ): { readonly cost: CostRange; readonly size?: CostRange | undefined } {
    const [first = exactly(0), second = exactly(0), third = exactly(0)] = argCosts;
    const all = plus(...argCosts);
    if (id === 'logical_or' || id === 'logical_and') return { cost: { min: first.min, max: plus(first, second).max } };
    if (id === 'conditional') {
      const [, whenTrue, whenFalse] = expr.args;
      if (whenTrue === undefined || whenFalse === undefined) return { cost: all };
      this.#joinEntries(expr, whenTrue, whenFalse);
      const size = union(this.#sizeOrAny(whenTrue), this.#sizeOrAny(whenFalse));
      return { cost: plus(first, union(second, third)), size };
    }
    if (id === 'add_list' || id === 'add_string' || id === 'add_bytes') {
      const [left, right] = expr.args;
      if (left !== undefined && right !== undefined) this.#joinEntries(expr, left, right);
    }
    const estimate = estimateCall({ name, overloadId: id, target, args, sizes: this.#estimate });
    return { cost: plus(estimate.cost, all), size: estimate.size };
  }

  /** What both of two expressions may hold is what their result may hold. */
  #joinEntries(expr: Expr, left: Expr, right: Expr): void {
    const [own, other] = [this.#entriesOf(left), this.#entriesOf(right)];
    if (own === undefined || other === undefined) return;
    this.#entries.set(expr.id, {
      kind: own.kind,
      key: union(own.key, other.key),
      value: union(own.value, other.value),
    });
  }

  #costList(expr: ListExpr): CostRange {
    let value: CostRange = { min: expr.elements.length === 0 ? 0 : unbounded, max: 0 };
    const costs = expr.elements.map((element) => {
      const cost = this.cost(element);
      value = union(value, this.#sizeOrAny(element));
      return cost;
    });
    this.#entries.set(expr.id, { kind: 'list', key: exactly(1), value });
    return plus(...costs, exactly(10));
  }

  #costMap(expr: MapExpr): CostRange {
    const min = expr.entries.length === 0 ? 0 : unbounded;
    let keys: CostRange = { min, max: 0 };
    let values: CostRange = { min, max: 0 };
    const costs = expr.entries.map(({ key, value }) => {
      const cost = plus(this.cost(key), this.cost(value));
      keys = union(keys, this.#sizeOrAny(key));
      values = union(values, this.#sizeOrAny(value));
      return cost;
    });
    this.#entries.set(expr.id, { kind: 'map', key: keys, value: values });
    return plus(...costs, exactly(30));
  }

  #costBinding(expr: ComprehensionExpr): CostRange {
    const before = plus(this.cost(expr.range), this.cost(expr.initial));
    this.#locals.push([expr.accumulator, this.#bound(expr.initial)]);
    const result = this.cost(expr.result);
    this.#copySizes(expr, expr.result);
    this.#locals.pop();
    return plus(before, result);
  }

  #bound(expr: Expr): Local {
    return { path: this.#pathOf(expr), size: this.#sizeOf(expr), entries: this.#entriesOf(expr) };
  }

  #costComprehension(expr: ComprehensionExpr): CostRange {
    const before = plus(this.cost(expr.range), this.cost(expr.initial));
    this.#locals.push([expr.accumulator, this.#bound(expr.initial)]);
    const entries = this.#entriesOf(expr.range);
    const isList = (entries?.kind ?? this.#typeOf(expr.range).kind) === 'list';
    const path = this.#pathOf(expr.range);
    const hasTwo = expr.secondVariable !== undefined;
    const first =
      isList && !hasTwo
        ? { path: [...path, '@items'], size: entries?.value, entries: undefined }
        : { path: [...path, hasTwo && isList ? '@indices' : '@keys'], size: entries?.key, entries: undefined };
    this.#locals.push([expr.variable, first]);
    if (expr.secondVariable !== undefined) {
      const second = { path: [...path, isList ? '@items' : '@values'], size: entries?.value, entries: undefined };
      this.#locals.push([expr.secondVariable, second]);
    }
    const condition = this.cost(expr.condition);
    const step = this.cost(expr.step);
    this.#locals.pop();
    if (hasTwo) this.#locals.pop();
    const result = this.cost(expr.result);
    this.#locals.pop();
    const count = this.#sizeOrAny(expr.range);
    if (expr.initial.kind === 'literal') {
      const size = this.#sizeOf(expr.initial);
      if (size !== undefined) this.#sizes.set(expr.id, size);
    } else if (expr.initial.kind === 'list' || expr.initial.kind === 'map') {
      this.#sizes.set(expr.id, count);
      const inside = this.#entriesOf(expr.step);
      if (inside !== undefined) this.#entries.set(expr.id, inside);
    }
    return plus(before, result, times(count, plus(step, condition)));
  }

  #node(expr: Expr): CostNode {
    const path = this.#pathOf(expr);
    const isHidden = path[0] === accumulatorName || path.length === 0;
    return { path: isHidden ? undefined : path, type: this.#typeOf(expr), expr, size: this.#sizeOf(expr) };
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#sizeOf(from);
    if (size !== undefined) this.#sizes.set(to.id, size);
    const entries = this.#entriesOf(from);
    if (entries !== undefined) this.#entries.set(to.id, entries);
  }

  #sizeOrAny(expr: Expr): CostRange {
    return this.#sizeOf(expr) ?? anySize;
  }

  #sizeOf(expr: Expr): CostRange | undefined {
    const known = this.#sizes.get(expr.id) ?? writtenSize(expr);
    if (known !== undefined) return known;
    const type = this.#typeOf(expr);
    const path = this.#pathOf(expr);
    const estimated = this.#estimate({ path, type, expr, size: undefined });
    if (estimated !== undefined) {
      this.#sizes.set(expr.id, estimated);
      return estimated;
    }
    if (isScalar(type)) return exactly(1);
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined;
  }

  #entriesOf(expr: Expr): EntrySizes | undefined {
    const known = this.#entries.get(expr.id);
    if (known !== undefined) return known;
    return expr.kind === 'ident' ? this.#local(expr.name)?.entries : undefined;
  }
}

/** A fold over nothing that gives a value a name. */
function isBinding({ range, condition, accumulator }: ComprehensionExpr): boolean {
  return (
    range.kind === 'list' &&
    range.elements.length === 0 &&
    condition.kind === 'literal' &&
    condition.value === false &&
    accumulator !== accumulatorName
  );
}

/** The size of what is written out. */
function writtenSize(expr: Expr): CostRange | undefined {
  switch (expr.kind) {
    case 'literal':
      if (typeof expr.value === 'string') return exactly(characterCount(expr.value));
      return exactly(expr.value instanceof Uint8Array ? expr.value.length : 1);
    case 'list':
      return exactly(expr.elements.length);
    case 'map':
      return exactly(expr.entries.length);
    default:
      return undefined;
  }
}

function isScalar(type: CelType): boolean {
  const inside = optionalValueType(type);
  if (inside !== undefined) return isScalar(inside);
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}
