import type { HttpResponse } from '../../apimachinery/http.ts';
import { isLongRunning } from './filters/max-in-flight.ts';
import { isHealthPath } from './health.ts';
import type { ApiRequest } from './request-context.ts';
import { endingWith } from './response-end.ts';
import { textResponse } from './responses.ts';

/**
 * The end of a server, as seen by those who reach it over the network: what is under way is finished, watches and the
 * like are ended, who comes now is told to come again. The parts of the server's own process are served as before.
 */
export class Draining {
  readonly #ending = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #isRefusing = false;

  /** Begins; resolves when nothing is under way any more. @param refuses whether new requests are told to come again */
  begin(refuses: boolean): Promise<void> {
    this.#isRefusing = refuses;
    this.#ending.abort();
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Aborts when a request that may take as long as it wants is to end; undefined for any other. */
  signalFor(request: ApiRequest): AbortSignal | undefined {
    return isFromOutside(request) && isLongRunning(request) ? this.#ending.signal : undefined;
  }

  /** Answers a request, unless it comes too late. */
  async answer(request: ApiRequest, next: () => Promise<HttpResponse>): Promise<HttpResponse> {
    if (!isFromOutside(request) || isHealthPath(request.info.path)) return next();
    if (this.#isRefusing) return comeAgain();
    // Nobody waits for commands and ports of pods, which end with the connection.
    if (isLongRunning(request) && request.info.verb !== 'watch') return next();
    this.#underWay++;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      if (--this.#underWay > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    return endingWith(next, end);
  }
}

/** Whether somebody reached the server by a connection. */
function isFromOutside({ http }: ApiRequest): boolean {
  return http.peer !== undefined;
}

/** In the real server's words; five seconds are enough for a load balancer to know. */
function comeAgain(): HttpResponse {
  return textResponse(429, 'The apiserver is shutting down, please try again later.\n', {
    connection: 'close',
    'retry-after': '5',
  });
}
