import type { EventSource, ObjectReference } from '../../types/core-v1.ts';

/** `pod/web-0`. */
export function eventObjectText(reference: ObjectReference | undefined): string {
  const kind = (reference?.kind ?? '').toLowerCase();
  return reference?.name ? `${kind}/${reference.name}` : kind;
}

/** `component, host`; the reporting controller and its instance stand in for what is empty. */
export function eventSourceText(
  source: EventSource | undefined,
  reportingController: string | undefined,
  reportingInstance: string | undefined,
): string {
  const component = source?.component || (reportingController ?? '');
  const instance = source?.host || (reportingInstance ?? '');
  return instance === '' ? component : `${component}, ${instance}`;
}
