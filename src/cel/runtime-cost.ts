import { operators } from './ast.ts';
import { CelList, CelMap, CelOpaque, type CelValue, sizeOf } from './values.ts';

/** Work for each character that is looked at. */
export const perCharacter = 0.1;
/** Work for each character of a pattern. */
export const perPatternCharacter = 0.25;

/** Functions that cost the same, however large their arguments are. */
export const constantCosts: ReadonlySet<string> = new Set([
  'serviceAccount',
  'path',
  'group',
  'resource',
  'subresource',
  'namespace',
  'name',
  'allowed',
  'reason',
  'error',
  'errored',
  'masked',
  'prefixLength',
  'family',
  'isUnspecified',
  'isLoopback',
  'isLinkLocalMulticast',
  'isLinkLocalUnicast',
  'isGlobalUnicast',
  'format.named',
  'sign',
  'asInteger',
  'isInteger',
  'asApproximateFloat',
  'isGreaterThan',
  'isLessThan',
  'compareTo',
  'add',
  'sub',
  'major',
  'minor',
  'patch',
  'getScheme',
  'getHostname',
  'getHost',
  'getPort',
  'getEscapedPath',
  'getQuery',
]);

/** A question to the authorizer: so much that an expression may ask two. */
export const authorizationCost = 350_000;

type Cost = (args: readonly CelValue[], result: CelValue) => number;

function traversal(position: number, factor = 1): Cost {
  return (args) => Math.ceil(sizeOf(args[position]) * factor * perCharacter);
}

function pattern(text: number, pattern: number): number {
  return Math.ceil((1 + text) * perCharacter) * Math.ceil(pattern * perPatternCharacter);
}

const matching: Cost = ([text, expression]) => pattern(sizeOf(text), sizeOf(expression));
const wholeList: Cost = ([list]) => (list === undefined ? 0 : treeCost(list));

/** Functions of Kubernetes' libraries and of the string library, by their names. */
const functionCosts: Readonly<Record<string, Cost>> = {
  check: () => authorizationCost,
  fieldSelector: ([, text]) => selectorCost(sizeOf(text)),
  labelSelector: ([, text]) => selectorCost(sizeOf(text)),
  isSorted: wholeList,
  sum: wholeList,
  max: wholeList,
  min: wholeList,
  indexOf: wholeList,
  lastIndexOf: wholeList,
  url: traversal(0),
  lowerAscii: traversal(0),
  upperAscii: traversal(0),
  substring: traversal(0),
  trim: traversal(0),
  'jsonpatch.escapeKey': traversal(0),
  replace: traversal(0, 2),
  split: traversal(0, 2),
  join: (_args, result) => Math.ceil(sizeOf(result) * 2 * perCharacter),
  find: matching,
  findAll: matching,
  cidr: traversal(0),
  isIP: traversal(0),
  isCIDR: traversal(0),
  'ip.isCanonical': traversal(0, 2),
  quantity: traversal(0),
  isQuantity: traversal(0),
  semver: traversal(0),
  isSemver: traversal(0),
  validate: ([format, text]) => pattern(sizeOf(text), format instanceof CelOpaque ? format.traversalSize : 1),
};

const comparisons: Cost = ([left, right]) => Math.ceil(Math.min(sizeOf(left), sizeOf(right)) * perCharacter);
const listOfSize =
  (factor: (args: readonly CelValue[]) => number): Cost =>
  (args) =>
    Math.trunc(factor(args)) + 11;
const selfCompared =
  (position: number): Cost =>
  (args) => {
    const list = args[position];
    const first = list instanceof CelList ? list.at(0) : undefined;
    const isLong = typeof first === 'string' || first instanceof Uint8Array;
    return Math.trunc(sizeOf(list) ** 2 * (isLong ? 2.1 : 2)) + 11;
  };
const allPairs =
  (factor: number): Cost =>
  ([left, right]) =>
    1 + sizeOf(left) * sizeOf(right) * factor;

