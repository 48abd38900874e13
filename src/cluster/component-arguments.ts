import { booleanOf } from '../apimachinery/boolean.ts';
import { parseDuration } from '../apimachinery/duration.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import { goQuote } from '../apimachinery/field-error.ts';

/** Flags for one component, as `--apiserver-arg KEY=VALUE` and its like hand them on. */
export type ComponentArguments = ReadonlyMap<string, string>;

/** A flag that the component does not know, or a value it cannot use. */
export class ComponentArgumentError extends Error {}

/** Flags of kube-apiserver that say what is said in another way here. */
const elsewhereFlags: Readonly<Record<string, string>> = {
  'bind-address': 'this server listens on 127.0.0.1',
  'etcd-servers': 'this server keeps its objects itself; `cluster start --storage` says how',
  'secure-port': '`cluster start --port` says on which port this server listens',
};

const repeatableFlags: ReadonlySet<string> = new Set([
  'oidc-required-claim',
  'service-account-issuer',
  'service-account-key-file',
]);

/**
 * Reads `KEY=VALUE` pairs; a key alone means `true`, leading dashes are allowed. Later ones win, but for the flags that
 * may come several times, whose values are lines.
 * @throws ComponentArgumentError for flags that are not among `known`.
 */
export function parseComponentArguments(
  component: string,
  pairs: readonly string[],
  known: readonly string[],
): ComponentArguments {
  const result = new Map<string, string>();
  for (const pair of pairs) {
    const [key = '', ...rest] = pair.replace(/^-+/, '').split('=');
    const elsewhere = component === 'kube-apiserver' ? elsewhereFlags[key] : undefined;
    if (elsewhere !== undefined) throw new ComponentArgumentError(`--${key}: ${elsewhere}`);
    if (!known.includes(key)) {
      throw new ComponentArgumentError(
        `${component} has no flag "${key}" here; it knows: ${known.toSorted().join(', ')}`,
      );
    }
    const value = rest.length === 0 ? 'true' : rest.join('=');
    const last = repeatableFlags.has(key) ? result.get(key) : undefined;
    result.set(key, last === undefined ? value : `${last}\n${value}`);
  }
  return result;
}

/** A flag with values separated by commas; undefined when it is not given. */
export function listArgument(flags: ComponentArguments, name: string): string[] | undefined {
  return flags
    .get(name)
    ?.split(',')
    .filter((item) => item !== '');
}

/** A flag like `5m0s` in milliseconds; undefined when it is not given. @throws ComponentArgumentError */
export function durationArgument(flags: ComponentArguments, name: string): number | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  try {
    return parseDuration(text);
  } catch (error) {
    const why = messageOf(error);
    throw new ComponentArgumentError(`invalid argument ${goQuote(text)} for ${goQuote(`--${name}`)} flag: ${why}`);
  }
}

/** A flag that is a whole number. @throws ComponentArgumentError */
export function integerArgument(flags: ComponentArguments, name: string, byDefault: number): number {
  const text = flags.get(name);
  if (text === undefined) return byDefault;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new ComponentArgumentError(
    `invalid argument ${goQuote(text)} for ${goQuote(`--${name}`)} flag: strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`,
  );
}

/** A flag that is a number. @throws ComponentArgumentError */
export function numberArgument(flags: ComponentArguments, name: string, byDefault: number): number {
  const text = flags.get(name);
  if (text === undefined) return byDefault;
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  throw new ComponentArgumentError(
    `invalid argument ${goQuote(text)} for ${goQuote(`--${name}`)} flag: strconv.ParseFloat: parsing ${goQuote(text)}: invalid syntax`,
  );
}

/** A flag that is on or off, as strconv.ParseBool reads it. @throws ComponentArgumentError */
export function booleanArgument(flags: ComponentArguments, name: string, byDefault: boolean): boolean {
  const text = flags.get(name);
  if (text === undefined) return byDefault;
  const value = booleanOf(text);
  if (value !== undefined) return value;
  throw new ComponentArgumentError(
    `invalid argument ${goQuote(text)} for ${goQuote(`--${name}`)} flag: strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`,
  );
}

