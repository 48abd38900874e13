import type { Clock } from '../../../system/clock.ts';
import type { RuleTimes } from '../custom-resources/custom-strategy.ts';
import { type MetricRegistry, usualBuckets } from './metric-registry.ts';

/** Measures the validation rules of custom resources, by the names of kube-apiserver 1.36. */
export function celMetrics(registry: MetricRegistry, clock: Clock): RuleTimes {
  const times = (name: string, help: string): (<T>(work: () => T) => T) => {
    const observe = registry
      .histogram({ name: `apiserver_cel_${name}_duration_seconds`, help, stability: 'BETA', buckets: usualBuckets })
      .bind([]);
    return (work) => {
      const begun = clock.now();
      try {
        return work();
      } finally {
        observe((clock.now() - begun) / 1000);
      }
    };
  };
  return {
    compile: times('compilation', 'Seconds that it took to compile the rules of a schema.'),
    evaluate: times('evaluation', 'Seconds that it took to evaluate the rules of an object.'),
  };
}
