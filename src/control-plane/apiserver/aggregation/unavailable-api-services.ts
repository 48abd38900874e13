import type { APIService } from '../../../api/types/apiregistration-v1.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';

/** Sets, whenever metrics are shown, which APIServices cannot be used at the moment: 1 for those, 0 for the others. */
export function countUnavailableApiServices(registry: MetricRegistry, apiServices: () => readonly APIService[]): void {
  const unavailable = registry.gauge({
    name: 'aggregator_unavailable_apiservice',
    help: 'Which APIServices cannot be used.',
    stability: 'ALPHA',
    labels: ['name'],
  });
  registry.onShow(() => {
    unavailable.clear();
    for (const { metadata, status } of apiServices()) {
      const isAvailable = (status?.conditions ?? []).some(
        (condition) => condition.type === 'Available' && condition.status === 'True',
      );
      unavailable.set([metadata.name ?? ''], isAvailable ? 0 : 1);
    }
  });
}
