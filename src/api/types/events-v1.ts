// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { EventSource, ObjectReference } from './core-v1.ts';
import type { MicroTime, Time } from './meta-v1.ts';

/** io.k8s.api.events.v1.Event */
export interface Event {
  apiVersion: string;
  kind: string;
  action?: string;
  deprecatedCount?: number;
  deprecatedFirstTimestamp?: Time;
  deprecatedLastTimestamp?: Time;
  deprecatedSource?: EventSource;
  eventTime: MicroTime;
  metadata: ObjectMeta;
  note?: string;
  reason?: string;
  regarding?: ObjectReference;
  related?: ObjectReference;
  reportingController?: string;
  reportingInstance?: string;
  series?: EventSeries;
  type?: string;
}

/** io.k8s.api.events.v1.EventList */
export interface EventList {
  apiVersion: string;
  items: Event[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.events.v1.EventSeries */
export interface EventSeries {
  count: number;
  lastObservedTime: MicroTime;
}
