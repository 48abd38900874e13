import type { CostNode, SizeEstimator } from './cost-estimate.ts';
import { anySize, type CostRange, exactly, plus, scaled, times, unbounded, union } from './cost-ranges.ts';
import { authorizationCost, constantCosts, perCharacter, perPatternCharacter } from './runtime-cost.ts';

/** A call whose work is to be estimated. */
export interface CallToEstimate {
  readonly name: string;
  readonly overloadId: string;
  readonly target: CostNode | undefined;
  readonly args: readonly CostNode[];
  readonly sizes: SizeEstimator;
}

/** The work of a call without that of its arguments, and the size of its result where that is known. */
export interface CallEstimate {
  readonly cost: CostRange;
  readonly size?: CostRange | undefined;
}

/** The longest pattern behind a named format. */
const maxFormatPattern = 128;
const maxFormat = 64;

/** Estimates one call: Kubernetes' functions by their names, the language's by the ids of their overloads. */
export function estimateCall(call: CallToEstimate): CallEstimate {
  return byFunction(call) ?? byOverload(call) ?? { cost: exactly(1) };
}

function sizeOf({ sizes }: CallToEstimate, node: CostNode | undefined): CostRange {
  if (node === undefined) return anySize;
  return node.size ?? sizes(node) ?? anySize;
}

function traversed(size: CostRange, factor = 1): CostRange {
  return scaled(size, perCharacter * factor);
}

function patternCost(text: CostRange, pattern: CostRange): CostRange {
  return times(traversed(plus(text, exactly(1))), scaled(pattern, perPatternCharacter));
}

/** What a list holds, as a node of its own. */
function elementOf(list: CostNode): CostNode | undefined {
  const [type] = list.type.parameters;
  if (type === undefined) return undefined;
  const path = list.path === undefined ? undefined : [...list.path, '@items'];
  return { path, type, expr: undefined, size: undefined };
}

function byFunction(call: CallToEstimate): CallEstimate | undefined {
  const { name, target, args } = call;
  if (constantCosts.has(name)) return { cost: exactly(1) };
  const first = sizeOf(call, args[0]);
  const own = sizeOf(call, target);
  switch (name) {
    case 'check':
      return { cost: exactly(authorizationCost) };
    case 'fieldSelector':
    case 'labelSelector':
      return { cost: plus(exactly(10), traversed(first), scaled(scaled(first, 0.5), 50)) };
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return target === undefined ? undefined : { cost: comparedElements(call, target) };
    case 'url':
    case 'jsonpatch.escapeKey':
      return { cost: traversed(first), size: first };
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
      return { cost: traversed(own), size: own };
    case 'replace':
      return replaced(own, first, sizeOf(call, args[1]));
    case 'split':
      return { cost: traversed(own, 2), size: { min: 0, max: splitLimit(args[1]) ?? own.max } };
    case 'join':
      return joined(call);
    case 'find':
    case 'findAll':
      return { cost: patternCost(own, first), size: { min: 0, max: own.max } };
    default:
      return ofNetworkAndFormats(call, first);
  }
}

function ofNetworkAndFormats({ name, overloadId, args }: CallToEstimate, first: CostRange): CallEstimate | undefined {
  const address: CostRange = { min: 4, max: 16 };
  switch (name) {
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
      return { cost: traversed(first) };
    case 'ip':
      return { cost: overloadId === 'cidr_ip' ? exactly(1) : traversed(first) };
    case 'ip.isCanonical':
      return { cost: traversed(first, 2) };
    case 'containsIP':
    case 'containsCIDR': {
      const compared = traversed(plus(address, address));
      const masked = name === 'containsCIDR' ? plus(traversed(address), exactly(1)) : exactly(0);
      const parsed = overloadId.endsWith('_string') ? traversed(first) : exactly(0);
      return { cost: plus(compared, masked, parsed) };
    }
    case 'validate':
      return { cost: scaled(traversed(first), maxFormatPattern * perPatternCharacter) };
    case '_==_':
      return ofEquality(args);
    default:
      return undefined;
  }
}

const atomicTypes = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.Decision',
]);

function ofEquality([left, right]: readonly CostNode[]): CallEstimate | undefined {
  if (left === undefined || right === undefined || left.type.name !== right.type.name) return undefined;
  if (atomicTypes.has(left.type.name)) return { cost: exactly(1) };
  if (left.type.name === 'kubernetes.NamedFormat') return { cost: scaled({ min: 1, max: maxFormat }, perCharacter) };
  if (left.type.name === 'kubernetes.URL') {
    const size = left.size === undefined || right.size === undefined ? exactly(1) : union(left.size, right.size);
    return { cost: scaled({ min: 1, max: size.max }, perCharacter) };
  }
  return undefined;
}

function comparedElements(call: CallToEstimate, target: CostNode): CostRange {
  const own = sizeOf(call, target);
  const element = elementOf(target);
  if (element === undefined) return traversed(own);
  const isLong = element.type.kind === 'string' || element.type.kind === 'bytes';
  return times(own, isLong ? plus(exactly(1), traversed(sizeOf(call, element))) : exactly(1));
}

