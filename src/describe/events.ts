import type { Event } from '../api/types/core-v1.ts';
import { humanDuration } from '../apimachinery/duration.ts';
import type { KubeList, Unstructured } from '../apimachinery/object-meta.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { DescribeText } from './describe-text.ts';
import type { DescribeContext } from './describer.ts';

/** Events about an object; none when they cannot be read. */
export async function eventsOf(object: Unstructured, context: DescribeContext, uid?: string): Promise<Event[]> {
  const { name = '', namespace = '' } = object.metadata;
  const fields = [
    `involvedObject.name=${name}`,
    ...(namespace === '' ? [] : [`involvedObject.namespace=${namespace}`]),
    `involvedObject.kind=${object.kind}`,
    ...((uid ?? object.metadata.uid ?? '') === '' ? [] : [`involvedObject.uid=${uid ?? object.metadata.uid ?? ''}`]),
  ];
  const resource = context.client.resource(
    { group: '', version: 'v1', resource: 'events' },
    namespace === '' ? undefined : namespace,
  );
  const events: Event[] = [];
  let continueToken = '';
  try {
    do {
      const page: KubeList = await resource.list({
        fieldSelector: fields.join(','),
        limit: 500,
        ...(continueToken === '' ? {} : { continue: continueToken }),
      });
      events.push(...(page.items as unknown as Event[]));
      continueToken = page.metadata.continue ?? '';
    } while (continueToken !== '');
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
  return events;
}

/** The part `Events:` of an object, where it is asked for. */
export async function describeEvents(
  object: Unstructured,
  text: DescribeText,
  context: DescribeContext,
): Promise<void> {
  if (context.showEvents) writeEvents(await eventsOf(object, context), text, context.now);
}

/** Writes events as a table, the oldest first. */
export function writeEvents(events: readonly Event[], text: DescribeText, now: number): void {
  if (events.length === 0) {
    text.line(0, 'Events:\t<none>');
    return;
  }
  text.line(0, 'Events:');
  text.line(1, 'Type\tReason\tAge\tFrom\tMessage');
  text.line(1, '----\t------\t----\t----\t-------');
  const lastTime = (event: Event): number => Date.parse(event.lastTimestamp ?? '') || 0;
  for (const event of events.toSorted((left, right) => lastTime(left) - lastTime(right))) {
    const source =
      event.source?.component === undefined || event.source.component === ''
        ? (event.reportingComponent ?? '')
        : event.source.component;
    const message = (event.message ?? '').trim();
    text.line(1, `${event.type ?? ''}\t${event.reason ?? ''}\t${interval(event, now)}\t${source}\t${message}`);
  }
}

function since(time: string | null | undefined, now: number): string {
  return time === undefined || time === null ? '<unknown>' : humanDuration(now - Date.parse(time));
}

function interval(event: Event, now: number): string {
  const first = since(event.firstTimestamp ?? event.eventTime, now);
  if (event.series !== undefined) {
    return `${since(event.series.lastObservedTime, now)} (x${event.series.count ?? 0} over ${first})`;
  }
  if ((event.count ?? 0) > 1) return `${since(event.lastTimestamp, now)} (x${event.count ?? 0} over ${first})`;
  return first;
}
