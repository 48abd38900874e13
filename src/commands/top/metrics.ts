import { type Quantity, parseQuantity } from '../../apimachinery/quantity.ts';
import { goSorted } from '../../apimachinery/go-sort.ts';
import { type CommandContext, CommandError, type FlagDefinition } from '../../cli/command.ts';

/** Amounts by the names of resources, as the API writes them. */
export type Usage = Readonly<Record<string, string | number>>;

/** What is measured, in the order of the columns. */
export type MeasuredResource = 'cpu' | 'memory' | 'swap';

/** The resources that are shown. */
export function measuredResources(showSwap: boolean): readonly MeasuredResource[] {
  return showSwap ? ['cpu', 'memory', 'swap'] : ['cpu', 'memory'];
}

/** Flags that both `top` commands have. */
export const topFlags: readonly FlagDefinition[] = [
  { name: 'no-headers', type: 'bool', default: 'false', description: 'Print no headers.' },
  { name: 'show-swap', type: 'bool', default: 'false', description: 'Columns for swap as well.' },
  { name: 'sort-by', type: 'string', default: '', description: "What to sort by: 'cpu' or 'memory'; else by name." },
  {
    name: 'use-protocol-buffers',
    type: 'bool',
    default: 'true',
    description: 'Has no effect: metrics are asked for as JSON.',
  },
];

/** @throws CommandError for something else than the two that can be sorted by */
export function checkSortBy(sortBy: string): void {
  if (!['', 'cpu', 'memory'].includes(sortBy)) throw new CommandError('--sort-by accepts only cpu or memory');
}

/** Metrics are served by an extension; asks anew where it was not there before. @throws CommandError without it */
export async function requireMetricsApi(context: CommandContext): Promise<void> {
  const discovery = await context.cluster.discovery();
  for (const find of [() => discovery.mapper(), () => discovery.refresh()]) {
    const { groups } = await find();
    const group = groups.find(({ name }) => name === 'metrics.k8s.io');
    if (group?.versions.some(({ version }) => version === 'v1beta1') === true) return;
  }
  throw new CommandError('Metrics API not available');
}

/** An amount of a resource; nothing where it is not measured. */
export function amountOf(usage: Usage | undefined, resource: string): Quantity {
  return parseQuantity(String(usage?.[resource] ?? '0'));
}

/** A cell: thousandths of a CPU, mebibytes of everything else. */
export function shownAmount(resource: MeasuredResource, amount: Quantity): string {
  return resource === 'cpu' ? `${amount.milliValue()}m` : `${amount.value() / (1024n * 1024n)}Mi`;
}

/** Sorts by what is used most, or by name. @param usageOf what an entry uses */
export function sortedByUsage<T>(
  entries: readonly T[],
  sortBy: string,
  usageOf: (entry: T) => (resource: 'cpu' | 'memory') => Quantity,
  byName: (left: T, right: T) => number,
): T[] {
  if (sortBy !== 'cpu' && sortBy !== 'memory') return entries.toSorted(byName);
  const inUnits = (entry: T): bigint => {
    const amount = usageOf(entry)(sortBy);
    return sortBy === 'cpu' ? amount.milliValue() : amount.value();
  };
  return goSorted(entries, (left, right) => inUnits(left) > inUnits(right));
}

/** Compares texts by their code units, as Go does. */
export function compareTexts(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