function replaced(text: CostRange, from: CostRange, to: CostRange): CallEstimate {
  const surrounded = (size: number): number => (size < unbounded ? size + 1 : size);
  let count = { min: 0, max: 0 };
  let kept = { min: 0, max: 0 };
  if (from.min === 0) {
    count = { ...count, max: surrounded(text.max) };
    kept = { ...kept, max: text.max };
  } else if (to.max <= from.min) kept = { ...kept, max: text.max };
  else count = { ...count, max: Math.ceil(text.max / from.min) };
  if (from.max === 0) {
    count = { ...count, min: surrounded(text.min) };
    kept = { ...kept, min: text.min };
  } else if (from.max <= to.min) kept = { ...kept, min: text.min };
  else count = { ...count, min: Math.ceil(text.min / from.max) };
  return { cost: traversed(text, 2), size: plus(times(count, to), kept) };
}

function splitLimit(node: CostNode | undefined): number | undefined {
  const value = node?.expr?.kind === 'literal' ? node.expr.value : undefined;
  if (typeof value !== 'bigint') return undefined;
  return value < 0n ? unbounded : Number(value);
}

function joined(call: CallToEstimate): CallEstimate | undefined {
  const { target, args } = call;
  if (target === undefined) return undefined;
  const list = sizeOf(call, target);
  const element = elementOf(target);
  let size = element === undefined ? exactly(0) : times(list, sizeOf(call, element));
  if (args.length > 0) {
    const separators = { min: Math.max(0, list.min - 1), max: Math.max(0, list.max - 1) };
    size = plus(size, times(sizeOf(call, args[0]), separators));
  }
  return { cost: traversed(size), size };
}

function byOverload(call: CallToEstimate): CallEstimate | undefined {
  const { overloadId, target, args } = call;
  const first = sizeOf(call, args[0]);
  const second = sizeOf(call, args[1]);
  const own = sizeOf(call, target);
  switch (overloadId) {
    case 'string_format':
      return { cost: traversed(own) };
    case 'string_to_bytes':
      return { cost: traversed(first), size: times(first, { min: 1, max: 4 }) };
    case 'bytes_to_string':
      return { cost: traversed(first), size: { min: Math.floor(first.min / 4), max: first.max } };
    case 'strings_quote':
      return { cost: traversed(first), size: plus(times(first, { min: 1, max: 2 }), exactly(2)) };
    case 'starts_with_string':
    case 'ends_with_string':
      return { cost: traversed(first) };
    case 'in_list':
      return { cost: second };
    case 'matches_string':
      return { cost: patternCost(own, first) };
    case 'contains_string':
      return { cost: times(traversed(own), traversed(first)) };
    case 'add_list':
      return { cost: exactly(1), size: plus(first, second) };
    case 'add_string':
    case 'add_bytes':
      return { cost: traversed(plus(first, second)), size: plus(first, second) };
    default:
      if (/^(?:(?:less|greater)(?:_equals)?_(?:string|bytes)|equals|not_equals)$/.test(overloadId)) {
        const most = Math.min(first.max, second.max);
        return { cost: traversed({ min: most > 0 ? 1 : 0, max: most }) };
      }
      return ofLists(call, own, first);
  }
}

function allocated(factor: number, size: CostRange): CallEstimate {
  return { cost: plus(scaled(size, factor), exactly(11)), size };
}

function literalOr(node: CostNode | undefined, otherwise: number): number {
  const value = node?.expr?.kind === 'literal' ? node.expr.value : undefined;
  return typeof value === 'bigint' ? Math.max(0, Number(value)) : otherwise;
}

function ofLists(call: CallToEstimate, own: CostRange, first: CostRange): CallEstimate | undefined {
  const { overloadId, args } = call;
  const sorted = /^list_(.+)_sort(ByAssociatedKeys)?$/.exec(overloadId);
  if (sorted !== null) {
    const size = sorted[2] === undefined ? own : first;
    return allocated(sorted[1] === 'string' || sorted[1] === 'bytes' ? 2.1 : 2, times(size, size));
  }
  switch (overloadId) {
    case 'list_slice': {
      const length = literalOr(args[1], own.max) - literalOr(args[0], 0);
      return allocated(1, exactly(length < 0 ? unbounded : length));
    }
    case 'lists_range':
      return allocated(1, exactly(literalOr(args[0], unbounded)));
    case 'list_reverse':
      return allocated(1, own);
    case 'list_flatten':
    case 'list_flatten_int':
      return allocated(args.length === 0 ? 1 : literalOr(args[0], unbounded), own);
    case 'list_distinct':
      return allocated(2, times(own, own));
    case 'list_sets_contains_list':
    case 'list_sets_intersects_list':
    case 'list_sets_equivalent_list': {
      const pairs = times(first, sizeOf(call, args[1]));
      return { cost: plus(scaled(pairs, overloadId === 'list_sets_equivalent_list' ? 2 : 1), exactly(1)) };
    }
    default:
      return undefined;
  }
}
