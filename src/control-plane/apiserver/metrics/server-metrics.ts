import type { Clock } from '../../../system/clock.ts';
import type { ProcessStats } from '../../../system/process-stats.ts';
import type { Storage } from '../../storage/storage.ts';
import type { HealthObserver } from '../health.ts';
import { listPrefix, type ResourceRegistry } from '../registry/api-resource.ts';
import type { VersionInfo } from '../server.ts';
import { guardFamilies, type GuardMetrics } from './guard-metrics.ts';
import {
  type Counter,
  type Gauge,
  type Histogram,
  type MetricOptions,
  MetricRegistry,
  type StabilityLevel,
} from './metric-registry.ts';
import { type StorageMetrics, storageFamilies } from './storage-metrics.ts';

/** Labels that say what a request was about, in the order in which families have them. */
export interface RequestLabels {
  /** Upper case: GET, LIST, WATCH, APPLY, CONNECT … */
  readonly verb: string;
  readonly dryRun: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: string;
}

/** What the server counts, by the names of kube-apiserver 1.36. */
export interface ServerMetrics extends GuardMetrics {
  readonly registry: MetricRegistry;
  /** Those of `/metrics/slis`. */
  readonly indicators: MetricRegistry;
  readonly requests: Counter;
  readonly selfRequests: Counter;
  readonly durations: Histogram;
  readonly indicatorDurations: Histogram;
  readonly responseSizes: Histogram;
  readonly longRunning: Gauge;
  readonly watchEvents: Counter;
  readonly watchEventSizes: Histogram;
  readonly deprecatedRequests: Gauge;
  readonly authentications: Counter;
  readonly userRequests: Counter;
  readonly authorizations: Counter;
  readonly auditEvents: Counter;
  readonly auditErrors: Counter;
  readonly auditLevels: Counter;
  readonly auditRejections: Counter;
  readonly inFlight: InFlightGauge;
  readonly inQueue: InFlightGauge;
  readonly fieldValidations: Histogram;
  readonly watchLists: Histogram;
  readonly storage: StorageMetrics;
  readonly observeHealth: HealthObserver;
  /** When the process started, in Unix time, where that is known; set by who describes the program. */
  startTimeSeconds?: () => number | undefined;
}

const requestLabels = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
const routeLabels = requestLabels.filter((label) => label !== 'dry_run');
const durationBuckets: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

/** What cannot happen here, and is told to be nought: there is one validation of each kind, and no metric is hidden. */
const nothingToCount: readonly (readonly [name: string, stability: StabilityLevel, help: string])[] = [
  [
    'apiserver_validation_declarative_validation_mismatch_total',
    'BETA',
    'Times that declarative validation found something else than the handwritten one.',
  ],
  ['apiserver_validation_declarative_validation_panic_total', 'BETA', 'Times that declarative validation broke down.'],
  ['apiserver_validation_duplicate_validation_error_total', 'INTERNAL', 'Faults that were told twice.'],
  ['hidden_metrics_total', 'BETA', 'Families of metrics that are not shown any more.'],
];

/** Makes all families that the server writes to. */
export function createServerMetrics(clock: Clock): ServerMetrics {
  const registry = new MetricRegistry();
  const indicators = new MetricRegistry();
  registry.countFamilies();
  for (const [name, stability, help] of nothingToCount) registry.counter({ name, stability, help }).add([], 0);
  const healthy = indicators.gauge({
    name: 'kubernetes_healthcheck',
    help: 'How a health check went the last time: 1 is well.',
    stability: 'STABLE',
    labels: ['name', 'type'],
  });
  const healthChecks = indicators.counter({
    name: 'kubernetes_healthchecks_total',
    help: 'Results of all health checks.',
    stability: 'STABLE',
    labels: ['name', 'type', 'status'],
  });
  return {
    registry,
    indicators,
    ...requestFamilies(registry),
    ...watchFamilies(registry),
    ...accessFamilies(registry),
    ...guardFamilies(registry),
    storage: storageFamilies(registry, clock),
    inFlight: new InFlightGauge(registry, clock, {
      name: 'apiserver_current_inflight_requests',
      help: 'Most requests that were worked on at a time within the last second.',
      stability: 'STABLE',
    }),
    inQueue: new InFlightGauge(registry, clock, {
      name: 'apiserver_current_inqueue_requests',
      help: 'Most requests that waited at a time within the last second.',
      stability: 'ALPHA',
    }),
    observeHealth(name, type, isWell) {
      healthy.set([name, type], isWell ? 1 : 0);
      healthChecks.add([name, type, isWell ? 'success' : 'error']);
    },
  };
}

