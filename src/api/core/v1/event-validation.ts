import {
  checkImmutable,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../../apimachinery/names.ts';
import { internalObject } from './internal-objects.ts';
import type { Event } from '../../types/core-v1.ts';

const at = (name: string): FieldPath => new FieldPath(name);
const longest = 128;
const longestMessage = 1024;

/**
 * What every event must say, in whichever version it comes: those with an eventTime are of the new kind, and say who
 * reports what.
 * @param reporterField how the version calls the reporting controller.
 */
export function validateEvent(event: Event, reporterField: 'reportingComponent' | 'reportingController'): FieldError[] {
  const namespace = event.metadata.namespace ?? '';
  return [
    ...(hasTime(event.eventTime) ? validateNewStyle(event, reporterField) : validateOldStyle(event)),
    ...invalidFor(at('namespace'), namespace, isDns1123Subdomain(namespace)),
  ];
}

function hasTime(time: string | null | undefined): boolean {
  return time !== undefined && time !== null;
}

function wrongNamespace({ involvedObject }: Event): FieldError[] {
  const path = at('involvedObject').child('namespace');
  return [invalid(path, involvedObject.namespace ?? '', 'does not match event.namespace')];
}

function validateOldStyle(event: Event): FieldError[] {
  const own = event.metadata.namespace ?? '';
  const involved = event.involvedObject.namespace ?? '';
  // Old clients write events about things without a namespace into default.
  const fits = involved === '' ? own === '' || own === 'default' : involved === own;
  return fits ? [] : wrongNamespace(event);
}

function validateNewStyle(event: Event, reporterField: string): FieldError[] {
  const { involvedObject, message = '', metadata, reportingComponent: reporter = '' } = event;
  const isAboutNothing = (involvedObject.namespace ?? '') === '';
  const errors: FieldError[] = [];
  if (isAboutNothing && metadata.namespace !== 'default' && metadata.namespace !== 'kube-system') {
    errors.push(...wrongNamespace(event));
  }
  if (reporter === '') errors.push(required(at(reporterField)));
  errors.push(...invalidFor(at(reporterField), reporter, isQualifiedName(reporter)));
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const value = event[field] ?? '';
    if (value === '') errors.push(required(at(field)));
    errors.push(...checkLength(field, value, longest));
  }
  return [...errors, ...checkLength('message', message, longestMessage)];
}

function checkLength(field: string, value: string, most: number): FieldError[] {
  return Buffer.byteLength(value) > most ? [invalid(at(field), '', `can have at most ${most} characters`)] : [];
}

/** What events that are created through events.k8s.io must say besides; given in the fields of the core version. */
export function validateStrictEvent(event: Event): FieldError[] {
  const { count = 0, eventTime, firstTimestamp, lastTimestamp, source, type = '' } = event;
  const unset = (field: string): FieldError => invalid(at(field), '', 'needs to be unset');
  return [
    ...validateSeries(event),
    ...(hasTime(eventTime) ? [] : [required(at('eventTime'))]),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid(at('type'), '', `has invalid value: ${type}`)]),
    ...(hasTime(firstTimestamp) ? [unset('firstTimestamp')] : []),
    ...(hasTime(lastTimestamp) ? [unset('lastTimestamp')] : []),
    ...(count === 0 ? [] : [unset('count')]),
    ...((source?.component ?? '') === '' && (source?.host ?? '') === '' ? [] : [unset('source')]),
  ];
}

function validateSeries({ series }: Event): FieldError[] {
  if (series === undefined) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid(at('series.count'), '', 'should be at least 2')] : []),
    ...(hasTime(series.lastObservedTime) ? [] : [required(at('series.lastObservedTime'))]),
  ];
}

const nullable: readonly string[] = ['eventTime', 'firstTimestamp', 'lastTimestamp', 'related'];

/** What the real server shows of a field: references by the names of its own type, nothing as nothing of its type. */
function shownField(event: Event, field: (typeof immutableFields)[number]): unknown {
  const value = event[field];
  if ((field === 'involvedObject' || field === 'related') && value !== undefined) {
    return internalObject('ObjectReference', value as object);
  }
  if (field === 'source') return internalObject('EventSource', (value ?? {}) as object);
  return value ?? (nullable.includes(field) ? null : field === 'count' ? 0 : '');
}

const immutableFields = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

/** An update through events.k8s.io changes the series, and nothing else. */
export function validateStrictEventUpdate(event: Event, old: Event): FieldError[] {
  const errors = equalJson(event.series ?? null, old.series ?? null) ? [] : validateSeries(event);
  for (const field of immutableFields) {
    const name = field === 'reportingComponent' ? 'reportingController' : field;
    errors.push(...checkImmutable(at(name), shownField(event, field), shownField(old, field)));
  }
  return errors;
}
