import { humanDuration } from '../apimachinery/duration.ts';
import type { Table, TableColumn } from './table-printer.ts';

const nameAndAge: readonly TableColumn[] = [
  { name: 'Name', type: 'string', format: 'name' },
  { name: 'Age', type: 'string' },
];

/** How long ago a time was, `<unknown>` without one. @param now milliseconds since the epoch */
export function formatAge(time: unknown, now: number): string {
  if (typeof time !== 'string' || time === '') return '<unknown>';
  const millis = Date.parse(time);
  return Number.isNaN(millis) ? '<unknown>' : humanDuration(now - millis);
}

/** The Table of objects that came without one: their names and ages. */
export function genericTable(objects: readonly unknown[], now: number): Table {
  const rows = objects.map((object) => {
    const { metadata } = object as { metadata?: { name?: string; creationTimestamp?: string } };
    return { cells: [metadata?.name ?? '', formatAge(metadata?.creationTimestamp, now)], object };
  });
  return { columnDefinitions: nameAndAge, rows };
}

/** The fields of a Status that its Table shows. */
export interface StatusFields {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The Table of a Status. */
export function statusTable(status: StatusFields): Table {
  return {
    columnDefinitions: [{ name: 'Status' }, { name: 'Reason' }, { name: 'Message' }],
    rows: [{ cells: [status.status ?? '', status.reason ?? '', status.message ?? ''] }],
  };
}

/** The same Table with the kind of a watch event in front of each row (`--output-watch-events`). */
export function withEventColumn(table: Table, eventType: string): Table {
  const columns = table.columnDefinitions ?? [];
  return {
    columnDefinitions: columns.length === 0 ? [] : [{ name: 'Event', type: 'string' }, ...columns],
    rows: (table.rows ?? []).map((row) => ({ ...row, cells: [eventType.padEnd(8), ...row.cells] })),
  };
}
