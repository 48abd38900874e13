import { createHash } from 'node:crypto';
import type { MetricRegistry, StabilityLevel } from '../control-plane/apiserver/metrics/metric-registry.ts';
import type { Clock } from '../system/clock.ts';

/** Told when a file that may change was read. @param content that is in force from now on; undefined for a fault */
export type ConfigurationLoaded = (content: string | undefined, isReload: boolean) => void;

export interface ConfigurationMetricsOptions {
  /** What the names of the metrics begin with, without the `_` behind. */
  readonly prefix: string;
  readonly stability: StabilityLevel;
  /** The server's, by which its metrics are told from those of others. */
  readonly identity: string;
  readonly clock: Clock;
}

/** Counts how often a file of the server was read again, and tells which one is in force. */
export function configurationMetrics(
  registry: MetricRegistry,
  options: ConfigurationMetricsOptions,
): ConfigurationLoaded {
  const { prefix, stability, identity, clock } = options;
  const byStatus = { stability, labels: ['status', 'apiserver_id_hash'] } as const;
  const reloads = registry.counter({
    ...byStatus,
    name: `${prefix}_automatic_reloads_total`,
    help: 'How often the file was read again, by how that went.',
  });
  const times = registry.gauge({
    ...byStatus,
    name: `${prefix}_automatic_reload_last_timestamp_seconds`,
    help: 'When the file was last read again, by how that went.',
  });
  const info = registry.gauge({
    name: `${prefix}_last_config_info`,
    help: 'Which file is in force, by its hash.',
    stability: 'ALPHA',
    labels: ['apiserver_id_hash', 'hash'],
  });
  const own = metricHash(identity);
  return (content, isReload) => {
    const status = content === undefined ? 'failure' : 'success';
    if (isReload) {
      reloads.add([status, own]);
      times.set([status, own], clock.now() / 1000);
    }
    if (content === undefined) return;
    info.clear();
    info.set([own, metricHash(content)], 1);
  };
}

/** How labels of metrics name what may be long or secret. */
export function metricHash(text: string): string {
  return text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
