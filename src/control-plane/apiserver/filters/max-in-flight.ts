import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { InFlightGauge } from '../metrics/server-metrics.ts';
import type { ApiRequest, Filter } from '../request-context.ts';
import { endingWith } from '../response-end.ts';
import { textResponse } from '../responses.ts';

/** How many requests may be worked on at a time; watches and other long answers do not count. */
export interface InFlightLimits {
  readonly maxRequestsInFlight: number;
  readonly maxMutatingRequestsInFlight: number;
}

/** The real server's defaults. */
export const defaultInFlightLimits: InFlightLimits = { maxRequestsInFlight: 400, maxMutatingRequestsInFlight: 200 };

/** Refuses with 429 what comes while too many are under way; members of system:masters always pass. */
export function withMaxInFlight(limits: InFlightLimits, gauge: InFlightGauge): Filter {
  let reading = 0;
  let mutating = 0;
  return (next) => async (request) => {
    if (isLongRunning(request)) return next(request);
    const isRead = ['get', 'list'].includes(request.info.verb);
    const full = isRead ? reading >= limits.maxRequestsInFlight : mutating >= limits.maxMutatingRequestsInFlight;
    if (full && !request.user.groups.includes('system:masters')) return tooManyRequests(1);
    if (isRead) reading++;
    else mutating++;
    const kind = isRead ? 'readOnly' : 'mutating';
    gauge.change(kind, 1);
    const end = (): void => {
      gauge.change(kind, -1);
      if (isRead) reading--;
      else mutating--;
    };
    return endingWith(() => next(request), end);
  };
}

/** Whether an answer goes on for as long as the client wants: watches, proxies, exec and the like. */
export function isLongRunning(request: ApiRequest): boolean {
  const { verb, subresource } = request.info;
  if (verb === 'watch' || verb === 'proxy') return true;
  return ['attach', 'exec', 'proxy', 'log', 'portforward'].includes(subresource);
}

/** 429, as the real server says it: plain text, with the time after which to come again. */
export function tooManyRequests(retryAfterSeconds: number): HttpResponse {
  return textResponse(429, 'Too many requests, please try again later.\n', {
    'retry-after': String(retryAfterSeconds),
  });
}
