import { formatGroupResource } from '../apimachinery/gvk.ts';
import type { GroupResource } from '../apimachinery/status.ts';
import type { Counter, Histogram, MetricRegistry } from '../control-plane/apiserver/metrics/metric-registry.ts';
import type { Transformation } from '../control-plane/storage/value-encryption.ts';
import type { MetricsOwner } from './authentication-metrics.ts';
import { type ConfigurationLoaded, configurationMetrics } from './configuration-metrics.ts';

/** Told of what is encrypted, and of the file that says how. */
export interface EncryptionObserver {
  readonly loaded: ConfigurationLoaded;
  transformed(resource: GroupResource, done: Transformation, seconds: number): void;
}

interface Families {
  readonly loaded: ConfigurationLoaded;
  readonly operations: Counter;
  readonly durations: Histogram;
}

/** Counts what is encrypted and decrypted. The store is there before the server whose metrics these are: `bind` tells. */
export class EncryptionMetrics implements EncryptionObserver {
  #families: Families | undefined;
  #initial: string | undefined;

  bind(registry: MetricRegistry, owner: MetricsOwner): void {
    if (this.#initial === undefined) return;
    const prefix = 'apiserver_encryption_config_controller';
    this.#families = {
      loaded: configurationMetrics(registry, { ...owner, prefix, stability: 'ALPHA' }),
      operations: registry.counter({
        name: 'apiserver_storage_transformation_operations_total',
        help: 'Values that were encrypted or decrypted, by how that went.',
        stability: 'ALPHA',
        labels: ['resource', 'transformation_type', 'transformer_prefix', 'status'],
      }),
      durations: registry.histogram({
        name: 'apiserver_storage_transformation_duration_seconds',
        help: 'Seconds that encrypting or decrypting a value took.',
        stability: 'ALPHA',
        labels: ['transformation_type', 'transformer_prefix'],
        buckets: Array.from({ length: 25 }, (_, index) => 5e-6 * 2 ** index),
      }),
    };
    this.#families.loaded(this.#initial, false);
  }

  loaded(content: string | undefined, isReload: boolean): void {
    if (!isReload) this.#initial = content;
    this.#families?.loaded(content, isReload);
  }

  transformed(resource: GroupResource, { direction, prefixes, isWell }: Transformation, seconds: number): void {
    for (const prefix of prefixes) {
      const status = isWell ? 'OK' : 'Unknown';
      this.#families?.operations.add([formatGroupResource(resource), direction, prefix, status]);
      if (isWell) this.#families?.durations.observe([direction, prefix], seconds);
    }
  }
}
