import type { Counter, Gauge, Histogram, MetricRegistry } from '../control-plane/apiserver/metrics/metric-registry.ts';
import type { TokenUseObserver } from '../control-plane/authentication/service-account-token.ts';
import type { TokenCacheObserver } from '../control-plane/authentication/token-cache.ts';

interface Families {
  readonly requests: Counter;
  readonly durations: Histogram;
  readonly fetches: Counter;
  readonly active: Gauge;
  readonly certificates: Histogram;
  readonly uses: Readonly<Record<Parameters<TokenUseObserver['used']>[0], Counter>>;
}

/** Counts what becomes of tokens. Authenticators are there before the server whose metrics these are: `bind` tells. */
export class AuthenticationMetrics implements TokenCacheObserver, TokenUseObserver {
  #families: Families | undefined;

  bind(registry: MetricRegistry): void {
    const certificates = certificateFamily(registry);
    this.#families = { ...cacheFamilies(registry), certificates, uses: useFamilies(registry) };
  }

  asked(isHit: boolean, seconds: number): void {
    const labels = [isHit ? 'hit' : 'miss'];
    this.#families?.requests.add(labels);
    this.#families?.durations.observe(labels, seconds);
  }

  waiting(change: 1 | -1): void {
    this.#families?.active.add(['blocked'], change);
  }

  fetching(change: 1 | -1): void {
    this.#families?.active.add(['in_flight'], change);
  }

  fetched(isWell: boolean): void {
    this.#families?.fetches.add([isWell ? 'ok' : 'error']);
  }

  certificateUsed(remainingSeconds: number): void {
    this.#families?.certificates.observe([], remainingSeconds);
  }

  used(kind: Parameters<TokenUseObserver['used']>[0]): void {
    this.#families?.uses[kind].add([]);
  }
}

const hour = 3600;
const day = 24 * hour;

function certificateFamily(registry: MetricRegistry): Histogram {
  const hours = [0, 0.5, 1, 2, 6, 12].map((count) => count * hour);
  const days = [1, 2, 4, 7, 30, 90, 180, 360].map((count) => count * day);
  return registry.histogram({
    name: 'apiserver_client_certificate_expiration_seconds',
    help: 'Seconds for which certificates that clients came with are good still.',
    stability: 'ALPHA',
    buckets: [...hours, ...days],
  });
}

function cacheFamilies(registry: MetricRegistry): Omit<Families, 'uses' | 'certificates'> {
  const family = { stability: 'ALPHA', labels: ['status'] } as const;
  return {
    requests: registry.counter({
      ...family,
      name: 'authentication_token_cache_request_total',
      help: 'Tokens that were asked about, by whether they were remembered.',
    }),
    durations: registry.histogram({
      ...family,
      name: 'authentication_token_cache_request_duration_seconds',
      help: 'Seconds until a token was known, by whether it was remembered.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    fetches: registry.counter({
      ...family,
      name: 'authentication_token_cache_fetch_total',
      help: 'Tokens that were looked at, by whether that could be done.',
    }),
    active: registry.gauge({
      ...family,
      name: 'authentication_token_cache_active_fetch_count',
      help: 'Tokens that are looked at now, and requests that wait for that.',
    }),
  };
}

function useFamilies(registry: MetricRegistry): Families['uses'] {
  const counter = (name: string, help: string): Counter => {
    const made = registry.counter({ name: `serviceaccount_${name}`, help, stability: 'ALPHA' });
    made.add([], 0);
    return made;
  };
  return {
    legacy: counter('legacy_tokens_total', 'Uses of tokens that name no audience.'),
    stale: counter('stale_tokens_total', 'Uses of tokens of pods that ought to have been renewed by then.'),
    valid: counter('valid_tokens_total', 'Uses of tokens of pods that are as young as they ought to be.'),
    manual: counter('legacy_manual_token_uses_total', 'Uses of tokens of secrets that somebody made.'),
    'auto-generated': counter('legacy_auto_token_uses_total', 'Uses of tokens of secrets that were made unasked.'),
    'invalidated-auto-generated': counter(
      'invalid_legacy_auto_token_uses_total',
      'Uses of tokens of secrets that were made unasked and do not count any more.',
    ),
  };
}
