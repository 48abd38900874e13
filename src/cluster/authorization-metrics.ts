import { type MetricRegistry, usualBuckets } from '../control-plane/apiserver/metrics/metric-registry.ts';
import type { WebhookObserver } from '../control-plane/authorization/webhook-authorizer.ts';
import type { Clock } from '../system/clock.ts';
import { type ConfigurationLoaded, configurationMetrics } from './configuration-metrics.ts';

/** Told what authorizers do. */
export interface AuthorizationObserver {
  decided(type: string, name: string, decision: 'allowed' | 'denied'): void;
  /** What a webhook tells of itself. */
  webhook(name: string): WebhookObserver;
  /** --authorization-config was read. @param content that is in force from now on; undefined when it is not, for a fault */
  loaded(content: string | undefined, isReload: boolean): void;
}

type Tell = (observer: AuthorizationObserver) => void;

/**
 * Counts what authorizers decide and how webhooks do. Authorizers are there before the server whose metrics these are;
 * `bind` tells, and what was to be told before is told then.
 */
export class AuthorizationMetrics implements AuthorizationObserver {
  #bound: AuthorizationObserver | undefined;
  readonly #waiting: Tell[] = [];

  /** @param identity the server's, by which its metrics are told from those of others */
  bind(registry: MetricRegistry, identity: string, clock: Clock): void {
    this.#bound = boundObserver(registry, identity, clock);
    for (const tell of this.#waiting.splice(0)) tell(this.#bound);
  }

  decided(type: string, name: string, decision: 'allowed' | 'denied'): void {
    this.#tell((observer) => observer.decided(type, name, decision));
  }

  webhook(name: string): WebhookObserver {
    const tell = (what: (observer: WebhookObserver) => void): void =>
      this.#tell((observer) => what(observer.webhook(name)));
    return {
      evaluated: (result, seconds) => tell((observer) => observer.evaluated(result, seconds)),
      failedOpen: (result) => tell((observer) => observer.failedOpen(result)),
      matched: (seconds, outcome) => tell((observer) => observer.matched(seconds, outcome)),
    };
  }

  loaded(content: string | undefined, isReload: boolean): void {
    this.#tell((observer) => observer.loaded(content, isReload));
  }

  #tell(what: Tell): void {
    if (this.#bound === undefined) this.#waiting.push(what);
    else what(this.#bound);
  }
}

const prefix = 'apiserver_authorization_';
const stability = 'ALPHA';

function boundObserver(registry: MetricRegistry, identity: string, clock: Clock): AuthorizationObserver {
  const decisions = registry.counter({
    name: `${prefix}decisions_total`,
    help: 'Questions that an authorizer has decided, by its type, its name and the decision.',
    stability,
    labels: ['decision', 'name', 'type'],
  });
  // As in the real server, families of webhooks and of the file are there when these are.
  let webhooks: ReturnType<typeof webhookFamilies> | undefined;
  let configuration: ConfigurationLoaded | undefined;
  return {
    decided: (type, name, decision) => decisions.add([decision, name, type]),
    webhook(name) {
      webhooks ??= webhookFamilies(registry);
      const { evaluations, durations, failures, conditions } = webhooks;
      return {
        evaluated(result, seconds) {
          evaluations.add([name, result]);
          durations.observe([name, result], seconds);
        },
        failedOpen: (result) => failures.add([name, result]),
        matched(seconds, outcome) {
          const labels = ['Webhook', name];
          conditions.seconds.observe(labels, seconds);
          if (outcome === 'error') conditions.errors.add(labels);
          if (outcome === 'excluded') conditions.exclusions.add(labels);
        },
      };
    },
    loaded(content, isReload) {
      const configurationPrefix = `${prefix}config_controller`;
      configuration ??= configurationMetrics(registry, {
        prefix: configurationPrefix,
        stability: 'BETA',
        identity,
        clock,
      });
      configuration(content, isReload);
    },
  };
}

function webhookFamilies(registry: MetricRegistry) {
  const byResult = { stability, labels: ['name', 'result'] } as const;
  const byAuthorizer = { stability, labels: ['type', 'name'] } as const;
  return {
    evaluations: registry.counter({
      ...byResult,
      name: `${prefix}webhook_evaluations_total`,
      help: 'Questions to webhooks, by how that went.',
    }),
    durations: registry.histogram({
      ...byResult,
      name: `${prefix}webhook_duration_seconds`,
      help: 'Seconds until a webhook had answered, or not.',
      buckets: usualBuckets,
    }),
    failures: registry.counter({
      ...byResult,
      name: `${prefix}webhook_evaluations_fail_open_total`,
      help: 'Questions that others decided because a webhook failed.',
    }),
    conditions: {
      seconds: registry.histogram({
        ...byAuthorizer,
        name: `${prefix}match_condition_evaluation_seconds`,
        help: 'Seconds that the match conditions of a webhook took.',
        buckets: [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
      }),
      errors: registry.counter({
        ...byAuthorizer,
        name: `${prefix}match_condition_evaluation_errors_total`,
        help: 'Questions for which a match condition could not be evaluated.',
      }),
      exclusions: registry.counter({
        ...byAuthorizer,
        name: `${prefix}match_condition_exclusions_total`,
        help: 'Questions that a webhook was not asked because a match condition said no.',
      }),
    },
  };
}
