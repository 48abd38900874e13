import { parseLabelSelector } from '../../apimachinery/labels.ts';
import type { KubeObject, Unstructured } from '../../apimachinery/object-meta.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../../cli/command.ts';
import { selectorFlag } from '../../cli/flags.ts';
import { TabWriter } from '../../printers/tab-writer.ts';
import {
  amountOf,
  checkSortBy,
  compareTexts,
  measuredResources,
  requireMetricsApi,
  shownAmount,
  sortedByUsage,
  topFlags,
  type Usage,
} from './metrics.ts';

interface TopNodeOptions {
  /** Empty for all. */
  readonly name: string;
  readonly selector: string;
  readonly sortBy: string;
  readonly noHeaders: boolean;
  readonly showCapacity: boolean;
  readonly showSwap: boolean;
}

interface NodeMetrics extends KubeObject {
  readonly usage?: Usage;
}

interface NodeStatus {
  readonly allocatable?: Usage;
  readonly capacity?: Usage;
  readonly nodeInfo?: { readonly swap?: { readonly capacity?: number } };
}

/** `top node`: what nodes use. */
export const topNodeCommand = defineCommand<TopNodeOptions>({
  path: ['top', 'node'],
  aliases: ['nodes', 'no'],
  usage: '[NAME | -l label]',
  short: 'Display resource (CPU/memory) usage of nodes',
  long: 'Show how much CPU and memory nodes use, and what share of what pods may use that is.',
  examples:
    '  # All nodes, the busiest first\n  kubectl top node --sort-by=cpu\n\n  # One\n  kubectl top node worker-1',
  flags: [
    ...topFlags,
    selectorFlag,
    {
      name: 'show-capacity',
      type: 'bool',
      default: 'false',
      description: 'Shares of all that the node has, not of what pods may use.',
    },
  ],
  toOptions(args, flags) {
    const [name = '', ...rest] = args;
    if (rest.length > 0) throw new UsageError('node [NAME | -l label]');
    checkSortBy(flags.string('sort-by'));
    const selector = flags.string('selector');
    if (name !== '' && selector !== '') throw new CommandError('only one of NAME or --selector can be provided');
    parseLabelSelector(selector);
    return {
      name,
      selector,
      sortBy: flags.string('sort-by'),
      noHeaders: flags.bool('no-headers'),
      showCapacity: flags.bool('show-capacity'),
      showSwap: flags.bool('show-swap'),
    };
  },
  async run(options, context) {
    await requireMetricsApi(context);
    const metrics = await load<NodeMetrics>('metrics.k8s.io', 'v1beta1', options, context);
    if (metrics.length === 0) throw new CommandError('metrics not available yet');
    const nodes = await load<Unstructured>('', 'v1', options, context);
    context.streams.out.write(table(metrics, nodes, options));
  },
});

async function load<T extends KubeObject>(
  group: string,
  version: string,
  { name, selector }: TopNodeOptions,
  context: CommandContext,
): Promise<readonly T[]> {
  const resource = (await context.cluster.client()).resource<T>({ group, version, resource: 'nodes' });
  if (name !== '') return [await resource.get(name)];
  return (await resource.list({ labelSelector: selector })).items;
}

function table(metrics: readonly NodeMetrics[], nodes: readonly Unstructured[], options: TopNodeOptions): string {
  const measured = measuredResources(options.showSwap);
  const writer = new TabWriter();
  const line = (cells: readonly string[]): void => writer.write(`${cells.map((cell) => `${cell}\t`).join('')}\n`);
  if (!options.noHeaders) {
    const swap = options.showSwap ? ['SWAP(bytes)', 'SWAP(%)'] : [];
    line(['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)', ...swap]);
  }
  const byName = new Map(nodes.map((node) => [node.metadata.name ?? '', node]));
  const sorted = sortedByUsage(
    metrics,
    options.sortBy,
    ({ usage }) =>
      (resource) =>
        amountOf(usage, resource),
    (left, right) => compareTexts(left.metadata.name ?? '', right.metadata.name ?? ''),
  );
  for (const { metadata, usage } of sorted) {
    const name = metadata.name ?? '';
    line([name, ...measured.flatMap((resource) => cellsOf(resource, usage, byName.get(name), options))]);
    byName.delete(name);
  }
  // Nodes of which nothing was measured.
  for (const name of byName.keys()) line([name, ...measured.flatMap(() => ['<unknown>', '<unknown>'])]);
  return writer.flush();
}

/** An amount and its share; the share is left out where the whole is not known. */
function cellsOf(
  resource: 'cpu' | 'memory' | 'swap',
  usage: Usage | undefined,
  node: Unstructured | undefined,
  { showCapacity }: TopNodeOptions,
): string[] {
  const { allocatable, capacity, nodeInfo } = (node?.['status'] ?? {}) as NodeStatus;
  const swap = nodeInfo?.swap?.capacity;
  if (resource === 'swap' && node !== undefined && swap === undefined) return ['<unknown>', '<unknown>'];
  const amount = amountOf(usage, resource);
  const whole = resource === 'swap' ? swap : (showCapacity ? capacity : allocatable)?.[resource];
  const cell = shownAmount(resource, amount);
  if (whole === undefined) return [cell];
  const available = parseQuantity(String(whole));
  const share = available.isZero() ? 0 : (Number(amount.milliValue()) / Number(available.milliValue())) * 100;
  return [cell, `${Math.trunc(share)}%`];
}
