import { messageOf } from '../../apimachinery/error-message.ts';
import { type Clock, sleep } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { Storage } from '../storage/storage.ts';
import { everyHealthEndpoint, type HealthCheck } from './health.ts';

/** What starting up consists of, in the order and with the names that the real server lists. */
export const startupSteps = [
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/generic-apiserver-start-informers',
  'poststarthook/priority-and-fairness-config-consumer',
  'poststarthook/priority-and-fairness-filter',
  'poststarthook/storage-object-count-tracker-hook',
  'poststarthook/start-apiextensions-informers',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/peer-endpoint-reconciler-controller',
  'poststarthook/start-cluster-authentication-info-controller',
  'poststarthook/start-kube-apiserver-identity-lease-controller',
  'poststarthook/start-kube-apiserver-identity-lease-garbage-collector',
  'poststarthook/storage-readiness',
  'poststarthook/start-legacy-token-tracking-controller',
  'poststarthook/start-service-ip-repair-controllers',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
  'poststarthook/priority-and-fairness-config-producer',
  'poststarthook/bootstrap-controller',
  'poststarthook/start-kubernetes-service-cidr-controller',
  'poststarthook/aggregator-reload-proxy-client-cert',
  'poststarthook/start-kube-aggregator-informers',
  'poststarthook/apiservice-status-local-available-controller',
  'poststarthook/apiservice-status-remote-available-controller',
  'poststarthook/apiservice-registration-controller',
  'poststarthook/apiservice-wait-for-first-sync',
  'poststarthook/apiservice-discovery-controller',
  'poststarthook/kube-apiserver-autoregistration',
  'autoregister-completion',
  'poststarthook/apiservice-openapi-controller',
  'poststarthook/apiservice-openapiv3-controller',
] as const;

/** The name of a step of starting up. */
export type StartupStep = (typeof startupSteps)[number];

/** Which steps of starting up are done: each is a health check that fails until it is. */
export class StartupProgress {
  readonly #done = new Set<StartupStep>();

  /** One check per step, asked by all endpoints. */
  readonly checks: readonly HealthCheck[];

  /** @param isExcused whether liveness does not ask yet: starting up may take so long */
  constructor(isExcused: () => boolean = () => false) {
    this.checks = startupSteps.flatMap((name) => {
      const check = (): void => {
        if (!this.#done.has(name)) throw new Error('not finished');
      };
      return [
        { name, endpoints: ['healthz', 'readyz'], check },
        { name, endpoints: ['livez'], check: () => (isExcused() ? undefined : check()) },
      ];
    });
  }

  /** Marks a step as done. */
  finish(step: StartupStep): void {
    this.#done.add(step);
  }
}

const logIntervalMillis = 60_000;
const storageTimeoutMillis = 2000;

/** Whether what is logged gets written: a flush is asked for each minute, and may be late by one more. */
export function logCheck(log: Logger, clock: Clock): HealthCheck {
  let verifiedAt: number | undefined;
  const verify = async (): Promise<void> => {
    await log.flush?.();
    verifiedAt = clock.now();
    clock.setTimer(() => void verify(), logIntervalMillis, { unref: true });
  };
  return {
    name: 'log',
    endpoints: everyHealthEndpoint,
    check() {
      if (verifiedAt === undefined) {
        verifiedAt = clock.now();
        void verify();
      }
      if (clock.now() - verifiedAt >= 2 * logIntervalMillis) throw new Error('logging blocked');
    },
  };
}

/** Whether the storage answers: `etcd` for all endpoints and `etcd-readiness` for readiness, as the real ones are. */
export function storageChecks(storage: Storage, clock: Clock): readonly HealthCheck[] {
  const check = async (): Promise<void> => {
    const done = new AbortController();
    const late = sleep(clock, storageTimeoutMillis, done.signal).then((whole) =>
      whole ? Promise.reject(new Error('context deadline exceeded')) : undefined,
    );
    try {
      await Promise.race([storage.get('health'), late]);
    } catch (error) {
      const reason = messageOf(error);
      throw new Error(`error getting data from etcd: ${reason}`, { cause: error });
    } finally {
      done.abort();
    }
  };
  return [
    { name: 'etcd', group: 'etcd', endpoints: everyHealthEndpoint, check },
    { name: 'etcd-readiness', group: 'etcd-readiness', endpoints: ['readyz'], check },
  ];
}

/** Whether the server can still reach itself: it does so within the process, without a certificate that could expire. */
export const loopbackCheck: HealthCheck = {
  name: 'loopback-serving-certificate',
  endpoints: ['healthz', 'livez'],
  check: () => undefined,
};

/** Readiness that waits for local copies; `unsynced` names the kinds of which there is none yet. */
export function informerSyncCheck(unsynced: () => readonly string[]): HealthCheck {
  return {
    name: 'informer-sync',
    endpoints: ['readyz'],
    check() {
      const missing = unsynced();
      if (missing.length > 0) {
        throw new Error(`${missing.length} informers not started yet: [${missing.join(' ')}]`);
      }
    },
  };
}

/** Readiness that ends when the server begins to shut down, so that load balancers turn away before it is gone. */
export function shutdownCheck(isShuttingDown: () => boolean): HealthCheck {
  return {
    name: 'shutdown',
    endpoints: ['readyz'],
    check() {
      if (isShuttingDown()) throw new Error('process is shutting down');
    },
  };
}
