import type { Counter, MetricRegistry } from './metric-registry.ts';

/** Counts requests for logs of pods by whether the kubelet has to prove who it is. Nothing before `bind`. */
export class PodLogCounts {
  #requests: Counter | undefined;
  #failures: Counter | undefined;

  bind(registry: MetricRegistry): void {
    const family = (name: string, help: string, labels: readonly string[]): Counter =>
      registry.counter({ name: `kube_apiserver_pod_logs_${name}_total`, help, stability: 'ALPHA', labels });
    this.#requests = family('insecure_backend', 'Requests for logs, by whether the certificate may be any.', ['usage']);
    this.#failures = family('backend_tls_failure', 'Requests for logs that a certificate stood against.', []);
    this.#failures.add([], 0);
  }

  asked(skipsTlsVerify: boolean): void {
    this.#requests?.add([skipsTlsVerify ? 'skip_tls_allowed' : 'enforce_tls']);
  }

  /** Notes what kept a log from being read, where it was a certificate. */
  failed(error: unknown): void {
    const { code } = error as { readonly code?: unknown };
    if (typeof code === 'string' && /CERT|_SIGNATURE|ALTNAME/.test(code)) this.#failures?.add([]);
  }
}
