import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { eventObjectText, eventSourceText } from './event-cells.ts';
import { ageText, column, wideColumn } from '../../columns.ts';
import type { Event } from '../../types/core-v1.ts';
import { eventStrategy } from './event-strategy.ts';

/** The types of Event objects. */
export const eventTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Event
  action: string
  count: int32
  eventTime: meta.MicroTime
  firstTimestamp: meta.Time
  metadata!: meta.ObjectMeta=
  lastTimestamp: meta.Time
  message: string
  involvedObject!: ObjectReference=
  reason: string
  related: ObjectReference
  reportingComponent: string=
  reportingInstance: string=
  series: EventSeries
  source: EventSource=
  type: string

type EventSeries
  count: int32
  lastObservedTime: meta.MicroTime

type EventSource
  component: string
  host: string
`,
};

/** Who reported an event, the older field first. */
function sourceOf({ source, reportingComponent }: Event): string {
  return source?.component || (reportingComponent ?? '');
}

function firstSeenCell(event: Event, now: number): string {
  return ageText(event.firstTimestamp ?? event.eventTime, now);
}

function lastSeenCell(event: Event, now: number): string {
  if (event.series !== undefined) return ageText(event.series.lastObservedTime, now);
  return event.lastTimestamp ? ageText(event.lastTimestamp, now) : firstSeenCell(event, now);
}

const columns: readonly Column[] = [
  column('Last Seen', 'string', '@core.v1.Event.lastTimestamp', lastSeenCell),
  column('Type', 'string', '@core.v1.Event.type', (object: Event) => object.type ?? ''),
  column('Reason', 'string', '@core.v1.Event.reason', (object: Event) => object.reason ?? ''),
  column('Object', 'string', 'The object that this event is about.', (object: Event) =>
    eventObjectText(object.involvedObject),
  ),
  wideColumn(
    'Subobject',
    'string',
    '@core.v1.ObjectReference.fieldPath',
    (object: Event) => object.involvedObject.fieldPath ?? '',
  ),
  wideColumn(
    'Source',
    'string',
    'The component reporting this event. Should be a short machine understandable string.',
    (object: Event) => eventSourceText(object.source, object.reportingComponent, object.reportingInstance),
  ),
  column('Message', 'string', '@core.v1.Event.message', (object: Event) => (object.message ?? '').trim()),
  wideColumn('First Seen', 'string', '@core.v1.Event.firstTimestamp', firstSeenCell),
  wideColumn('Count', 'string', '@core.v1.Event.count', (object: Event) => object.series?.count ?? (object.count || 1)),
  wideColumn('Name', 'string', '@meta.v1.ObjectMeta.name', (object: Event) => object.metadata.name ?? '', 'name'),
];

/** The events resource. */
export const eventResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.core.v1.Event',
  columns,
  selectableFields: {
    ...fieldReaders([
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'type',
    ]),
    source: (object) => sourceOf(object as unknown as Event),
  },
  strategy: eventStrategy,
};
