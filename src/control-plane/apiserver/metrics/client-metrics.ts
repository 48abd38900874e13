import type { HttpRequest, HttpResponse, Transport } from '../../../apimachinery/http.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Counter, Histogram, MetricRegistry } from './metric-registry.ts';

interface ClientFamilies {
  readonly requests: Counter;
  readonly durations: Histogram;
  readonly sent: Histogram;
  readonly received: Histogram;
}

const sizeBuckets: readonly number[] = [64, 256, 512, ...Array.from({ length: 8 }, (_, index) => 1024 * 4 ** index)];

/** Counts what the server asks of itself, by the names of client-go, once there is a registry for it. */
export class ClientMetrics {
  readonly #clock: Clock;
  readonly #host: () => string;
  #families: ClientFamilies | undefined;

  /** @param host which server is asked, as `HOST:PORT`. */
  constructor(clock: Clock, host: () => string) {
    this.#clock = clock;
    this.#host = host;
  }

  /** Makes the families; nothing is counted before. */
  bind(registry: MetricRegistry): void {
    const size = (name: string, help: string) =>
      registry.histogram({ name, help, stability: 'ALPHA', labels: ['verb', 'host'], buckets: sizeBuckets });
    this.#families = {
      sent: size('rest_client_request_size_bytes', 'Bytes of the bodies that this process sent.'),
      received: size('rest_client_response_size_bytes', 'Bytes of the bodies that this process was answered with.'),
      requests: registry.counter({
        name: 'rest_client_requests_total',
        help: 'Requests of this process, by the code of the answer, the method and the server.',
        stability: 'ALPHA',
        labels: ['code', 'method', 'host'],
      }),
      durations: registry.histogram({
        name: 'rest_client_request_duration_seconds',
        help: 'Seconds until requests of this process were answered.',
        stability: 'ALPHA',
        labels: ['verb', 'host'],
        buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
      }),
    };
  }

  /** A transport whose requests are counted. */
  measured(transport: Transport): Transport {
    const send = async (request: HttpRequest): Promise<HttpResponse> => {
      const startedAt = this.#clock.now();
      const done = (code: string): void => {
        const { requests, durations, sent } = this.#families ?? {};
        requests?.add([code, request.method, this.#host()]);
        durations?.observe([request.method, this.#host()], (this.#clock.now() - startedAt) / 1000);
        sent?.observe([request.method, this.#host()], request.body instanceof Uint8Array ? request.body.length : 0);
      };
      try {
        const response = await transport.send(request);
        done(String(response.status));
        // What streams is followed for hours, and its size never known.
        if (response.body instanceof Uint8Array) {
          this.#families?.received.observe([request.method, this.#host()], response.body.length);
        }
        return response;
      } catch (error) {
        done('<error>');
        throw error;
      }
    };
    return { send, close: () => transport.close() };
  }
}
