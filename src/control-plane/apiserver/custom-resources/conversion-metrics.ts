import type { MetricRegistry } from '../metrics/metric-registry.ts';

/** Why a conversion by webhook came to nothing; the empty string for one that did not fail. */
export type ConversionFailure =
  | ''
  | 'conversion_webhook_call_failure'
  | 'conversion_webhook_malformed_response_failure'
  | 'conversion_webhook_partial_response_failure'
  | 'conversion_webhook_invalid_converted_object_failure';

/** What is counted of conversions by webhook, by the names of kube-apiserver 1.36. */
export interface ConversionMetrics {
  /** One question to a webhook and what became of it. */
  observeRequest(failure: ConversionFailure, seconds: number): void;
  /** Objects of one version of a definition converted to another. */
  observeConversion(crd: string, from: string, to: string, succeeded: boolean, seconds: number): void;
}

const requestBuckets = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 60];
const conversionBuckets = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);

/** Counts in a server's metrics. */
export function conversionMetrics(registry: MetricRegistry): ConversionMetrics {
  const labels = ['failure_type', 'result'];
  const requests = registry.counter({
    name: 'apiserver_conversion_webhook_request_total',
    help: 'Questions to conversion webhooks, by success or failure and the kind of failure.',
    stability: 'ALPHA',
    labels,
  });
  const durations = registry.histogram({
    name: 'apiserver_conversion_webhook_duration_seconds',
    help: 'Seconds until a conversion webhook has answered.',
    stability: 'ALPHA',
    labels,
    buckets: requestBuckets,
  });
  const conversions = registry.histogram({
    name: 'apiserver_crd_conversion_webhook_duration_seconds',
    help: 'Seconds that conversions of custom resources by webhook take.',
    stability: 'ALPHA',
    labels: ['crd_name', 'from_version', 'succeeded', 'to_version'],
    buckets: conversionBuckets,
  });
  return {
    observeRequest(failure, seconds) {
      const values = [failure, failure === '' ? 'success' : 'failure'];
      requests.add(values);
      durations.observe(values, seconds);
    },
    observeConversion: (crd, from, to, succeeded, seconds) =>
      conversions.observe([crd, from, String(succeeded), to], seconds),
  };
}

/** Counts nothing. */
export const noConversionMetrics: ConversionMetrics = {
  observeRequest: () => undefined,
  observeConversion: () => undefined,
};
