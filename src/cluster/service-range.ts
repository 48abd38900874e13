/** The range that services get their addresses from, unless another one is asked for. */
export const defaultServiceRange = '10.96.0.0/16';

/**
 * The first usable address of an IPv4 range: the one of the `kubernetes` service.
 * @throws Error for what is no IPv4 range with room for services.
 */
export function firstServiceAddress(range: string): string {
  return serviceAddress(range, 1);
}

/** The address of a range by its place; the tenth is where the cluster's DNS is expected. @throws Error as the first */
export function serviceAddress(range: string, place: number): string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(range);
  const octets = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5]);
  if (match === null || octets.some((octet) => octet > 255) || prefix < 8 || prefix > 30) {
    throw new Error(`service-cluster-ip-range ${range}: want an IPv4 range such as 10.96.0.0/16`);
  }
  const size = 2 ** (32 - prefix);
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const first = Math.floor(value / size) * size + Math.min(place, size - 2);
  return [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.');
}
