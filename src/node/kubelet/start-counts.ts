import type { Pod } from '../../api/types/core-v1.ts';
import type { MetricFamily, MetricSample } from './usage/metric-text.ts';

/** How often pods and containers of a node were started, and how often that failed. */
export class StartCounts {
  #pods = 0;
  #podErrors = 0;
  #namespaced = 0;
  #namespacedErrors = 0;
  /** Pods with users of their own that were started once, of which nothing has failed yet. */
  readonly #fresh = new Set<string>();
  readonly #containers = new Map<string, number>();
  readonly #containerErrors = new Map<string, Map<string, number>>();

  /** A sandbox for a pod is asked for. */
  pod({ metadata, spec }: Pod): void {
    this.#pods++;
    if (spec?.hostUsers !== false) return;
    this.#namespaced++;
    this.#fresh.add(metadata.uid ?? '');
  }

  /** There is none. */
  podFailed(pod: Pod): void {
    this.#podErrors++;
    this.#somethingFailed(pod);
  }

  /** A container is to be started. @param kind `container`, `init_container`, `ephemeral_container` */
  container(kind: string): void {
    this.#containers.set(kind, (this.#containers.get(kind) ?? 0) + 1);
  }

  /** It is not. @param code the reason that its status tells */
  containerFailed(pod: Pod, kind: string, code: string): void {
    const ofKind = this.#containerErrors.get(kind) ?? new Map<string, number>();
    this.#containerErrors.set(kind, ofKind.set(code, (ofKind.get(code) ?? 0) + 1));
    this.#somethingFailed(pod);
  }

  /** The metrics that tell of it. */
  get families(): readonly MetricFamily[] {
    const counter = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
      name: `kubelet_started_${name}_total`,
      help,
      type: 'counter',
      stability: 'ALPHA',
      samples,
    });
    const ofKinds = [...this.#containers].map(([kind, count]): MetricSample => [{ container_type: kind }, count]);
    const errors = [...this.#containerErrors].flatMap(([kind, codes]) =>
      [...codes].map(([code, count]): MetricSample => [{ container_type: kind, code }, count]),
    );
    return [
      counter('pods', 'Pods that were started.', [[{}, this.#pods]]),
      counter('pods_errors', 'Pods that could not be started.', [[{}, this.#podErrors]]),
      counter('containers', 'Containers that were started.', ofKinds),
      counter('containers_errors', 'Containers that could not be started.', errors),
      counter('user_namespaced_pods', 'Pods with users of their own that were started.', [[{}, this.#namespaced]]),
      counter('user_namespaced_pods_errors', 'Pods with users of their own that could not be started.', [
        [{}, this.#namespacedErrors],
      ]),
    ];
  }

  /** The pod is gone. */
  forget({ metadata }: Pod): void {
    this.#fresh.delete(metadata.uid ?? '');
  }

  #somethingFailed({ metadata }: Pod): void {
    if (this.#fresh.delete(metadata.uid ?? '')) this.#namespacedErrors++;
  }
}
