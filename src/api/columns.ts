import { humanDuration } from '../apimachinery/duration.ts';
import {
  formatLabelSelector,
  LabelSelectorError,
  type ObjectLabelSelector,
  selectorFromObject,
} from '../apimachinery/labels.ts';
import type { KubeObject } from '../apimachinery/object-meta.ts';
import type { Column } from './resource-definition.ts';

/** What a cell may hold. */
export type Cell = string | number | boolean | null;

type CellFunction<T extends KubeObject> = (object: T, now: number) => Cell;

/**
 * A column that is always shown. A description that starts with `@` names documented fields instead
 * (`@core.v1.PodStatus.podIP`); `documentedResources` puts the text in.
 */
export function column<T extends KubeObject>(
  name: string,
  type: Column['type'],
  description: string,
  cell: CellFunction<T>,
  format = '',
): Column {
  // A resource's columns are only ever handed objects of its own kind.
  return { name, type, format, description, priority: 0, cell: cell as unknown as Column['cell'] };
}

/** A column of `-o wide`. */
export function wideColumn<T extends KubeObject>(
  name: string,
  type: Column['type'],
  description: string,
  cell: CellFunction<T>,
  format = '',
): Column {
  return { ...column(name, type, description, cell, format), priority: 1 };
}

/** metadata.name. */
export const nameColumn: Column = column(
  'Name',
  'string',
  '@meta.v1.ObjectMeta.name',
  (object) => object.metadata.name ?? '',
  'name',
);

/** metadata.creationTimestamp as an age. */
export const ageColumn: Column = column('Age', 'string', '@meta.v1.ObjectMeta.creationTimestamp', (object, now) =>
  ageText(object.metadata.creationTimestamp, now),
);

/** Columns of a kind that nothing else is known of. */
export const genericColumns: readonly Column[] = [
  nameColumn,
  column(
    'Created At',
    'date',
    '@meta.v1.ObjectMeta.creationTimestamp',
    (object) => object.metadata.creationTimestamp ?? null,
  ),
];

/** How long ago an RFC 3339 time was; `<unknown>` without one. */
export function ageText(time: string | null | undefined, now: number): string {
  return time === undefined || time === null || time === '' ? '<unknown>' : humanDuration(now - Date.parse(time));
}

interface NamedContainer {
  readonly name: string;
  readonly image?: string;
}

/** Names of containers, `a,b`. */
export function containerNames(containers: readonly NamedContainer[] | undefined): string {
  return (containers ?? []).map((container) => container.name).join(',');
}

/** Images of containers, `a,b`. */
export function containerImages(containers: readonly NamedContainer[] | undefined): string {
  return (containers ?? []).map((container) => container.image ?? '').join(',');
}

/** `a=b,c=d` in the order of the keys; `<none>` for nothing (labels.FormatLabels). */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.toSorted().join(',');
}

/** A selector's text; undefined for one that is not valid. */
export function selectorText(selector: ObjectLabelSelector | undefined): string | undefined {
  try {
    return formatLabelSelector(selectorFromObject(selector) ?? []);
  } catch (error) {
    if (error instanceof LabelSelectorError) return undefined;
    throw error;
  }
}

/** A selector as most tables show it (metav1.FormatLabelSelector). */
export function selectorCell(selector: ObjectLabelSelector | undefined): string {
  const text = selectorText(selector);
  return text === undefined ? '<error>' : text || '<none>';
}

/** The first three of a list: `a,b,c + 2 more...`; `<unset>` for none, or for one that is empty. */
export function shortList(items: readonly string[]): string {
  const shown = items.slice(0, 3).join(',');
  if (shown === '') return '<unset>';
  return items.length > 3 ? `${shown} + ${items.length - 3} more...` : shown;
}
