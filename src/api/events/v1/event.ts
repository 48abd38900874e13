import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
};
