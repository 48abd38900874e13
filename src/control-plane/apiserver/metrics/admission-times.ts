import type { Clock } from '../../../system/clock.ts';
import type { AdmissionChain } from '../endpoints/admission.ts';
import type { AdmissionAttributes } from '../../admission/admission-plugin.ts';
import type { MetricRegistry } from './metric-registry.ts';

const buckets: readonly number[] = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

/** The same chain, which measures how long its two steps take, what is refused told apart. */
export function measuredAdmission(chain: AdmissionChain, registry: MetricRegistry, clock: Clock): AdmissionChain {
  const times = registry.histogram({
    name: 'apiserver_admission_step_admission_duration_seconds',
    help: 'Seconds that the steps of admission took.',
    stability: 'STABLE',
    labels: ['type', 'operation', 'rejected'],
    buckets,
  });
  const recent = registry.summary({
    name: 'apiserver_admission_step_admission_duration_seconds_summary',
    help: 'Seconds that the steps of admission took in the last five hours.',
    stability: 'ALPHA',
    labels: ['type', 'operation', 'rejected'],
    maxAgeSeconds: 5 * 3600,
    clock,
  });
  const measure = async (type: string, request: AdmissionAttributes, step: () => Promise<void>): Promise<void> => {
    const begun = clock.now();
    let isRejected = true;
    try {
      await step();
      isRejected = false;
    } finally {
      const labels = [type, request.operation, String(isRejected)];
      const seconds = (clock.now() - begun) / 1000;
      times.observe(labels, seconds);
      recent.observe(labels, seconds);
    }
  };
  return {
    mutate: (request) => measure('admit', request, () => chain.mutate(request)),
    validate: (request) => measure('validate', request, () => chain.validate(request)),
  };
}
