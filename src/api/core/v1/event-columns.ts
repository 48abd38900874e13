import type { KubeObject } from '../../../apimachinery/object-meta.ts';
import { ageText, column, wideColumn } from '../../columns.ts';
import type { Column } from '../../resource-definition.ts';
import type { EventSource, ObjectReference } from '../../types/core-v1.ts';

/** What the columns show of an event, whatever its version calls these fields. */
export interface ShownEvent {
  readonly about: ObjectReference | undefined;
  readonly note: string | undefined;
  readonly source: EventSource | undefined;
  readonly reportingController: string | undefined;
  readonly reportingInstance: string | undefined;
  readonly eventTime: string | undefined;
  readonly firstTimestamp: string | undefined;
  readonly lastTimestamp: string | undefined;
  readonly count: number | undefined;
  readonly series: { readonly count?: number; readonly lastObservedTime?: string } | undefined;
  readonly type: string | undefined;
  readonly reason: string | undefined;
}

/** `pod/web-0`. */
function aboutText({ about }: ShownEvent): string {
  const kind = (about?.kind ?? '').toLowerCase();
  return about?.name ? `${kind}/${about.name}` : kind;
}

/** `component, host`; the reporting controller and its instance stand in for what is empty. */
function sourceText({ source, reportingController, reportingInstance }: ShownEvent): string {
  const component = source?.component || (reportingController ?? '');
  const instance = source?.host || (reportingInstance ?? '');
  return instance === '' ? component : `${component}, ${instance}`;
}

function firstSeenText({ firstTimestamp, eventTime }: ShownEvent, now: number): string {
  return ageText(firstTimestamp ?? eventTime, now);
}

function lastSeenText(event: ShownEvent, now: number): string {
  if (event.series !== undefined) return ageText(event.series.lastObservedTime, now);
  return event.lastTimestamp ? ageText(event.lastTimestamp, now) : firstSeenText(event, now);
}

/** The columns of events, the same in every version. @param read gives the fields of one version */
export function eventColumns(read: (event: never) => ShownEvent): readonly Column[] {
  // A resource's columns are only ever handed objects of its own kind.
  const shown = read as (event: KubeObject) => ShownEvent;
  return [
    column('Last Seen', 'string', '@core.v1.Event.lastTimestamp', (event, now) => lastSeenText(shown(event), now)),
    column('Type', 'string', '@core.v1.Event.type', (event) => shown(event).type ?? ''),
    column('Reason', 'string', '@core.v1.Event.reason', (event) => shown(event).reason ?? ''),
    column('Object', 'string', 'The object that this event is about.', (event) => aboutText(shown(event))),
    wideColumn(
      'Subobject',
      'string',
      '@core.v1.ObjectReference.fieldPath',
      (event) => shown(event).about?.fieldPath ?? '',
    ),
    wideColumn(
      'Source',
      'string',
      'The component reporting this event. Should be a short machine understandable string.',
      (event) => sourceText(shown(event)),
    ),
    column('Message', 'string', '@core.v1.Event.message', (event) => (shown(event).note ?? '').trim()),
    wideColumn('First Seen', 'string', '@core.v1.Event.firstTimestamp', (event, now) =>
      firstSeenText(shown(event), now),
    ),
    wideColumn('Count', 'string', '@core.v1.Event.count', (event) => {
      const { series, count } = shown(event);
      // One that is no series happened once, though nobody counted.
      return series === undefined ? count || 1 : (series.count ?? 0);
    }),
    wideColumn('Name', 'string', '@meta.v1.ObjectMeta.name', (event) => event.metadata.name ?? '', 'name'),
  ];
}
