import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { eventColumns } from './event-columns.ts';
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

const columns = eventColumns((event: Event) => ({
  about: event.involvedObject,
  note: event.message,
  source: event.source,
  reportingController: event.reportingComponent,
  reportingInstance: event.reportingInstance,
  eventTime: event.eventTime,
  firstTimestamp: event.firstTimestamp,
  lastTimestamp: event.lastTimestamp,
  count: event.count,
  series: event.series,
  type: event.type,
  reason: event.reason,
}));

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
