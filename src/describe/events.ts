import type { Event } from '../api/types/core-v1.ts';
import { humanDuration } from '../apimachinery/duration.ts';
import { goSorted } from '../apimachinery/go-sort.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { DescribeText } from './describe-text.ts';
import type { DescribeContext } from './describer.ts';
import { listAll, related } from './list-all.ts';

/** What events about an object are found by; an empty part is not asked for. */
export interface EventSubject {
  readonly name: string;
  readonly namespace: string;
  readonly kind: string;
  readonly uid: string;
}

/** What events about an object say of it. */
export function subjectOf({ kind, metadata }: Unstructured): EventSubject {
  const { name = '', namespace = '', uid = '' } = metadata;
  return { name, namespace, kind, uid };
}

/** Events about a subject. @throws StatusError, TransportError when they cannot be read */
export function findEvents(subject: EventSubject, context: DescribeContext): Promise<Event[]> {
  const fields = [
    `involvedObject.name=${subject.name}`,
    `involvedObject.namespace=${subject.namespace}`,
    ...(subject.kind === '' ? [] : [`involvedObject.kind=${subject.kind}`]),
    ...(subject.uid === '' ? [] : [`involvedObject.uid=${subject.uid}`]),
  ];
  return listAll(context, related.events, subject.namespace, { fieldSelector: fields.join(',') });
}

/** Events about a subject; none when they cannot be read. */
export async function eventsOf(subject: EventSubject, context: DescribeContext): Promise<Event[]> {
  try {
    return await findEvents(subject, context);
  } catch {
    // A description is of use without them, whatever is in the way.
    return [];
  }
}

/** The part `Events:` of an object, where it is asked for. */
export async function describeEvents(
  object: Unstructured,
  text: DescribeText,
  context: DescribeContext,
): Promise<void> {
  if (context.showEvents) writeEvents(await eventsOf(subjectOf(object), context), text, context.now);
}

/** Writes events as a table, the oldest first. */
export function writeEvents(events: readonly Event[], text: DescribeText, now: number): void {
  if (events.length === 0) {
    text.line(0, 'Events:\t<none>');
    return;
  }
  text.line(0, 'Events:');
  const lastTime = (event: Event): number => Date.parse(event.lastTimestamp ?? '') || Number.NEGATIVE_INFINITY;
  text.line(1, 'Type\tReason\tAge\tFrom\tMessage');
  text.line(1, '----\t------\t----\t----\t-------');
  for (const event of goSorted(events, (left, right) => lastTime(left) < lastTime(right))) {
    const component = event.source?.component ?? '';
    const source = component === '' ? (event.reportingComponent ?? '') : component;
    const fieldPath = event.involvedObject.fieldPath ?? '';
    const message = `${fieldPath === '' ? '' : `${fieldPath}: `}${(event.message ?? '').trim()}`;
    text.line(1, `${event.type ?? ''}\t${event.reason ?? ''}\t${eventInterval(event, now)}\t${source}\t${message}`);
  }
}

/** How long ago a time was; `<unknown>` without one. */
export function since(time: string | null | undefined, now: number): string {
  return time === undefined || time === null ? '<unknown>' : humanDuration(now - Date.parse(time));
}

/** How long ago an event was last seen, and since when how often. */
export function eventInterval(event: Event, now: number): string {
  const first = since(event.eventTime ?? event.firstTimestamp, now);
  if (event.series !== undefined && event.series !== null) {
    return `${since(event.series.lastObservedTime, now)} (x${event.series.count ?? 0} over ${first})`;
  }
  if ((event.count ?? 0) > 1) return `${since(event.lastTimestamp, now)} (x${event.count ?? 0} over ${first})`;
  return first;
}
