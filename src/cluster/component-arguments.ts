import { booleanOf } from '../apimachinery/boolean.ts';
import { parseDuration } from '../apimachinery/duration.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import { goQuote } from '../apimachinery/field-error.ts';

/** Flags for one component, as `--apiserver-arg KEY=VALUE` and its like hand them on. */
export type ComponentArguments = ReadonlyMap<string, string>;

/** A flag that the component does not know, or a value it cannot use. */
export class ComponentArgumentError extends Error {}

/**
 * Reads `KEY=VALUE` pairs; a key alone means `true`, leading dashes are allowed, later ones win. Those of kube-apiserver
 * are read by `parseApiServerArguments`.
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
    if (!known.includes(key)) {
      throw new ComponentArgumentError(
        `${component} has no flag "${key}" here; it knows: ${known.toSorted().join(', ')}`,
      );
    }
    result.set(key, rest.length === 0 ? 'true' : rest.join('='));
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
