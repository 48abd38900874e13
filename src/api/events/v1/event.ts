import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { eventColumns } from '../../core/v1/event-columns.ts';
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

const columns = eventColumns((event: Event) => ({
  about: event.regarding,
  note: event.note,
  source: event.deprecatedSource,
  reportingController: event.reportingController,
  reportingInstance: event.reportingInstance,
  eventTime: event.eventTime,
  firstTimestamp: event.deprecatedFirstTimestamp,
  lastTimestamp: event.deprecatedLastTimestamp,
  count: event.deprecatedCount,
  series: event.series,
  type: event.type,
  reason: event.reason,
}));

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
