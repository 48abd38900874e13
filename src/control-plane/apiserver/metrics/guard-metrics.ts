import type { Counter, Histogram, MetricRegistry } from './metric-registry.ts';

/** What is measured of the steps that a request takes before it comes to its endpoint. */
export interface GuardMetrics {
  readonly authenticationSeconds: Histogram;
  readonly authorizationSeconds: Histogram;
  /** Requests that the server gave up by itself. */
  readonly terminations: Counter;
  readonly bodySizes: Histogram;
  readonly handshakeFailures: Counter;
  /** Told the seconds that a step took until it handed the request on, or answered it. */
  readonly filters: Readonly<Record<'audit' | 'authentication' | 'authorization' | 'priorityandfairness', TellSeconds>>;
}

/** Thousandths of a second, doubled fourteen times. */
const accessBuckets: readonly number[] = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);
/** From 50,000 bytes in steps of 100,000 to what a body may have at most. */
const bodyBuckets: readonly number[] = Array.from({ length: 31 }, (_, index) => 50_000 + 100_000 * index);

type TellSeconds = (seconds: number) => void;

const filterBuckets: readonly number[] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 5, 10, 15, 30];

function filterFamilies(registry: MetricRegistry): GuardMetrics['filters'] {
  const durations = registry.histogram({
    name: 'apiserver_request_filter_duration_seconds',
    help: 'Seconds that the steps before the endpoint took, by step.',
    stability: 'ALPHA',
    labels: ['filter'],
    buckets: filterBuckets,
  });
  return {
    audit: durations.bind(['audit']),
    authentication: durations.bind(['authentication']),
    authorization: durations.bind(['authorization']),
    priorityandfairness: durations.bind(['priorityandfairness']),
  };
}

/** Makes these families. */
export function guardFamilies(registry: MetricRegistry): GuardMetrics {
  const handshakeFailures = registry.counter({
    name: 'apiserver_tls_handshake_errors_total',
    help: 'Connections that ended before TLS was agreed on.',
    stability: 'ALPHA',
  });
  handshakeFailures.add([], 0);
  return {
    filters: filterFamilies(registry),
    handshakeFailures,
    authenticationSeconds: registry.histogram({
      name: 'authentication_duration_seconds',
      help: 'Seconds that it took to find out who asks, by the result.',
      stability: 'ALPHA',
      labels: ['result'],
      buckets: accessBuckets,
    }),
    authorizationSeconds: registry.histogram({
      name: 'authorization_duration_seconds',
      help: 'Seconds that it took to find out whether it is allowed, by the result.',
      stability: 'ALPHA',
      labels: ['result'],
      buckets: accessBuckets,
    }),
    terminations: registry.counter({
      name: 'apiserver_request_terminations_total',
      help: 'Requests that the server gave up to protect itself.',
      stability: 'ALPHA',
      labels: ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component', 'code'],
    }),
    bodySizes: registry.histogram({
      name: 'apiserver_request_body_size_bytes',
      help: 'Bytes of the bodies of writes.',
      stability: 'ALPHA',
      labels: ['group', 'resource', 'verb'],
      buckets: bodyBuckets,
    }),
  };
}
