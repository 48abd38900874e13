import { KustomizeError, wrapped } from '../build-error.ts';
import type { SortOptions } from '../kustomization.ts';
import type { Resource } from '../resource.ts';
import { builtInOrder, compareTexts, formatGvk, type Gvk, gvkSortText, kindRanks } from '../resource-id.ts';
import type { Transformer } from './transformer.ts';

/** Orders the objects: `fifo` as they came, `legacy` (the default) by kind, what others need first. */
export function sortOrderTransformer(options: SortOptions): Transformer {
  const { order = '', legacySortOptions } = options;
  if (order !== 'fifo' && order !== 'legacy') {
    throw new KustomizeError("the field 'sortOptions.order' must be one of [fifo, legacy]");
  }
  if (order === 'fifo') {
    if (legacySortOptions !== undefined) {
      throw new KustomizeError(
        "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
      );
    }
    return () => undefined;
  }
  const compareKinds = byRanks(legacySortOptions ?? builtInOrder);
  return (map) => {
    const sorted = [...map.resources].sort(
      (left, right) => compareKinds(left.gvk, right.gvk) || compareTexts(idText(left), idText(right)),
    );
    map.replaceAll([]);
    try {
      map.appendAll(sorted);
    } catch (error) {
      throw wrapped('SortOrderTransformer: Failed to append to resources', error);
    }
  };
}

function byRanks({
  orderFirst = [],
  orderLast = [],
}: NonNullable<SortOptions['legacySortOptions']>): (left: Gvk, right: Gvk) => number {
  const rank = kindRanks(orderFirst, orderLast);
  return (left, right) => {
    const ranks = rank(left.kind) - rank(right.kind);
    if (ranks !== 0) return ranks;
    const order = compareTexts(gvkSortText(left), gvkSortText(right));
    // The namespace of the core comes before kinds of other groups called so.
    const areNamespaces = left.kind === 'Namespace' && right.kind === 'Namespace';
    const isReversed = areNamespaces && (left.group === '' || right.group === '');
    return isReversed ? -order : order;
  };
}

function idText(resource: Resource): string {
  const { name, namespace } = resource.currentId;
  return `${formatGvk(resource.gvk)}|${namespace || '~X'}|${name || '~N'}`;
}