type RequestFamilies = Pick<
  ServerMetrics,
  | 'requests'
  | 'selfRequests'
  | 'durations'
  | 'indicatorDurations'
  | 'responseSizes'
  | 'longRunning'
  | 'deprecatedRequests'
  | 'fieldValidations'
>;

function requestFamilies(registry: MetricRegistry): RequestFamilies {
  return {
    requests: registry.counter({
      name: 'apiserver_request_total',
      help: 'Requests that were answered, by what they were about, the code of the answer and which component asked.',
      stability: 'STABLE',
      labels: [...requestLabels, 'code', 'system_client'],
    }),
    selfRequests: registry.counter({
      name: 'apiserver_selfrequest_total',
      help: 'Requests of the server to itself.',
      stability: 'ALPHA',
      labels: ['verb', 'group', 'resource', 'subresource'],
    }),
    durations: registry.histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Seconds from a request to its answer.',
      stability: 'STABLE',
      labels: requestLabels,
      buckets: durationBuckets,
    }),
    indicatorDurations: registry.histogram({
      name: 'apiserver_request_sli_duration_seconds',
      help: 'Seconds from a request to its answer, dry runs left out.',
      stability: 'ALPHA',
      labels: routeLabels,
      buckets: durationBuckets.slice(2),
    }),
    responseSizes: registry.histogram({
      name: 'apiserver_response_sizes',
      help: 'Bytes of the answers to reads.',
      stability: 'STABLE',
      labels: routeLabels,
      buckets: [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9],
    }),
    fieldValidations: registry.histogram({
      name: 'field_validation_request_duration_seconds',
      help: 'Seconds from a request to its answer, by how it asks fields to be checked.',
      stability: 'ALPHA',
      labels: ['field_validation'],
      buckets: durationBuckets.slice(2),
    }),
    longRunning: registry.gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches and other long requests that are under way.',
      stability: 'STABLE',
      labels: routeLabels,
    }),
    deprecatedRequests: registry.gauge({
      name: 'apiserver_requested_deprecated_apis',
      help: 'Deprecated APIs that somebody has asked for.',
      stability: 'STABLE',
      labels: ['group', 'version', 'resource', 'subresource', 'removed_release'],
    }),
  };
}

