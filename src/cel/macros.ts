import {
  childrenOf,
  type Expr,
  type ListExpr,
  type LiteralValue,
  type MapEntry,
  type MapExpr,
  operators,
  type StructExpr,
  type StructField,
} from './ast.ts';

/** A macro that was used wrongly. */
export class MacroError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Makes the nodes of one expression, each with an id of its own. */
export class NodeFactory {
  #last = 0;

  literal(offset: number, value: LiteralValue): Expr {
    return { kind: 'literal', id: ++this.#last, offset, value };
  }

  ident(offset: number, name: string): Expr {
    return { kind: 'ident', id: ++this.#last, offset, name };
  }

  select(offset: number, operand: Expr, field: string, testOnly = false): Expr {
    return { kind: 'select', id: ++this.#last, offset, operand, field, testOnly };
  }

  call(offset: number, name: string, args: readonly Expr[], target?: Expr): Expr {
    return { kind: 'call', id: ++this.#last, offset, name, target, args };
  }

  list(offset: number, elements: readonly Expr[], optional: ReadonlySet<number> = new Set()): ListExpr {
    return { kind: 'list', id: ++this.#last, offset, elements, optional };
  }

  map(offset: number, entries: readonly MapEntry[]): MapExpr {
    return { kind: 'map', id: ++this.#last, offset, entries };
  }

  mapEntry(offset: number, key: Expr, value: Expr, optional: boolean): MapEntry {
    return { id: ++this.#last, offset, key, value, optional };
  }

  struct(offset: number, typeName: string, fields: readonly StructField[]): StructExpr {
    return { kind: 'struct', id: ++this.#last, offset, typeName, fields };
  }

  structField(offset: number, name: string, value: Expr, optional: boolean): StructField {
    return { id: ++this.#last, offset, name, value, optional };
  }

  /** A fold; the two variables, and the four expressions that it is made of. */
  comprehension(
    offset: number,
    range: Expr,
    variables: readonly [string, string?],
    accumulator: string,
    parts: { readonly initial: Expr; readonly condition: Expr; readonly step: Expr; readonly result: Expr },
  ): Expr {
    const [variable, secondVariable] = variables;
    return {
      kind: 'comprehension',
      id: ++this.#last,
      offset,
      range,
      variable,
      secondVariable,
      accumulator,
      ...parts,
    };
  }

  /** The same expression with fresh ids, where it stands. */
  copy(expr: Expr): Expr {
    const id = ++this.#last;
    const again = (child: Expr): Expr => this.copy(child);
    switch (expr.kind) {
      case 'select':
        return { ...expr, id, operand: again(expr.operand) };
      case 'call':
        return {
          ...expr,
          id,
          target: expr.target === undefined ? undefined : again(expr.target),
          args: expr.args.map(again),
        };
      case 'list':
        return { ...expr, id, elements: expr.elements.map(again) };
      case 'map': {
        const entries = expr.entries.map((entry) =>
          this.mapEntry(entry.offset, again(entry.key), again(entry.value), entry.optional),
        );
        return { ...expr, id, entries };
      }
      case 'struct': {
        const fields = expr.fields.map((field) =>
          this.structField(field.offset, field.name, again(field.value), field.optional),
        );
        return { ...expr, id, fields };
      }
      case 'comprehension': {
        const [range, initial, condition, step, result] = childrenOf(expr).map(again) as [Expr, Expr, Expr, Expr, Expr];
        return { ...expr, id, range, initial, condition, step, result };
      }
      default:
        return { ...expr, id };
    }
  }
}

/** The name of the hidden variable that folds accumulate in. */
export const accumulatorName = '@result';
const oldAccumulatorName = '__result__';
/** The variable of the fold that only binds a name. */
const unusedVariable = '#unused';

/** What an expander works with. */
interface Use {
  readonly nodes: NodeFactory;
  readonly offset: number;
  readonly target: Expr;
  readonly args: readonly Expr[];
}

type Expander = (use: Use) => Expr;

/** What a call of a macro stands for; undefined when it is a plain call. @throws MacroError */
export function expandMacro(
  nodes: NodeFactory,
  offset: number,
  name: string,
  target: Expr | undefined,
  args: readonly Expr[],
): Expr | undefined {
  if (target === undefined) {
    const [operand] = args;
    if (name !== 'has' || operand === undefined || args.length !== 1) return undefined;
    if (operand.kind !== 'select') throw new MacroError(operand.offset, 'invalid argument to has() macro');
    return nodes.select(offset, operand.operand, operand.field, true);
  }
  const key = `${name}:${args.length}`;
  const expander = Object.hasOwn(macros, key) ? macros[key] : undefined;
  return expander?.({ nodes, offset, target, args });
}

const macros: Readonly<Record<string, Expander>> = {
  'all:2': (use) => quantifier(use, 1, 'all'),
  'exists:2': (use) => quantifier(use, 1, 'exists'),
  'exists_one:2': (use) => quantifier(use, 1, 'existsOne'),
  'existsOne:2': (use) => quantifier(use, 1, 'existsOne'),
  'map:2': (use) => mapped(use),
  'map:3': (use) => mapped(use),
  'filter:2': (use) => filtered(use),
  'all:3': (use) => quantifier(use, 2, 'all'),
  'exists:3': (use) => quantifier(use, 2, 'exists'),
  'exists_one:3': (use) => quantifier(use, 2, 'existsOne'),
  'existsOne:3': (use) => quantifier(use, 2, 'existsOne'),
  'transformList:3': (use) => transformed(use, 'list'),
  'transformList:4': (use) => transformed(use, 'list'),
  'transformMap:3': (use) => transformed(use, 'map'),
  'transformMap:4': (use) => transformed(use, 'map'),
  'transformMapEntry:3': (use) => transformed(use, 'entry'),
  'transformMapEntry:4': (use) => transformed(use, 'entry'),
  'optMap:2': (use) => optionalMapped(use, 'optMap'),
  'optFlatMap:2': (use) => optionalMapped(use, 'optFlatMap'),
  'sortBy:2': (use) => sortedBy(use),
};

function accumulator({ nodes, offset }: Use): Expr {
  return nodes.ident(offset, accumulatorName);
}

function argument({ args }: Use, index: number): Expr {
  const found = args[index];
  if (found === undefined) throw new Error(`a macro without its argument ${index}`);
  return found;
}

/** The names that a macro's first arguments give to its variables. */
function variablesOf(use: Use, count: 1 | 2, message: string): [string, string?] {
  const names = use.args.slice(0, count).map((arg) => {
    if (arg.kind !== 'ident') throw new MacroError(arg.offset, message);
    return arg.name;
  });
  const [first = '', second] = names;
  if (first === second) {
    throw new MacroError(argument(use, 1).offset, `duplicate variable name: ${first}`);
  }
  for (const [index, name] of names.entries()) {
    if (name !== accumulatorName && name !== oldAccumulatorName) continue;
    throw new MacroError(argument(use, index).offset, 'iteration variable overwrites accumulator variable');
  }
  return second === undefined ? [first] : [first, second];
}

function quantifier(use: Use, variables: 1 | 2, kind: 'all' | 'exists' | 'existsOne'): Expr {
  const { nodes, offset, target } = use;
  const names = variablesOf(use, variables, 'argument must be a simple name');
  const predicate = argument(use, variables);
  const call = (name: string, ...args: Expr[]): Expr => nodes.call(offset, name, args);
  const accu = (): Expr => accumulator(use);
  if (kind === 'existsOne') {
    const one = (): Expr => nodes.literal(offset, 1n);
    return nodes.comprehension(offset, target, names, accumulatorName, {
      initial: nodes.literal(offset, 0n),
      condition: nodes.literal(offset, true),
      step: call(operators.conditional, predicate, call(operators.add, accu(), one()), accu()),
      result: call(operators.equals, accu(), one()),
    });
  }
  const isAll = kind === 'all';
  const goesOn = isAll ? accu() : call(operators.not, accu());
  return nodes.comprehension(offset, target, names, accumulatorName, {
    initial: nodes.literal(offset, isAll),
    condition: call(operators.notStrictlyFalse, goesOn),
    step: call(isAll ? operators.and : operators.or, accu(), predicate),
    result: accu(),
  });
}

/** A fold that collects: with a filter, the step applies only where that holds. */
function collect(use: Use, names: [string, string?], initial: Expr, step: Expr, filter: Expr | undefined): Expr {
  const { nodes, offset, target } = use;
  return nodes.comprehension(offset, target, names, accumulatorName, {
    initial,
    condition: nodes.literal(offset, true),
    step: filter === undefined ? step : nodes.call(offset, operators.conditional, [filter, step, accumulator(use)]),
    result: accumulator(use),
  });
}

function append(use: Use, element: Expr): Expr {
  const { nodes, offset } = use;
  return nodes.call(offset, operators.add, [accumulator(use), nodes.list(offset, [element])]);
}

function mapped(use: Use): Expr {
  const names = variablesOf(use, 1, 'argument is not an identifier');
  const [filter, transform] =
    use.args.length === 3 ? [argument(use, 1), argument(use, 2)] : [undefined, argument(use, 1)];
  return collect(use, names, use.nodes.list(use.offset, []), append(use, transform), filter);
}

function filtered(use: Use): Expr {
  const names = variablesOf(use, 1, 'argument is not an identifier');
  return collect(use, names, use.nodes.list(use.offset, []), append(use, argument(use, 0)), argument(use, 1));
}

function transformed(use: Use, into: 'list' | 'map' | 'entry'): Expr {
  const { nodes, offset, args } = use;
  const names = variablesOf(use, 2, 'argument must be a simple name');
  const [filter, transform] = args.length === 4 ? [argument(use, 2), argument(use, 3)] : [undefined, argument(use, 2)];
  if (into === 'list') return collect(use, names, nodes.list(offset, []), append(use, transform), filter);
  const inserted = into === 'map' ? [nodes.ident(offset, names[0]), transform] : [transform];
  const step = nodes.call(offset, 'cel.@mapInsert', [accumulator(use), ...inserted]);
  return collect(use, names, nodes.map(offset, []), step, filter);
}

/** Gives a value a name within an expression: a fold over nothing. */
function bind(nodes: NodeFactory, offset: number, name: string, value: Expr, result: Expr): Expr {
  return nodes.comprehension(offset, nodes.list(offset, []), [unusedVariable], name, {
    initial: value,
    condition: nodes.literal(offset, false),
    step: nodes.ident(offset, name),
    result,
  });
}

function optionalMapped(use: Use, name: string): Expr {
  const { nodes, offset, target } = use;
  const variable = argument(use, 0);
  if (variable.kind !== 'ident') {
    throw new MacroError(variable.offset, `${name}() variable name must be a simple identifier`);
  }
  const value = nodes.call(offset, 'value', [], nodes.copy(target));
  const bound = bind(nodes, offset, variable.name, value, argument(use, 1));
  return nodes.call(offset, operators.conditional, [
    nodes.call(offset, 'hasValue', [], target),
    name === 'optMap' ? nodes.call(offset, 'optional.of', [bound]) : bound,
    nodes.call(offset, 'optional.none', []),
  ]);
}

function sortedBy(use: Use): Expr {
  const { nodes, offset, target } = use;
  const input = '@__sortBy_input__';
  if (target.kind === 'literal' || target.kind === 'map' || target.kind === 'struct') {
    const message = 'sortBy can only be applied to a list, identifier, comprehension, call or select expression';
    throw new MacroError(target.offset, message);
  }
  const keys = mapped({ ...use, target: nodes.ident(offset, input) });
  const sorted = nodes.call(offset, '@sortByAssociatedKeys', [keys], nodes.ident(offset, input));
  return bind(nodes, offset, input, target, sorted);
}