/** Only JSON is stored here. @throws ComponentArgumentError for another --storage-media-type */
export function checkStorageMediaType(flags: ComponentArguments): void {
  const type = flags.get('storage-media-type') ?? '';
  if (type === '' || type === 'application/json') return;
  throw new ComponentArgumentError(
    `--storage-media-type: this server stores application/json only, not ${goQuote(type)}`,
  );
}

/** The flags of kube-apiserver that this one knows. */
export const apiServerFlags: readonly string[] = [
  'admission-control',
  'admission-control-config-file',
  'anonymous-auth',
  'api-audiences',
  'audit-log-compress',
  'audit-log-format',
  'audit-log-maxage',
  'audit-log-maxbackup',
  'audit-log-maxsize',
  'audit-log-path',
  'audit-log-version',
  'audit-policy-file',
  'audit-webhook-batch-initial-backoff',
  'audit-webhook-config-file',
  'audit-webhook-initial-backoff',
  'audit-webhook-version',
  ...['log', 'webhook'].flatMap((plugin) =>
    [
      'batch-buffer-size',
      'batch-max-size',
      'batch-max-wait',
      'batch-throttle-burst',
      'batch-throttle-enable',
      'batch-throttle-qps',
      'mode',
      'truncate-enabled',
      'truncate-max-batch-size',
      'truncate-max-event-size',
    ].map((name) => `audit-${plugin}-${name}`),
  ),
  'authentication-config',
  'authentication-token-webhook-cache-ttl',
  'authentication-token-webhook-config-file',
  'authentication-token-webhook-version',
  'authorization-config',
  'authorization-mode',
  'authorization-policy-file',
  'authorization-webhook-cache-authorized-ttl',
  'authorization-webhook-cache-unauthorized-ttl',
  'authorization-webhook-config-file',
  'authorization-webhook-version',
  'basic-auth-file',
  'cert-dir',
  'client-ca-file',
  'cors-allowed-origins',
  'disable-admission-plugins',
  'enable-admission-plugins',
  'enable-aggregator-routing',
  'enable-bootstrap-token-auth',
  'feature-gates',
  'encryption-provider-config',
  'encryption-provider-config-automatic-reload',
  'enable-priority-and-fairness',
  'event-ttl',
  'goaway-chance',
  'http2-max-streams-per-connection',
  'kubelet-certificate-authority',
  'kubelet-client-certificate',
  'kubelet-client-key',
  'kubelet-port',
  'kubelet-preferred-address-types',
  'max-mutating-requests-inflight',
  'max-requests-inflight',
  'oidc-ca-file',
  'oidc-client-id',
  'oidc-groups-claim',
  'oidc-groups-prefix',
  'oidc-issuer-url',
  'oidc-required-claim',
  'oidc-signing-algs',
  'oidc-username-claim',
  'oidc-username-prefix',
  'proxy-client-cert-file',
  'proxy-client-key-file',
  'requestheader-allowed-names',
  'requestheader-client-ca-file',
  'requestheader-extra-headers-prefix',
  'requestheader-group-headers',
  'requestheader-uid-headers',
  'requestheader-username-headers',
  'request-timeout',
  'runtime-config',
  'service-account-issuer',
  'service-account-jwks-uri',
  'service-account-key-file',
  'service-account-lookup',
  'service-account-signing-key-file',
  'service-cluster-ip-range',
  'shutdown-delay-duration',
  'shutdown-send-retry-after',
  'shutdown-watch-termination-grace-period',
  'storage-media-type',
  'strict-transport-security-directives',
  'tls-cert-file',
  'tls-private-key-file',
  'token-auth-file',
];

const leaderElectionFlags: readonly string[] = [
  'leader-elect',
  'leader-elect-lease-duration',
  'leader-elect-renew-deadline',
  'leader-elect-resource-lock',
  'leader-elect-resource-name',
  'leader-elect-resource-namespace',
  'leader-elect-retry-period',
];

export const controllerManagerFlags: readonly string[] = [
  'allocate-node-cidrs',
  'cluster-signing-cert-file',
  'cluster-signing-key-file',
  'controllers',
  ...leaderElectionFlags,
  'terminated-pod-gc-threshold',
];

export const schedulerFlags: readonly string[] = leaderElectionFlags;

export const kubeletFlags: readonly string[] = ['node-labels', 'max-pods'];
