import type { AuditEvent } from './audit-event.ts';

const escaped: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** An event as Go's encoder writes it: maps in the order of their keys, and what HTML could take for its own escaped. */
export function auditEventJson(event: AuditEvent): string {
  return goJson(sorted(event));
}

/** An EventList; its items do not say what they are. */
export function auditEventListJson(events: readonly AuditEvent[]): string {
  const items = events.map((event) => {
    const { kind: _kind, apiVersion: _version, ...item } = sorted(event);
    return item;
  });
  return `${goJson({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items })}\n`;
}

function sorted(event: AuditEvent): AuditEvent {
  const { annotations } = event;
  if (annotations === undefined) return event;
  const entries = Object.entries(annotations).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { ...event, annotations: Object.fromEntries(entries) };
}

function goJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
  return text.replaceAll(/[<>&\u2028\u2029]/g, (character) => escaped[character] ?? character);
}
