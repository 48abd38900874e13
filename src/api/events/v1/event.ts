import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { eventObjectText, eventSourceText } from '../../core/v1/event-cells.ts';
import { ageText, column, wideColumn } from '../../columns.ts';
import type { Event } from '../../types/events-v1.ts';
import { eventStorage, eventStrategy } from './event-strategy.ts';

/** The types of Event objects. */
export const eventTypes: TypeSource = {
  package: 'io.k8s.api.events.v1',
  text: `
kind Event
  action: string
  deprecatedCount: int32
  deprecatedFirstTimestamp: meta.Time
  deprecatedLastTimestamp: meta.Time
  deprecatedSource: core.EventSource=
  eventTime!: meta.MicroTime
  metadata: meta.ObjectMeta=
  note: string
  reason: string
  regarding: core.ObjectReference=
  related: core.ObjectReference
  reportingController: string
  reportingInstance: string
  series: EventSeries
  type: string

type EventSeries
  count!: int32=
  lastObservedTime!: meta.MicroTime
`,
};

function firstSeenCell(event: Event, now: number): string {
  return ageText(event.deprecatedFirstTimestamp ?? event.eventTime, now);
}

function lastSeenCell(event: Event, now: number): string {
  if (event.series !== undefined) return ageText(event.series.lastObservedTime, now);
  return event.deprecatedLastTimestamp ? ageText(event.deprecatedLastTimestamp, now) : firstSeenCell(event, now);
}

const columns: readonly Column[] = [
  column('Last Seen', 'string', '@core.v1.Event.lastTimestamp', lastSeenCell),
  column('Type', 'string', '@core.v1.Event.type', (object: Event) => object.type ?? ''),
  column('Reason', 'string', '@core.v1.Event.reason', (object: Event) => object.reason ?? ''),
  column('Object', 'string', 'The object that this event is about.', (object: Event) =>
    eventObjectText(object.regarding),
  ),
  wideColumn(
    'Subobject',
    'string',
    '@core.v1.ObjectReference.fieldPath',
    (object: Event) => object.regarding?.fieldPath ?? '',
  ),
  wideColumn(
    'Source',
    'string',
    'The component reporting this event. Should be a short machine understandable string.',
    (object: Event) => eventSourceText(object.deprecatedSource, object.reportingController, object.reportingInstance),
  ),
  column('Message', 'string', '@core.v1.Event.message', (object: Event) => (object.note ?? '').trim()),
  wideColumn('First Seen', 'string', '@core.v1.Event.firstTimestamp', firstSeenCell),
  wideColumn(
    'Count',
    'string',
    '@core.v1.Event.count',
    (object: Event) => object.series?.count ?? (object.deprecatedCount || 1),
  ),
  wideColumn('Name', 'string', '@meta.v1.ObjectMeta.name', (object: Event) => object.metadata.name ?? '', 'name'),
];

/** The events resource. */
export const eventResource: ResourceDefinition = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.events.v1.Event',
  storage: eventStorage,
  columns,
  selectableFields: fieldReaders([
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'regarding.resourceVersion',
    'regarding.fieldPath',
    'reason',
    'reportingController',
    'type',
  ]),
  strategy: eventStrategy,
};
