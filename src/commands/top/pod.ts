import { formatDuration } from '../../apimachinery/duration.ts';
import { parseFieldSelector } from '../../apimachinery/field-selector.ts';
import { parseLabelSelector } from '../../apimachinery/labels.ts';
import type { KubeObject, Unstructured } from '../../apimachinery/object-meta.ts';
import type { Quantity } from '../../apimachinery/quantity.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../../cli/command.ts';
import { allNamespacesFlag, fieldSelectorFlag, selectorFlag } from '../../cli/flags.ts';
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

interface TopPodOptions {
  /** Empty for all. */
  readonly name: string;
  readonly selector: string;
  readonly fieldSelector: string;
  readonly sortBy: string;
  readonly allNamespaces: boolean;
  readonly containers: boolean;
  readonly noHeaders: boolean;
  readonly sum: boolean;
  readonly showSwap: boolean;
}

interface PodMetrics extends KubeObject {
  readonly containers?: readonly { readonly name: string; readonly usage?: Usage }[];
}

/** `top pod`: what pods use. */
export const topPodCommand = defineCommand<TopPodOptions>({
  path: ['top', 'pod'],
  aliases: ['pods', 'po'],
  usage: '[NAME | -l label]',
  short: 'Display resource (CPU/memory) usage of pods',
  long: 'Show how much CPU and memory pods use. Of a pod that has just started nothing is known for some minutes.',
  examples:
    '  # All pods of the namespace, the greediest first\n  kubectl top pod --sort-by=memory\n\n' +
    '  # The containers of one\n  kubectl top pod web-0 --containers',
  flags: [
    ...topFlags,
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    { name: 'containers', type: 'bool', default: 'false', description: 'A line for each container.' },
    { name: 'sum', type: 'bool', default: 'false', description: 'The sum of all at the end.' },
  ],
  toOptions(args, flags) {
    const [name = '', ...rest] = args;
    if (rest.length > 0) throw new UsageError('pod [NAME | -l label]');
    checkSortBy(flags.string('sort-by'));
    const selector = flags.string('selector');
    const fieldSelector = flags.string('field-selector');
    if (name !== '' && (selector !== '' || fieldSelector !== '')) {
      throw new CommandError('only one of NAME or selector can be provided');
    }
    parseLabelSelector(selector);
    parseFieldSelector(fieldSelector);
    return {
      name,
      selector,
      fieldSelector,
      sortBy: flags.string('sort-by'),
      allNamespaces: flags.bool('all-namespaces'),
      containers: flags.bool('containers'),
      noHeaders: flags.bool('no-headers'),
      sum: flags.bool('sum'),
      showSwap: flags.bool('show-swap'),
    };
  },
  async run(options, context) {
    await requireMetricsApi(context);
    const { name: namespace } = await context.cluster.namespace();
    const client = await context.cluster.client();
    const resource = client.resource<PodMetrics>(
      { group: 'metrics.k8s.io', version: 'v1beta1', resource: 'pods' },
      options.allNamespaces ? '' : namespace,
    );
    const selectors = { labelSelector: options.selector, fieldSelector: options.fieldSelector };
    const metrics = options.name === '' ? (await resource.list(selectors)).items : [await resource.get(options.name)];
    if (metrics.length > 0) {
      context.streams.out.write(table(metrics, options));
      return;
    }
    await explainNothing(namespace, selectors, context);
    const where = options.allNamespaces ? '\n' : ` in ${namespace} namespace.\n`;
    context.streams.err.write(`No resources found${where}`);
  },
});

/** Pods of which nothing was measured are too young, or something is wrong. @throws CommandError where there are any */
async function explainNothing(
  namespace: string,
  selectors: { readonly labelSelector: string; readonly fieldSelector: string },
  context: CommandContext,
): Promise<void> {
  const client = await context.cluster.client();
  const { items } = await client.resource({ group: '', version: 'v1', resource: 'pods' }, namespace).list(selectors);
  for (const pod of items) checkAge(pod, context.clock.now());
  if (items.length > 0) throw new CommandError('metrics not available yet');
}

/** How long metrics may take to come. */
const patienceMillis = 120_000;

function checkAge({ metadata }: Unstructured, now: number): void {
  const age = now - Date.parse(metadata.creationTimestamp ?? '');
  if (age <= patienceMillis) return;
  const name = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  throw new CommandError(`Metrics not available for pod ${name}, age: ${formatDuration(age)}`);
}

function sumOf({ containers = [] }: PodMetrics, resource: string): Quantity {
  return containers.reduce((sum, { usage }) => sum.add(amountOf(usage, resource)), amountOf({}, resource));
}

function table(metrics: readonly PodMetrics[], options: TopPodOptions): string {
  const measured = measuredResources(options.showSwap);
  const writer = new TabWriter();
  const line = (cells: readonly string[]): void => writer.write(`${cells.map((cell) => `${cell}\t`).join('')}\n`);
  const columns = ['NAME', 'CPU(cores)', 'MEMORY(bytes)', ...(options.showSwap ? ['SWAP(bytes)'] : [])];
  let width = columns.length;
  if (!options.noHeaders) {
    const before = [...(options.allNamespaces ? ['NAMESPACE'] : []), ...(options.containers ? ['POD'] : [])];
    width += before.length;
    line([...before, ...columns]);
  }
  const sorted = sortedByUsage(metrics, options.sortBy, (pod) => (resource) => sumOf(pod, resource), byName(options));
  for (const pod of sorted) {
    const place = options.allNamespaces ? [pod.metadata.namespace ?? ''] : [];
    const name = pod.metadata.name ?? '';
    if (!options.containers) {
      line([...place, name, ...measured.map((resource) => shownAmount(resource, sumOf(pod, resource)))]);
      continue;
    }
    const containers = sortedByUsage(
      pod.containers ?? [],
      options.sortBy,
      ({ usage }) =>
        (resource) =>
          amountOf(usage, resource),
      (left, right) => compareTexts(left.name, right.name),
    );
    for (const { name: container, usage } of containers) {
      const cells = measured.map((resource) => shownAmount(resource, amountOf(usage, resource)));
      line([...place, name, container, ...cells]);
    }
  }
  if (options.sum) {
    const total = measured.map((resource) =>
      shownAmount(
        resource,
        metrics.reduce((sum, pod) => sum.add(sumOf(pod, resource)), amountOf({}, resource)),
      ),
    );
    // The real program counts on two columns of amounts, and on headers.
    line([...empty(width - 2), '________', '________']);
    line([...empty(width - 3), '', ...total]);
  }
  return writer.flush();
}

function empty(count: number): string[] {
  return Array.from({ length: count }, () => '');
}

function byName({ allNamespaces }: TopPodOptions): (left: PodMetrics, right: PodMetrics) => number {
  return ({ metadata: left }, { metadata: right }) =>
    (allNamespaces ? compareTexts(left.namespace ?? '', right.namespace ?? '') : 0) ||
    compareTexts(left.name ?? '', right.name ?? '');
}
