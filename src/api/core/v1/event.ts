import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of Event objects. */
export const eventTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Event
  action: string
  count: int32
  eventTime: meta.MicroTime
  firstTimestamp: meta.Time
  involvedObject!: ObjectReference=
  lastTimestamp: meta.Time
  message: string
  metadata!: meta.ObjectMeta=
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
};