/** Overloads of the language and of cel-go's libraries, by their ids. */
const overloadCosts: Readonly<Record<string, Cost>> = {
  cidr_ip: () => 1,
  string_to_ip: traversal(0),
  cidr_contains_ip_string: (args) => addressCost(args) + traversal(1)(args, null),
  cidr_contains_ip_ip: (args) => addressCost(args),
  cidr_contains_cidr_string: (args) => networkCost(args) + traversal(1)(args, null),
  cidr_contains_cidr: (args) => networkCost(args),
  starts_with_string: traversal(0),
  ends_with_string: traversal(0),
  string_to_bytes: traversal(0),
  bytes_to_string: traversal(0),
  strings_quote: traversal(0),
  string_format: traversal(0),
  in_list: ([, list]) => sizeOf(list),
  equals: (args, result) => (args[0] instanceof CelOpaque ? 1 : comparisons(args, result)),
  not_equals: comparisons,
  add_string: ([left, right]) => Math.ceil((sizeOf(left) + sizeOf(right)) * perCharacter),
  add_bytes: ([left, right]) => Math.ceil((sizeOf(left) + sizeOf(right)) * perCharacter),
  matches_string: matching,
  contains_string: (args) => traversal(0)(args, null) * traversal(1)(args, null),
  list_slice: (_args, result) => sizeOf(result) + 11,
  list_flatten: listOfSize(([list]) => sizeOf(list)),
  list_flatten_int: listOfSize(([list, depth]) => sizeOf(list) * Number(depth)),
  lists_range: (_args, result) => sizeOf(result) + 11,
  list_reverse: (_args, result) => sizeOf(result) + 11,
  list_distinct: selfCompared(0),
  list_sets_contains_list: allPairs(1),
  list_sets_intersects_list: allPairs(1),
  list_sets_equivalent_list: allPairs(2),
};
for (const word of ['less', 'less_equals', 'greater', 'greater_equals']) {
  for (const type of ['string', 'bytes']) Object.assign(overloadCosts, { [`${word}_${type}`]: comparisons });
}

/** The work of one call, as Kubernetes and cel-go count it (apiserver's cel/library/cost.go, cel-go's runtimecost.go). */
export function callCost(name: string, overloadId: string, args: readonly CelValue[], result: CelValue): number {
  if (/^list_\w+_sort$/.test(overloadId)) return selfCompared(0)(args, result);
  if (overloadId.endsWith('_sortByAssociatedKeys')) return selfCompared(1)(args, result);
  if (name !== operators.equals && name !== operators.notEquals && constantCosts.has(name)) return 1;
  const byFunction = Object.hasOwn(functionCosts, name) ? functionCosts[name] : undefined;
  if (byFunction !== undefined) return byFunction(args, result);
  const byOverload = Object.hasOwn(overloadCosts, overloadId) ? overloadCosts[overloadId] : undefined;
  return byOverload === undefined ? 1 : byOverload(args, result);
}

function addressCost([cidr]: readonly CelValue[]): number {
  return Math.ceil(sizeOf(cidr) * 2 * perCharacter);
}

function networkCost(args: readonly CelValue[]): number {
  return addressCost(args) + traversal(0)(args, null) + 1;
}

/** A selector is a list of requirements, of which each takes at least two characters. */
export function selectorCost(length: number): number {
  return 10 + Math.ceil(length * perCharacter) + Math.ceil(Math.ceil(length * 0.5) * 50);
}

/** The work of looking at everything in a value. */
function treeCost(value: CelValue): number {
  if (typeof value === 'string') return Math.trunc(new TextEncoder().encode(value).length * perCharacter);
  if (value instanceof Uint8Array) return Math.trunc(value.length * perCharacter);
  let cost = 0;
  if (value instanceof CelList) for (const item of value) cost += treeCost(item);
  else if (value instanceof CelMap) for (const [key, item] of value.entries()) cost += treeCost(key) + treeCost(item);
  else return 1;
  return cost;
}