function watchFamilies(
  registry: MetricRegistry,
): Pick<ServerMetrics, 'watchEvents' | 'watchEventSizes' | 'watchLists'> {
  const labels = ['group', 'version', 'resource'];
  return {
    watchLists: registry.histogram({
      name: 'apiserver_watch_list_duration_seconds',
      help: 'Seconds until watches that begin with what there is had shown it.',
      stability: 'BETA',
      labels: [...labels, 'scope'],
      buckets: [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
    }),
    watchEvents: registry.counter({
      name: 'apiserver_watch_events_total',
      help: 'Events that were sent to watches.',
      stability: 'ALPHA',
      labels,
    }),
    watchEventSizes: registry.histogram({
      name: 'apiserver_watch_events_sizes',
      help: 'Bytes of the events that were sent to watches.',
      stability: 'ALPHA',
      labels,
      buckets: Array.from({ length: 8 }, (_, index) => 1024 * 2 ** index),
    }),
  };
}

type AccessFamilies = Pick<
  ServerMetrics,
  | 'authentications'
  | 'userRequests'
  | 'authorizations'
  | 'auditEvents'
  | 'auditErrors'
  | 'auditLevels'
  | 'auditRejections'
>;

function accessFamilies(registry: MetricRegistry): AccessFamilies {
  const auditEvents = registry.counter({
    name: 'apiserver_audit_event_total',
    help: 'Audit events that were written.',
    stability: 'ALPHA',
  });
  auditEvents.add([], 0);
  const auditRejections = registry.counter({
    name: 'apiserver_audit_requests_rejected_total',
    help: 'Requests that were refused because they could not be kept in the audit log.',
    stability: 'ALPHA',
  });
  auditRejections.add([], 0);
  return {
    auditEvents,
    auditErrors: registry.counter({
      name: 'apiserver_audit_error_total',
      help: 'Audit events that were lost, by the part that lost them.',
      stability: 'ALPHA',
      labels: ['plugin'],
    }),
    auditRejections,
    auditLevels: registry.counter({
      name: 'apiserver_audit_level_total',
      help: 'Requests by the level that the audit policy has for them.',
      stability: 'ALPHA',
      labels: ['level'],
    }),
    authentications: registry.counter({
      name: 'authentication_attempts',
      help: 'Attempts to authenticate, by their result.',
      stability: 'ALPHA',
      labels: ['result'],
    }),
    userRequests: registry.counter({
      name: 'authenticated_user_requests',
      help: 'Requests with credentials that held, by user; only what names no person is told apart.',
      stability: 'ALPHA',
      labels: ['username'],
    }),
    authorizations: registry.counter({
      name: 'authorization_attempts_total',
      help: 'Questions to the authorizers, by their answer.',
      stability: 'ALPHA',
      labels: ['result'],
    }),
  };
}

export type RequestKind = 'readOnly' | 'mutating';

const windowMillis = 1000;

/** How many requests were worked on, or waited, at most within the last second. */
export class InFlightGauge {
  readonly #clock: Clock;
  readonly #kinds = new Map<RequestKind, { current: number; highest: number; previous: number; since: number }>();

  constructor(registry: MetricRegistry, clock: Clock, family: MetricOptions) {
    this.#clock = clock;
    for (const kind of ['readOnly', 'mutating'] as const) {
      this.#kinds.set(kind, { current: 0, highest: 0, previous: 0, since: clock.now() });
    }
    const gauge = registry.gauge({ ...family, labels: ['request_kind'] });
    registry.onShow(() => {
      for (const kind of this.#kinds.keys()) {
        this.change(kind, 0);
        const window = this.#kinds.get(kind);
        gauge.set([kind], Math.max(window?.highest ?? 0, window?.previous ?? 0));
      }
    });
  }

  change(kind: RequestKind, by: number): void {
    const window = this.#kinds.get(kind);
    if (window === undefined) return;
    const now = this.#clock.now();
    if (now - window.since >= windowMillis) {
      window.previous = now - window.since < 2 * windowMillis ? window.highest : window.current;
      window.highest = window.current;
      window.since = now;
    }
    window.current += by;
    window.highest = Math.max(window.highest, window.current);
  }
}

/** Sets, whenever they are shown, how many objects of each resource are stored. */
export function countStoredObjects(metrics: ServerMetrics, resources: ResourceRegistry, storage: Storage): void {
  const objects = metrics.registry.gauge({
    name: 'apiserver_resource_objects',
    help: 'Objects that are stored, by resource.',
    stability: 'ALPHA',
    labels: ['group', 'resource'],
  });
  // The same by one name, deprecated since 1.34.
  const byName = metrics.registry.gauge({
    name: 'apiserver_storage_objects',
    help: '[DEPRECATED, consider using apiserver_resource_objects instead] Objects that are stored, by resource.',
    stability: 'STABLE',
    deprecatedSince: '1.34.0',
    labels: ['resource'],
  });
  const size = metrics.registry.gauge({
    name: 'apiserver_storage_size_bytes',
    help: 'Bytes that the database takes.',
    stability: 'STABLE',
    labels: ['storage_cluster_id'],
  });
  metrics.registry.onShow(async () => {
    size.set(['etcd-0'], await storage.size());
    objects.clear();
    byName.clear();
    for (const resource of resources.all()) {
      const { group, resource: name, verbs } = resource.definition;
      if (!verbs.includes('list')) continue;
      const count = await storage.count(listPrefix(resource, ''));
      objects.set([group, name], count);
      byName.set([group === '' ? name : `${name}.${group}`], count);
    }
  });
}

/** What runs, and as what process. */
export function describeProgram(metrics: ServerMetrics, version: VersionInfo, stats: () => ProcessStats): void {
  const { registry } = metrics;
  metrics.startTimeSeconds = () => stats().startTimeSeconds;
  const build: readonly (readonly [label: string, value: string])[] = [
    ['major', version.major],
    ['minor', version.minor],
    ['git_version', version.gitVersion],
    ['git_commit', version.gitCommit],
    ['git_tree_state', version.gitTreeState],
    ['build_date', version.buildDate],
    ['go_version', version.goVersion],
    ['compiler', version.compiler],
    ['platform', version.platform],
  ];
  const info = registry.gauge({
    name: 'kubernetes_build_info',
    help: 'Always 1; the labels say what was built.',
    stability: 'BETA',
    labels: build.map(([label]) => label),
  });
  info.set(
    build.map(([, value]) => value),
    1,
  );
  const facts: readonly (readonly [name: string, help: string, value: (now: ProcessStats) => number | undefined])[] = [
    ['process_start_time_seconds', 'When the process started, in Unix time.', (now) => now.startTimeSeconds],
    ['process_resident_memory_bytes', 'Memory that is in use.', (now) => now.residentBytes],
    ['process_virtual_memory_bytes', 'Address space that is in use.', (now) => now.virtualBytes],
    ['process_virtual_memory_max_bytes', 'Address space that may be in use.', (now) => now.maxVirtualBytes],
    ['process_open_fds', 'Files that are open.', (now) => now.openFiles],
    ['process_max_fds', 'Files that may be open.', (now) => now.maxFiles],
  ];
  const gauges = facts.map(([name, help, value]) => ({ gauge: registry.gauge({ name, help }), value }));
  const startedAt = metrics.indicators.gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, in Unix time.',
    stability: 'ALPHA',
  });
  metrics.indicators.onShow(() => {
    const { startTimeSeconds } = stats();
    if (startTimeSeconds !== undefined) startedAt.set([], startTimeSeconds);
  });
  const versions = registry.gauge({
    name: 'version_info',
    help: 'Always 1; the labels say which version this is, and which ones it works like and with.',
    stability: 'ALPHA',
    labels: ['binary', 'component', 'emulation', 'min_compat'],
  });
  const emulated = `${version.emulationMajor}.${version.emulationMinor}`;
  const compatible = `${version.minCompatibilityMajor}.${version.minCompatibilityMinor}`;
  versions.set([version.gitVersion.replace(/^v/, ''), 'kube', emulated, compatible], 1);
  const totals: readonly (readonly [name: string, help: string, value: (now: ProcessStats) => number | undefined])[] = [
    ['process_cpu_seconds_total', 'Seconds of work of the processors.', (now) => now.cpuSeconds],
    ['process_network_receive_bytes_total', 'Bytes that came over the network.', (now) => now.receivedBytes],
    ['process_network_transmit_bytes_total', 'Bytes that went over the network.', (now) => now.sentBytes],
  ];
  const counters = totals.map(([name, help, value]) => ({
    counter: registry.counter({ name, help }),
    value,
    counted: 0,
  }));
  registry.onShow(() => {
    const now = stats();
    for (const { gauge, value } of gauges) {
      const current = value(now);
      if (current !== undefined) gauge.set([], current);
    }
    for (const total of counters) {
      const current = total.value(now);
      if (current === undefined) continue;
      total.counter.add([], current - total.counted);
      total.counted = current;
    }
  });
}
