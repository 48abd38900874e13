import { formatDuration, parseDuration } from '../apimachinery/duration.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { apiServerFlagTable } from './api-server-flags.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';
import { problemOfFlagValue } from './flag-values.ts';

/** Flags whose several values are lines, as commas may be part of one. */
const byLine: ReadonlySet<string> = new Set([
  'oidc-required-claim',
  'service-account-issuer',
  'service-account-key-file',
]);

/**
 * Reads the flags of kube-apiserver from `KEY=VALUE` pairs, as it reads them: leading dashes are allowed, a flag that is
 * on or off may come alone, lists grow, of other flags the last one counts.
 * @throws ComponentArgumentError for unknown flags, for values that are none, for what this server cannot do
 */
export function parseApiServerArguments(pairs: readonly string[]): ComponentArguments {
  const result = new Map<string, string>();
  for (const pair of pairs) {
    const [name = '', ...rest] = pair.replace(/^-+/, '').split('=');
    const flag = Object.hasOwn(apiServerFlagTable, name) ? apiServerFlagTable[name] : undefined;
    if (flag === undefined) {
      throw new ComponentArgumentError(`unknown flag: --${name}; --apiserver-arg help lists those of kube-apiserver`);
    }
    if (flag.elsewhere !== undefined) throw new ComponentArgumentError(`--${name}: ${flag.elsewhere}`);
    if (rest.length === 0 && flag.type !== 'bool') {
      throw new ComponentArgumentError(`flag needs an argument: --${name}`);
    }
    const value = rest.length === 0 ? 'true' : rest.join('=');
    const problem = problemOfFlagValue(flag.type, value);
    if (problem !== undefined) {
      const shown = name === 'v' ? '-v, --v' : `--${name}`;
      throw new ComponentArgumentError(`invalid argument ${goQuote(value)} for ${goQuote(shown)} flag: ${problem}`);
    }
    const isUsual = valueShown(name, value) === valueShown(name, flag.usual) || flag.sameAsUsual?.includes(value);
    if (flag.only !== undefined && isUsual !== true) {
      throw new ComponentArgumentError(`--${name}=${value} is not possible here: ${flag.only}`);
    }
    const last = byLine.has(name) || flag.type === 'strings' ? result.get(name) : undefined;
    result.set(name, last === undefined ? value : `${last}${byLine.has(name) ? '\n' : ','}${value}`);
  }
  checkTogether(result);
  return result;
}

/** What whoever gives flags is told of those that change nothing here, a line for each. */
export function flagsWithoutEffect(flags: ComponentArguments): readonly string[] {
  return [...flags.keys()].flatMap((name) => {
    const reason = apiServerFlagTable[name]?.none;
    return reason === undefined ? [] : [`--${name} has no effect here: ${reason}`];
  });
}

/** Every flag with the value that it has, as /flagz shows them. */
export function effectiveFlags(flags: ComponentArguments): ReadonlyMap<string, string> {
  const names = Object.keys(apiServerFlagTable).filter((name) => apiServerFlagTable[name]?.elsewhere === undefined);
  return new Map(
    names.map((name) => [name, valueShown(name, flags.get(name) ?? apiServerFlagTable[name]?.usual ?? '')]),
  );
}

function valueShown(name: string, value: string): string {
  const type = apiServerFlagTable[name]?.type;
  if (type === 'strings' || type === 'integers') {
    const isMap = name === 'feature-gates' || name === 'runtime-config';
    return isMap ? value : `[${value.replaceAll('\n', ',')}]`;
  }
  if (type === 'bool') return String(/^(1|t|true)$/i.test(value));
  return type === 'duration' ? formatDuration(parseDuration(value)) : value;
}

/** What kube-apiserver refuses when it has read all its flags. @throws ComponentArgumentError */
function checkTogether(flags: ComponentArguments): void {
  for (const name of ['max-requests-inflight', 'max-mutating-requests-inflight', 'min-request-timeout']) {
    if (Number(flags.get(name) ?? '0') < 0) throw refused(`--${name} can not be negative value`);
  }
  for (const [name, words] of [
    ['livez-grace-period', 'a negative value'],
    ['shutdown-delay-duration', 'negative value'],
  ] as const) {
    if (parseDuration(flags.get(name) ?? '0s') < 0) throw refused(`--${name} can not be ${words}`);
  }
  for (const item of (flags.get('watch-cache-sizes') ?? '').split(',').filter((text) => text !== '')) {
    const parts = item.split('#');
    if (parts.length !== 2) throw refused(`invalid value of watch cache size: ${item}`);
    if (!/^[+-]?\d+$/.test(parts[1] ?? '')) throw refused(`invalid size of watch cache size: ${item}`);
  }
  const backend = flags.get('storage-backend') ?? '';
  if (backend !== '' && backend !== 'etcd3') {
    throw refused("--storage-backend invalid, allowed values: etcd3. If not specified, it will default to 'etcd3'");
  }
  const format = flags.get('logging-format') ?? 'text';
  if (format !== 'text' && format !== 'json') {
    throw refused(`format: Invalid value: ${goQuote(format)}: Unsupported log format`);
  }
  const hidden = flags.get('show-hidden-metrics-for-version') ?? '';
  if (hidden !== '' && hidden !== '1.35') {
    throw refused(
      `metrics.showHiddenMetricsForVersion: Invalid value: ${goQuote(hidden)}: must be omitted or have the value '1.35'; only the previous minor version is allowed`,
    );
  }
  const longest = parseDuration(flags.get('service-account-max-token-expiration') ?? '0s');
  if (longest !== 0 && (longest < 3_600_000 || longest > 2 ** 32 * 1000)) {
    throw refused('the service-account-max-token-expiration must be between 1 hour and 2^32 seconds');
  }
}

function refused(message: string): ComponentArgumentError {
  return new ComponentArgumentError(message);
}
