import { isIP } from 'node:net';
import { parseIpBlock } from '../apimachinery/ip-address.ts';
import { addressAt, type AddressRange, addressRange } from '../control-plane/apiserver/registry/address-range.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';

/** The range that services get their addresses from, unless another one is asked for. */
export const defaultServiceRange = '10.96.0.0/16';

/** With IPv6, the shortest prefix that addresses can be given out of. */
const shortestPrefix = 64;
/** The least that a cluster can do with. */
const leastAddresses = 8n;

/** Where services get their addresses from. */
export interface ServiceRanges {
  /** One or two, of different families; the usual one first. */
  readonly ranges: readonly [string, ...string[]];
  /** The first address: the one of the `kubernetes` service. */
  readonly first: string;
  /** The tenth, where the cluster's DNS is expected. */
  readonly tenth: string;
}

/**
 * Reads --service-cluster-ip-range, `10.96.0.0/16` or one of each family, `10.96.0.0/16,fd00::/112`.
 * @throws ComponentArgumentError in the words of kube-apiserver
 */
export function serviceRangesOf(flags: ComponentArguments): ServiceRanges {
  const given = flags.get('service-cluster-ip-range') ?? '';
  const texts = given === '' ? [defaultServiceRange] : given.split(',');
  const [first, second, ...others] = texts;
  const primary = readRange(first ?? '', 'service-cluster-ip-range[0] is not a valid cidr');
  if (primary.size < leastAddresses) {
    const problem = `the service cluster IP range must be at least ${leastAddresses} IP addresses`;
    throw new ComponentArgumentError(`error determining service IP ranges for primary service cidr: ${problem}`);
  }
  const secondary =
    second === undefined ? undefined : readRange(second, 'service-cluster-ip-range[1] is not an ip net');
  if (others.length > 0)
    throw new ComponentArgumentError('--service-cluster-ip-range must not contain more than two entries');
  if (secondary?.family === primary.family) {
    throw new ComponentArgumentError(
      '--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family',
    );
  }
  const place = (wanted: bigint): string => addressAt(primary, wanted < primary.count ? wanted : primary.count);
  return {
    ranges: [primary.text, ...(secondary === undefined ? [] : [secondary.text])],
    first: place(1n),
    tenth: place(10n),
  };
}

/**
 * The `kubernetes` service leads from its address to the server's own, so that both are of one family.
 * @throws ComponentArgumentError
 */
export function checkServiceFamily({ ranges: [range], first }: ServiceRanges, host: string): void {
  if (isIP(first) === isIP(host)) return;
  throw new ComponentArgumentError(`service IP family "${range}" must match public address family "${host}"`);
}

function readRange(text: string, problem: string): AddressRange {
  const block = parseIpBlock(text);
  if (block === undefined) throw new ComponentArgumentError(problem);
  const { family, prefixLength } = block;
  if (family === 6 && prefixLength < shortestPrefix) {
    throw new ComponentArgumentError(
      `shortest allowed prefix length for service CIDR is ${shortestPrefix}, got ${prefixLength}`,
    );
  }
  return addressRange(block);
}
