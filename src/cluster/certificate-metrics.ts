import type { Counter, MetricRegistry } from '../control-plane/apiserver/metrics/metric-registry.ts';

/** Counts certificates of webhooks that are refused. Webhooks are there before the server whose metrics these are: `bind` tells. */
export class CertificateMetrics {
  #legacyNames: Counter | undefined;

  bind(registry: MetricRegistry): void {
    this.#legacyNames = registry.counter({
      name: 'apiserver_webhooks_x509_missing_san_total',
      help: 'Certificates of webhooks that were refused because they name the webhook in their subject alone.',
      stability: 'ALPHA',
    });
    this.#legacyNames.add([], 0);
  }

  legacyName(): void {
    this.#legacyNames?.add([]);
  }
}
