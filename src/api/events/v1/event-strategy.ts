import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { validateEvent, validateStrictEvent, validateStrictEventUpdate } from '../../core/v1/event-validation.ts';
import type { ResourceDefinition, Strategy } from '../../resource-definition.ts';
import type { Event } from '../../types/core-v1.ts';

/** The fields that both versions have under other names: here, and in the core version. */
const renamed = [
  ['deprecatedCount', 'count'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedSource', 'source'],
  ['note', 'message'],
  ['regarding', 'involvedObject'],
  ['reportingController', 'reportingComponent'],
] as const;

function convert(
  object: Unstructured,
  apiVersion: string,
  names: readonly (readonly [string, string])[],
): Unstructured {
  const fields = new Map(names);
  const entries = Object.entries(object).map(([key, value]) => [fields.get(key) ?? key, value] as const);
  return { ...(Object.fromEntries(entries) as Unstructured), apiVersion };
}

function toCore(object: Unstructured): Unstructured {
  return { involvedObject: {}, ...convert(object, 'v1', renamed) };
}

function fromCore(object: Unstructured): Unstructured {
  const back = renamed.map(([here, core]) => [core, here] as const);
  const event = convert(object, 'events.k8s.io/v1', back);
  // Here they are left out when they are empty.
  for (const field of ['reportingController', 'reportingInstance']) if (event[field] === '') delete event[field];
  return event;
}

/** Events are stored in the core version. */
export const eventStorage: NonNullable<ResourceDefinition['storage']> = {
  group: '',
  version: 'v1',
  toStorage: toCore,
  fromStorage: fromCore,
};

/** What the registry does with events that come through events.k8s.io; errors name the fields of the core version. */
export const eventStrategy: Strategy = {
  allowCreateOnUpdate: true,
  validateFirst: (object) => validateEvent(asCoreEvent(object), 'reportingController'),
  validateCreate: (object) => validateStrictEvent(asCoreEvent(object)),
  validateUpdate: (object, old) => validateStrictEventUpdate(asCoreEvent(object), asCoreEvent(old)),
};

function asCoreEvent(object: Unstructured): Event {
  return toCore(object) as unknown as Event;
}
