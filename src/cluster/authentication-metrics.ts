import {
  type Counter,
  type Gauge,
  type Histogram,
  type MetricRegistry,
  usualBuckets,
} from '../control-plane/apiserver/metrics/metric-registry.ts';
import type { TokenUseObserver } from '../control-plane/authentication/service-account-token.ts';
import type { TokenCacheObserver } from '../control-plane/authentication/token-cache.ts';
import type { Clock } from '../system/clock.ts';
import { type ConfigurationLoaded, configurationMetrics, metricHash } from './configuration-metrics.ts';

interface Families {
  readonly requests: Counter;
  readonly durations: Histogram;
  readonly fetches: Counter;
  readonly active: Gauge;
  readonly certificates: Histogram;
  readonly uses: Readonly<Record<Parameters<TokenUseObserver['used']>[0], Counter>>;
  readonly jwt: JwtFamilies;
  readonly loaded: ConfigurationLoaded;
}

interface JwtFamilies {
  readonly latency: Histogram;
  readonly fetchTimes: Gauge;
  readonly keySets: Gauge;
}

/** Told of the tokens of OpenID Connect, and of the file that says whose are taken. */
export interface JwtMetricsObserver {
  readonly loaded: ConfigurationLoaded;
  checked(issuer: string, result: 'success' | 'failure', seconds: number): void;
  /** The keys of an issuer were asked for. @param keySet what came; undefined where no keys did */
  keysFetched(issuer: string, keySet: string | undefined): void;
  /** An issuer's tokens are not taken any more. */
  forgotten(issuer: string): void;
}

/** Whose metrics they are. */
export interface MetricsOwner {
  /** The server's, by which its metrics are told from those of others. */
  readonly identity: string;
  readonly clock: Clock;
}

/** Counts what becomes of tokens. Authenticators are there before the server whose metrics these are: `bind` tells. */
export class AuthenticationMetrics implements TokenCacheObserver, TokenUseObserver, JwtMetricsObserver {
  readonly #keySets = new Map<string, string>();
  #families: Families | undefined;
  #owner: MetricsOwner | undefined;
  #initial: string | undefined;

  bind(registry: MetricRegistry, owner: MetricsOwner): void {
    this.#owner = owner;
    let loaded: ConfigurationLoaded | undefined;
    let jwt: JwtFamilies | undefined;
    this.#families = {
      ...cacheFamilies(registry),
      certificates: certificateFamily(registry),
      uses: useFamilies(registry),
      // As in the real server, these are there when the file, or an issuer, is.
      get jwt() {
        return (jwt ??= jwtFamilies(registry));
      },
      loaded(content, isReload) {
        const prefix = 'apiserver_authentication_config_controller';
        loaded ??= configurationMetrics(registry, { ...owner, prefix, stability: 'BETA' });
        loaded(content, isReload);
      },
    };
    if (this.#initial !== undefined) this.#families.loaded(this.#initial, false);
  }

  loaded(content: string | undefined, isReload: boolean): void {
    this.#initial = content;
    this.#families?.loaded(content, isReload);
  }

  checked(issuer: string, result: 'success' | 'failure', seconds: number): void {
    this.#families?.jwt.latency.observe([result, metricHash(issuer)], seconds);
  }

  keysFetched(issuer: string, keySet: string | undefined): void {
    const { identity = '', clock } = this.#owner ?? {};
    const labels = [metricHash(issuer), metricHash(identity)];
    const result = keySet === undefined ? 'failure' : 'success';
    this.#families?.jwt.fetchTimes.set([result, ...labels], (clock?.now() ?? 0) / 1000);
    if (keySet === undefined) return;
    this.#keySets.set(issuer, metricHash(keySet));
    this.#showKeySets();
  }

  forgotten(issuer: string): void {
    const labels = [metricHash(issuer), metricHash(this.#owner?.identity ?? '')];
    for (const result of ['success', 'failure']) this.#families?.jwt.fetchTimes.remove([result, ...labels]);
    if (this.#keySets.delete(issuer)) this.#showKeySets();
  }

  #showKeySets(): void {
    const gauge = this.#families?.jwt.keySets;
    const own = metricHash(this.#owner?.identity ?? '');
    gauge?.clear();
    for (const [issuer, hash] of this.#keySets) gauge?.set([metricHash(issuer), own, hash], 1);
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

function jwtFamilies(registry: MetricRegistry): JwtFamilies {
  const prefix = 'apiserver_authentication_jwt_authenticator_';
  return {
    latency: registry.histogram({
      name: `${prefix}latency_seconds`,
      help: 'Seconds until a token of OpenID Connect was known, or refused.',
      stability: 'ALPHA',
      labels: ['result', 'jwt_issuer_hash'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    fetchTimes: registry.gauge({
      name: `${prefix}jwks_fetch_last_timestamp_seconds`,
      help: 'When the keys of an issuer were last asked for, by how that went.',
      stability: 'ALPHA',
      labels: ['result', 'jwt_issuer_hash', 'apiserver_id_hash'],
    }),
    keySets: registry.gauge({
      name: `${prefix}jwks_fetch_last_key_set_info`,
      help: 'Which keys of an issuer came last, by their hash.',
      stability: 'ALPHA',
      labels: ['jwt_issuer_hash', 'apiserver_id_hash', 'hash'],
    }),
  };
}

function cacheFamilies(registry: MetricRegistry): Pick<Families, 'requests' | 'durations' | 'fetches' | 'active'> {
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
      buckets: usualBuckets,
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
