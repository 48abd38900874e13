import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { ApiRequest } from '../request-context.ts';
import { textResponse } from '../responses.ts';
import type { FlowControl } from './flow-control.ts';
import type { FlowTicket, PriorityLevel, QueueView } from './priority-level.ts';

const root = '/debug/api_priority_and_fairness/';

/**
 * Answers what flow control has at the moment: its levels, queues and requests, in the columns of the real server
 * (https://kubernetes.io/docs/reference/debug-cluster/flow-control/). undefined for other paths.
 */
export function handleFlowDumps({ info, query }: ApiRequest, control: FlowControl): HttpResponse | undefined {
  if (!info.path.startsWith(root)) return undefined;
  const levels = [...control.levels()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  switch (info.path.slice(root.length)) {
    case 'dump_priority_levels':
      return tableResponse(levelHeaders, levels.map(levelRow));
    case 'dump_queues':
      return tableResponse(queueHeaders, levels.flatMap(queueRows));
    case 'dump_requests': {
      const isDetailed = (query.get('includeRequestDetails') ?? '') !== '';
      const headers = isDetailed ? [...requestHeaders, ...detailHeaders] : requestHeaders;
      return tableResponse(
        headers,
        levels.flatMap((level) => requestRows(level, isDetailed)),
      );
    }
    default:
      return undefined;
  }
}

const levelHeaders = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
];

function levelRow(level: PriorityLevel): string[] {
  const { counts } = level;
  return [
    level.name,
    String(level.queueLengths.filter((length) => length > 0).length),
    String(level.waiting === 0 && level.executing === 0),
    // Levels that are taken away are gone at once: who waits in them is turned away.
    'false',
    String(level.waiting),
    String(level.executing),
    String(counts.dispatched),
    String(counts.rejected),
    String(counts.timedOut),
    String(counts.cancelled),
  ];
}

const queueHeaders = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
];

/** What a request is taken to last before it is known, in seconds. */
const estimatedSeconds = 0.003;

function queueRows(level: PriorityLevel): string[][] {
  return level.view().queues.map(({ waiting, executing, served }, index) => {
    const seatsWaiting = String(seatsOf(waiting));
    return [
      level.name,
      String(index),
      String(waiting.length),
      String(executing.length),
      String(seatsOf(executing)),
      seatSeconds(served),
      seatsWaiting,
      seatsWaiting,
      seatSeconds(seatsOf(waiting) * estimatedSeconds),
    ];
  });
}

function seatsOf(tickets: QueueView['waiting']): number {
  return tickets.reduce((sum, { request }) => sum + request.seats, 0);
}

function seatSeconds(amount: number): string {
  return `${amount.toFixed(8)}ss`;
}

const requestHeaders = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
];

const detailHeaders = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'];

function requestRows(level: PriorityLevel, isDetailed: boolean): string[][] {
  const { queues, withoutQueue } = level.view();
  const row = (ticket: FlowTicket, queue: number, index: number): string[] =>
    requestRow(level, ticket, [queue, index], isDetailed);
  return [
    ...queues.flatMap(({ waiting, executing }, queue) => [
      ...waiting.map((ticket, index) => row(ticket, queue, index)),
      ...executing.map((ticket) => row(ticket, queue, -1)),
    ]),
    ...withoutQueue.map((ticket) => row(ticket, -1, -1)),
  ];
}

function requestRow(
  level: PriorityLevel,
  { request, arrivedAt, startedAt }: FlowTicket,
  place: readonly [queue: number, index: number],
  isDetailed: boolean,
): string[] {
  const { schema, flow, seats, user, info } = request;
  const row = [
    level.name,
    schema,
    ...place.map(String),
    flow,
    nanoTime(arrivedAt),
    String(seats),
    // Nothing is held back after the answer.
    '0',
    '0s',
    startedAt === undefined ? '0001-01-01T00:00:00Z' : nanoTime(startedAt),
  ];
  if (!isDetailed) return row;
  const { verb, path, namespace, name, apiGroup, apiVersion, resource, subresource } = info;
  const groupVersion = apiGroup === '' ? apiVersion : `${apiGroup}/${apiVersion}`;
  return [...row, user.username, verb, path, namespace, name, groupVersion, resource, subresource];
}

/** A time as Go's RFC3339Nano writes it: no zeros at the end. */
function nanoTime(millis: number): string {
  return new Date(millis).toISOString().replace(/\.?0+Z$/, 'Z');
}

/** Columns side by side as Go's tabwriter puts them with the real server's settings: at least eight wide. */
function tableResponse(headers: readonly string[], rows: readonly (readonly string[])[]): HttpResponse {
  const lines = [headers, ...rows];
  const widths = headers.map((_, column) => Math.max(8, ...lines.map((line) => (line[column] ?? '').length + 2)));
  const text = lines
    .map((line) =>
      line.map((cell, column) => (column === line.length - 1 ? cell : `${cell},`.padEnd(widths[column] ?? 0))),
    )
    .map((cells) => `${cells.join('')}\n`)
    .join('');
  return textResponse(200, text, { 'x-content-type-options': undefined });
}
