import { parseDuration } from '../../apimachinery/duration.ts';
import { type LabelSelector, parseLabelSelector } from '../../apimachinery/labels.ts';

/** How metrics-server is to run. */
export interface MetricsServerSettings {
  readonly resolutionMillis: number;
  readonly kubeletTimeoutSeconds: number;
  readonly kubeletPort: number;
  readonly usesNodeStatusPort: boolean;
  /** Kubelets' certificates are taken as they are. */
  readonly trustsAnyKubelet: boolean;
  /** A file with the authority that kubelets' certificates must be from; that of the cluster when absent. */
  readonly kubeletAuthority: string | undefined;
  readonly addressTypes: readonly string[];
  readonly nodeSelector: LabelSelector;
}

/** Flags that are read here or where the server listens. */
const read: ReadonlySet<string> = new Set([
  'kubelet-certificate-authority',
  'kubelet-insecure-tls',
  'kubelet-port',
  'kubelet-preferred-address-types',
  'kubelet-request-timeout',
  'kubelet-use-node-status-port',
  'l',
  'metric-resolution',
  'node-selector',
  'secure-port',
  'tls-cert-file',
  'tls-private-key-file',
]);

/** Flags that change nothing here: there is nothing that they are about. */
const idle =
  /^(?:audit-.*|authentication-.*|authorization-.*|bind-address|cert-dir|client-ca-file|contention-profiling|debug-socket-path|enable-priority-and-fairness|http2-max-streams-per-connection|log-.*|logging-format|permit-.*|profiling|requestheader-.*|tls-(?:cipher-suites|min-version)|v|vmodule)$/;

const defaultAddressTypes = ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'];

/** @throws Error in the words of metrics-server for what it refuses; for what is not done here one that says so */
export function metricsServerSettings(flags: ReadonlyMap<string, string>): MetricsServerSettings {
  for (const name of flags.keys()) {
    if (!read.has(name) && !idle.test(name)) throw new Error(`--${name} is not known to the simulated metrics-server`);
  }
  const isOn = (name: string): boolean => !['', 'false', '0'].includes(flags.get(name) ?? '');
  const resolution = flags.get('metric-resolution') ?? '60s';
  const timeout = flags.get('kubelet-request-timeout') ?? '10s';
  const [resolutionMillis, timeoutMillis] = [parseDuration(resolution), parseDuration(timeout)];
  if (timeoutMillis <= 0) throw new Error('kubelet-request-timeout should be positive');
  if (resolutionMillis < 10_000) {
    throw new Error(`metric-resolution should be a time duration at least 10s, but value ${resolution} provided`);
  }
  if (resolutionMillis * 0.9 < timeoutMillis) {
    throw new Error(
      `metric-resolution should be larger than kubelet-request-timeout, but metric-resolution value ${resolution} kubelet-request-timeout value ${timeout} provided`,
    );
  }
  const kubeletAuthority = flags.get('kubelet-certificate-authority');
  if (kubeletAuthority !== undefined && isOn('kubelet-insecure-tls')) {
    throw new Error('cannot use both --kubelet-certificate-authority and --kubelet-insecure-tls');
  }
  return {
    resolutionMillis,
    kubeletTimeoutSeconds: timeoutMillis / 1000,
    kubeletPort: Number(flags.get('kubelet-port') ?? 10_250),
    usesNodeStatusPort: isOn('kubelet-use-node-status-port'),
    trustsAnyKubelet: isOn('kubelet-insecure-tls'),
    kubeletAuthority,
    addressTypes: flags.get('kubelet-preferred-address-types')?.split(',') ?? defaultAddressTypes,
    nodeSelector: parseLabelSelector(flags.get('node-selector') ?? flags.get('l') ?? ''),
  };
}
