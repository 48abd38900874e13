import type { HttpResponse } from '../../../apimachinery/http.ts';
import { DurationError, parseDuration } from '../../../apimachinery/duration.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import type { ApiRequest, Filter } from '../request-context.ts';
import { abandonResponse, endingWith } from '../response-end.ts';
import { isLongRunning } from './max-in-flight.ts';

/** The real server's default of --request-timeout. */
export const defaultRequestTimeoutMillis = 60_000;

/**
 * Answers 504 when a request takes longer than it may: as long as its `timeout` says, at most as long as the server's
 * own limit. What works on it is told by the request's signal; an answer that is under way by then is cut. Watches and
 * the like may take as long as they want.
 */
export function withRequestTimeout(
  limitMillis: number,
  clock: Clock,
  onTimeout: (request: ApiRequest, code: number) => void,
): Filter {
  return (next) => async (request) => {
    if (isLongRunning(request)) return next(request);
    const millis = allowedMillis(request, limitMillis);
    const expired = new AbortController();
    const deadline = clock.now() + millis;
    return new Promise<HttpResponse>((resolve, reject) => {
      const timer = clock.setTimer(
        () => {
          onTimeout(request, 504);
          resolve(timedOut());
          expired.abort();
        },
        millis,
        { unref: true },
      );
      const signal = (): AbortSignal => AbortSignal.any([request.signal(), expired.signal]);
      const answer = async (): Promise<HttpResponse> => {
        const response = await endingWith(
          () => next({ ...request, signal, deadline }),
          () => timer.cancel(),
        );
        if (response.body instanceof Uint8Array) return response;
        if (expired.signal.aborted) await abandonResponse(response);
        return { ...response, deadline: expired.signal };
      };
      answer().then(resolve, reject);
    });
  };
}

/** @throws StatusError 400 for a timeout that is no duration */
function allowedMillis({ query }: ApiRequest, limitMillis: number): number {
  const asked = query.get('timeout') ?? '';
  if (asked === '') return limitMillis;
  let millis: number;
  try {
    millis = parseDuration(asked);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw badRequest(`invalid timeout specified in the request URL - ${error.message}`);
  }
  return millis <= 0 ? limitMillis : Math.min(millis, limitMillis);
}

/** The answer in the real server's own form: a Status without its kind, that says it is text. */
function timedOut(): HttpResponse {
  const status = {
    metadata: {},
    status: 'Failure',
    message: 'Timeout: request did not complete within the allotted timeout',
    reason: 'Timeout',
    details: {},
    code: 504,
  };
  const headers = { 'cache-control': 'no-cache, private', 'content-type': 'text/plain; charset=utf-8' };
  return { status: 504, headers, body: Buffer.from(`${JSON.stringify(status)}\n`) };
}
